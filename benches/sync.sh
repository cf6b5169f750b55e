#!/bin/sh
# Measures what it costs to keep replicas in step, prints it as tables, and brings docs/sync.md and its plots up to date.
#
#     benches/sync.sh                all sizes, up to a million elements
#     benches/sync.sh quick          up to 100,000 elements; the documents stay as they are
#     benches/sync.sh links          open links only, half a minute; the documents stay as they are
#     benches/sync.sh links keep     the same beside other libraries, and into the documents
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cd "$here"
docs=$here/../docs
is_kept=yes
features=
only=

case "$*" in
'' | full) ;;
quick)
    export QUICK=1
    is_kept=
    ;;
links)
    # Building the other libraries in takes longer than measuring.
    features=--no-default-features
    only=links
    is_kept=
    ;;
'links keep') only=links ;;
*)
    echo "usage: sync.sh [quick | links | links keep]" >&2
    exit 2
    ;;
esac

# Short runs are for looking, not for publishing.
if [ -z "$is_kept" ]; then
    docs=${CARGO_TARGET_DIR:-$here/target}/report/docs
    mkdir -p "$docs"
    cp ../docs/sync.md "$docs/"
fi

cargo build --release $features --bin sync
began=$(date +%s)
cargo run --quiet --release $features --bin sync "$docs" $only
echo "Measured in $(($(date +%s) - began)) seconds. Tables and plots: $docs/sync.md, $docs/sync"
