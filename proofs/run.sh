#!/usr/bin/env bash
# Proves what README.md says is proved: `proofs/run.sh`. Some fifteen seconds; `--show` shows all counterexamples.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=target/proofs-venv
if ! cmp --silent proofs/requirements.txt "$venv/requirements.txt"; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r proofs/requirements.txt
  cp proofs/requirements.txt "$venv"
fi
# -O leaves out z3's own checks of its Python arguments; -B leaves no compiled files behind.
exec "$venv/bin/python" -OB proofs "$@"
