#!/usr/bin/env bash
# `fuzz/run.sh SECONDS [TARGET]`: runs every fuzz target, or one, for so many seconds, one after the other. Ends with a
# line for each; fails if anything was found, and says how to replay it.
set -euo pipefail
cd "$(dirname "$0")"

if [ $# -lt 1 ] || [ $# -gt 2 ] || ! [[ $1 =~ ^[0-9]+$ ]]; then
  echo "usage: $0 SECONDS [TARGET]" >&2
  exit 2
fi
seconds=$1
targets=(histories decode hostile codec frames crossed dearest)
if [ $# -eq 2 ]; then targets=("$2"); fi

cargo fuzz --version >/dev/null 2>&1 || cargo install cargo-fuzz --locked --version 0.13.2

# Coverage needs flags that a stable compiler takes only so.
export RUSTC_BOOTSTRAP=1
# Rejoin has no unsafe code, so sanitizers would only cost time.
build=(-s none)

# Sets `options` and `flags`.
settings() {
  options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=512 -print_final_stats=1)
  case $1 in
    histories) options+=(-max_len=130 -len_control=0) flags=(--no-trace-compares) ;;
    decode) options+=(-max_len=2048 -dict=json.dict) flags=() ;;
    codec) options+=(-max_len=256) flags=() ;;
    frames) options+=(-max_len=400) flags=() ;;
    crossed) options+=(-max_len=600) flags=() ;;
    dearest) options+=(-max_len=400) flags=() ;;
    hostile) options+=(-max_len=800 -len_control=0) flags=(--no-trace-compares) ;;
    *) echo "no such target: $1" >&2 && exit 2 ;;
  esac
}

summary=$(printf '%-10s %14s %8s %8s %8s' target executions per-s corpus crashes)
failed=0
for target in "${targets[@]}"; do
  settings "$target"
  mkdir -p "corpus/$target" "artifacts/$target"
  log=artifacts/$target.log
  before=$(find "artifacts/$target" -type f | sort)
  echo "== $target, $seconds s"
  cargo fuzz run --fuzz-dir . "${build[@]}" "${flags[@]}" "$target" "corpus/$target" "seeds/$target" -- "${options[@]}" \
    >"$log" 2>&1 || { failed=1 && grep -a -A 30 -m 1 -e "panicked at" -e "ERROR" -e "^error" "$log" || tail -n 30 "$log"; }
  stat() { grep -a "^stat::$1:" "$log" | tail -n 1 | grep -o '[0-9]*$' || echo 0; }
  found=$(comm -13 <(echo "$before") <(find "artifacts/$target" -type f | sort) | grep -c . || true)
  summary+=$'\n'$(printf '%-10s %14s %8s %8s %8s' "$target" "$(stat number_of_executed_units)" \
    "$(stat average_exec_per_sec)" "$(find "corpus/$target" -type f | wc -l)" "$found")
  for file in $(comm -13 <(echo "$before") <(find "artifacts/$target" -type f | sort)); do
    echo "replay it with: cargo run --manifest-path fuzz/Cargo.toml --bin $target -- fuzz/$file"
  done
done
printf '\n%s\n' "$summary"
exit "$failed"
