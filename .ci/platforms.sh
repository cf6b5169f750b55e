#!/usr/bin/env bash
# The tests where integers are laid out differently, and the builds where there is no operating system.
#
#   .ci/platforms.sh                            # powerpc: 32 bits, big-endian
#   .ci/platforms.sh s390x powerpc              # s390x: 64 bits, big-endian
#
# On Debian and Ubuntu it installs what is missing: a cross linker and qemu, and Rust's libraries for the target by
# rustup, or from Debian's sources if rustup has none. `REJOIN_CASES` is 8 here unless it is set. No documentation tests.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=never REJOIN_CASES="${REJOIN_CASES:-8}"
# Somewhat optimised, since qemu is slow; overflow checks and debug assertions stay on.
export CARGO_PROFILE_DEV_OPT_LEVEL=1 CARGO_PROFILE_DEV_DEBUG=0

summary=()
step() { printf '\n== %s\n' "$*"; }

install() {
  local sudo=()
  [ "$(id -u)" = 0 ] || sudo=(sudo)
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

# Sets how cargo is to be called for a target: libraries_for TARGET CRATES-OF-STD
libraries_for() {
  build_std=()
  unset RUSTC RUSTC_BOOTSTRAP
  if rustup target add "$1" 2>/dev/null; then return; fi
  echo "rustup has no libraries for $1: building them with Debian's compiler"
  install rustc-web libstd-rust-web-dev rust-web-src
  export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
  build_std=(-Z "build-std=$2")
}

# Builds the tests for a target and runs them under qemu: tests TARGET GNU-NAME QEMU-NAME
tests() {
  local target=$1 gnu=$2 qemu=qemu-$3 variable start=$SECONDS log
  step "$target: unit tests and integration tests under $qemu, REJOIN_CASES=$REJOIN_CASES"
  type "$qemu" "$gnu-gcc" >/dev/null 2>&1 || install qemu-user "gcc-$gnu" "libc6-dev-${gnu%%-*}-cross"
  libraries_for "$target" std,test,panic_unwind
  variable=CARGO_TARGET_$(tr a-z- A-Z_ <<<"$target")
  export "${variable}_LINKER=$gnu-gcc" "${variable}_RUNNER=$qemu -L /usr/$gnu"
  log=$(mktemp)
  cargo "${build_std[@]}" test --all-features --lib --test it --target "$target" 2>&1 | tee "$log"
  summary+=("$target, $((SECONDS - start)) s: $(grep -o '[0-9]* passed' "$log" | paste -sd '+' | sed 's/+/ + /')")
  rm "$log"
}

# Builds the library for a target without std.
builds() {
  step "$1: the library without std"
  libraries_for "$1" core,alloc
  cargo "${build_std[@]}" build --lib --no-default-features --target "$1"
  summary+=("$1: built")
}

[ $# -gt 0 ] || set -- powerpc
for platform in "$@"; do
  case $platform in
    powerpc) tests powerpc-unknown-linux-gnu powerpc-linux-gnu ppc ;;
    s390x) tests s390x-unknown-linux-gnu s390x-linux-gnu s390x ;;
    *) echo "unknown platform: $platform" >&2; exit 2 ;;
  esac
done
builds thumbv7em-none-eabihf
builds wasm32-unknown-unknown

step "all passed"
printf '%s\n' "${summary[@]}"
