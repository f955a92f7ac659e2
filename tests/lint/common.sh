# shellcheck shell=bash
# Sourced by the proofs in this directory: each plants a violation in a copy of the tree's tools and expects
# the check to name it.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT
failures=0

# plant FILE: writes standard input to FILE in the planted tree.
plant() {
  mkdir -p "$(dirname "$planted/$1")"
  cat >"$planted/$1"
}

# use_tool NAME: copies tools/NAME into the planted tree, which it then takes for its root.
use_tool() {
  mkdir -p "$planted/tools"
  cp "$root/tools/$1" "$planted/tools/$1"
}

# expect WHAT STATUS TEXT COMMAND...: COMMAND must exit with STATUS and print TEXT. A check that can't run
# here (77) makes the proof a skipped one.
expect() {
  local what=$1 status=$2 text=$3 output actual=0
  shift 3
  output=$("$@" 2>&1 </dev/null) || actual=$?
  if ((actual == 77)); then
    echo "$output"
    exit 77
  fi
  if ((actual == status)) && [[ $output == *"$text"* ]]; then
    echo "ok: $what"
    return
  fi
  echo "FAILED: $what"
  echo "  expected exit status $status and '$text'"
  echo "  got exit status $actual and:"
  printf '%s\n' "$output" | sed 's/^/    /'
  failures=$((failures + 1))
}

finish() { exit $((failures > 0)); }
