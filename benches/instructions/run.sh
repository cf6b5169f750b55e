#!/usr/bin/env bash
# Counts the instructions of the operations that are called most, and compares them with those in baseline.txt: a check
# that is not disturbed by what else the machine does. Takes a minute.
#
#   benches/instructions/run.sh           fails if an operation takes 10 % more than it did
#   benches/instructions/run.sh --keep    writes the counts down as the new baseline
#
# Counts differ a little from compiler to compiler and from one C library to another: where they do, keep those of the
# commit before first.
set -euo pipefail
cd "$(dirname "$0")"

command -v valgrind >/dev/null || { apt-get update && apt-get install --yes valgrind; } >/dev/null
cargo build --quiet --release
program=${CARGO_TARGET_DIR:-target}/release/rejoin-instructions

count() {
  valgrind --tool=callgrind --toggle-collect='*rejoin_instructions::measured*' --callgrind-out-file=/dev/null \
    "$program" "$1" 2>&1 | sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

failed=0
counts=$(mktemp)
trap 'rm -f "$counts"' EXIT
printf '%-40s %14s %14s %8s\n' operation baseline now ratio
while read -r name; do
  now=$(count "$name")
  if [[ -z $now || $now == 0 ]]; then
    echo "nothing was counted for: $name" >&2
    exit 1
  fi
  printf '%s\t%s\n' "$name" "$now" >>"$counts"
  before=$(awk -F'\t' -v name="$name" '$1 == name { print $2 }' baseline.txt 2>/dev/null || true)
  ratio=$(awk -v now="$now" -v before="${before:-0}" 'BEGIN { if (before) printf "%.3f", now / before; else printf "new" }')
  verdict=
  if [[ -n $before ]] && (( now * 10 > before * 11 )); then
    verdict="  slower"
    failed=1
  fi
  printf '%-40s %14s %14s %8s%s\n' "$name" "${before:--}" "$now" "$ratio" "$verdict"
done < <("$program")

# What links are to cost is said in such ratios: see docs/sync.md.
awk -F'\t' '
  { count[$1] = $2 }
  END {
    applied = count["a write, applied on the other side"]
    bytes = count["a write, sent as bytes, applied"]
    one = count["a write over a link, both sides"]
    many = count["a write over a link, 64 at a time"]
    printf "\none write over a link: %.2f x edit and apply, %.2f x with bytes between\n", one / applied, one / bytes
    printf "64 at a time:          %.2f x edit and apply, %.2f x with bytes between\n", many / applied, many / bytes
    inserted = count["an insertion, applied on the other side"]
    printf "one insertion:         %.2f x edit and apply; 64 at a time: %.2f x\n", \
      count["an insertion over a link, both sides"] / inserted, count["an insertion over a link, 64 at a time"] / inserted
    printf "each further peer:     %.1f %% of a write and its first peer\n", \
      100 * count["a further peer told of a write"] / count["a write, and a first peer told"]
    swarm = count["a write, and a swarm of one told"]
    printf "                       %.1f %% by a swarm\n", \
      100 * (count["a write, and a swarm of 17 told"] - swarm) / 16 / swarm
  }' "$counts"

if [[ ${1:-} == --keep ]]; then
  cp "$counts" baseline.txt
  echo "kept"
  exit 0
fi
if [[ ! -e baseline.txt ]]; then
  echo "there is no baseline.txt: keep one by --keep" >&2
  exit 1
fi
exit "$failed"
