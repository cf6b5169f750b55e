#!/bin/sh
# Measures everything, prints it as tables, and brings docs/performance.md and its plots up to date.
#
#     benches/run.sh          all sizes, up to a million elements: about 25 minutes
#     benches/run.sh quick    up to 10,000 elements: about 3 minutes, and the first build; the documents stay as they are
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cd "$here"
target=${CARGO_TARGET_DIR:-$here/target}
out=$target/report
docs=$here/../docs
elements=1000000

case ${1:-full} in
full) echo "All sizes: this takes about 25 minutes, and some more to build the peers at first." ;;
quick)
    echo "Up to 10,000 elements: this takes about 3 minutes, and some more to build the peers at first."
    export QUICK=1
    elements=10000
    # Short runs are for looking, not for publishing.
    docs=$out/docs
    ;;
*)
    echo "usage: run.sh [quick]" >&2
    exit 2
    ;;
esac

rm -rf "$out"
mkdir -p "$out" "$docs"
[ -e "$docs/performance.md" ] || cp ../docs/performance.md "$docs/"

cargo build --release --bins
cargo bench --bench all --no-run
began=$(date +%s)
export CRITERION_HOME="$out/criterion"
cargo bench --quiet --bench all 2>"$out/bench.log" || {
    cat "$out/bench.log" >&2
    exit 1
}
cargo run --quiet --release --bin memory >"$out/memory.tsv"
cargo run --quiet --release --bin codec "$elements" >"$out/codec.md"
cargo run --quiet --release --bin pieces "$elements" >"$out/pieces.md"
cargo run --quiet --release --bin report \
  "$out/criterion" "$out/memory.tsv" "$out/codec.md" "$out/pieces.md" "$docs"
echo "Measured in $((($(date +%s) - began) / 60)) minutes. Plots: $docs/performance"
