#!/bin/sh
# How much faster is a grid of small cells with two workers than with one?   benches/jobs.sh [ROUNDS]
# One after the other in each round, on the synthetic corpus; what is printed is wall time and the median of the ratios.
# Nothing else should run on the machine.
set -eu
cd "$(dirname "$0")/.."
rounds=${1:-3}
program=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)/release/seraug
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Fifteen cells of one to three seconds.
grid() {
    "$program" run experiments/quickstart.toml --results "$work" --device cpu --jobs "$1" --new --quiet \
        --set augmentor.iterations=30 --set classifier.min-steps=150 --set classifier.epochs=1 >/dev/null
}
forget() { rm -rf "$work"/.store/classifier-* "$work"/.store/augmentor-* "$work"/.store/checkpoints; }
seconds() {
    forget
    begun=$(date +%s.%N)
    grid "$1"
    end=$(date +%s.%N)
    awk "BEGIN { printf \"%.2f\", $end - $begun }"
}

grid 2 # makes the corpus and its features
: >"$work/ratios"
for round in $(seq "$rounds"); do
    one=$(seconds 1)
    two=$(seconds 2)
    awk "BEGIN { printf \"%.3f\n\", $one / $two }" >>"$work/ratios"
    printf 'round %s: 1 job %s s, 2 jobs %s s, ratio %s\n' "$round" "$one" "$two" "$(tail -n 1 "$work/ratios")"
done
sort -n "$work/ratios" | awk '{ r[NR] = $1 } END { printf "median ratio %.2f on %s\n", (NR % 2 ? r[(NR + 1) / 2] : (r[NR / 2] + r[NR / 2 + 1]) / 2), "'"$(nproc)"' cores" }'
