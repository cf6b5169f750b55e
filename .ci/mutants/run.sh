#!/usr/bin/env bash
# Mutation testing: changes the library in every way that cargo-mutants knows, one at a time, and tells which changes
# no test notices. All mutants are in one build; see src/main.rs.
#
#   .ci/mutants/run.sh                   all mutants
#   .ci/mutants/run.sh --missed          those that were missed last time, and new ones
#   .ci/mutants/run.sh store/dots.rs ... those whose names contain one of the texts
#
# It fails if a mutant is missed that is not in .ci/mutants/equivalent.txt. Without src/sync and src/sim, by naming all
# others, it took 33 minutes beside other work, after a first build of 20. Mutants in constants, which cannot be turned on
# and off, are left to cargo-mutants. What became of each mutant is in target/mutants/results.json. The forger is left out: only
# tests and the simulator's adversaries use it.
set -euo pipefail
cd "$(dirname "$0")/../.."
export CARGO_TERM_COLOR=never

version=27.1.0
if [[ $(cargo mutants --version 2>/dev/null) != "cargo-mutants $version" ]]; then
  cargo install --locked "cargo-mutants@$version"
fi

work=${CARGO_TARGET_DIR:-$PWD/target}/mutants
mkdir -p "$work"
cargo mutants --list --all-features --exclude 'src/bin/**' --exclude src/sync/forger.rs --json >"$work/list.json"
status=0
cargo run --quiet --release --manifest-path .ci/mutants/Cargo.toml --target-dir "$work/tool" -- \
  "$work/list.json" "$PWD" "$work" "$@" || status=$?

if [[ $# == 0 ]]; then
  printf '\nMutants in constants, by cargo-mutants itself, against the unit tests:\n'
  env -u CARGO_TARGET_DIR CARGO_PROFILE_TEST_DEBUG=0 CARGO_PROFILE_DEV_DEBUG=0 \
    cargo mutants --all-features --no-shuffle --output "$work/constants" \
    --re ': replace \S{1,2} with \S{1,2}$' --exclude-re ' in ' --exclude-re 'delete field' -- --lib || status=$?
fi
exit "$status"
