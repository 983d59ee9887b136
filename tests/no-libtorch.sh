#!/bin/sh
# Do the commands that train nothing work on a machine without libtorch?   sh tests/no-libtorch.sh [PROGRAM]
# The program alone is copied away, the environment is empty, and nothing that is loaded may be of libtorch.
set -eu
cd "$(dirname "$0")/.."
program=${1:-${CARGO_TARGET_DIR:-target}/release/seraug}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { printf 'no-libtorch.sh: %s\n' "$*" >&2; exit 1; }

cp "$program" "$work/seraug"
run=
for run in results/reference/quickstart/*T*Z-*; do :; done
[ -d "$run" ] || fail "no run in results/reference/quickstart"

# works WORDS ARGS...: succeeds, says WORDS, and opens no library of libtorch.
works() {
    words=$1
    shift
    env -i LD_DEBUG=files LD_DEBUG_OUTPUT="$work/loaded" "$work/seraug" "$@" >"$work/out" 2>&1 ||
        fail "seraug $*: $(tail -n 3 "$work/out")"
    grep -q -e "$words" "$work/out" || fail "seraug $* does not say '$words': $(tail -n 3 "$work/out")"
    cat "$work"/loaded.* | grep -q 'libc\.so' || fail "seraug $*: the loader's own words are missing"
    if cat "$work"/loaded.* | grep -e libtorch -e libc10; then fail "seraug $* loads libtorch"; fi
    rm -f "$work"/loaded.*
}

works 'report' --help
works 'index.html' report "$run" --reports "$work/reports"
works 'cells done' status "$run"
works 'emodb' corpus list
works '20 cells' plan experiments/quickstart.toml --device cpu --results "$work/results"
split=$run/split.csv
works 'no leak found' audit --split "$split"
works 'Why it matters' explain SPEAKER_OVERLAP
works 'What differs' compare "$run" "$run"
if env -i "$work/seraug" run experiments/quickstart.toml --device cpu --results "$work/results" 2>"$work/err"; then
    fail "seraug run works without its worker"
fi
grep -q 'seraug-worker not found next to seraug' "$work/err" || fail "seraug run does not name the worker: $(cat "$work/err")"
echo "no-libtorch.sh: report, compare, status, corpus, audit and plan work without libtorch"
