#!/bin/sh
# Measures what it costs to keep replicas in step, prints it as tables, and brings docs/sync.md and its plots up to date.
#
#     benches/sync.sh          all sizes, up to a million elements
#     benches/sync.sh quick    up to 100,000 elements; the documents stay as they are
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cd "$here"
docs=$here/../docs

case ${1:-full} in
full) ;;
quick)
    export QUICK=1
    # Short runs are for looking, not for publishing.
    docs=${CARGO_TARGET_DIR:-$here/target}/report/docs
    mkdir -p "$docs"
    cp ../docs/sync.md "$docs/"
    ;;
*)
    echo "usage: sync.sh [quick]" >&2
    exit 2
    ;;
esac

cargo build --release --bin sync
began=$(date +%s)
cargo run --quiet --release --bin sync "$docs"
echo "Measured in $((($(date +%s) - began) / 60)) minutes. Plots: $docs/sync"
