#!/bin/sh
# What is to be known of seraug on a GPU, in eight minutes and one folder, without Rust and network.
#   tar xzf gpu-pack.tar.gz && sh gpu-pack/tests/gpu/check.sh [--device cuda|cpu] [--out DIR] [--seconds S] [--small]
# The folder beside tests/ is what `just gpu-pack` made. libtorch is that of python3's torch, where it has one, else what
# LD_LIBRARY_PATH finds. Every step has a limit, and one that fails does not stop the next; summary.md has their exit codes.
# --small: a few steps of small networks, to try this script where no GPU is. Ends with 1 if a step failed or had no time.
set -eu
device=cuda out=gpu-check seconds=460 small=
while [ $# -gt 0 ]; do
    case $1 in
    --device) device=$2 && shift ;;
    --out) out=$2 && shift ;;
    --seconds) seconds=$2 && shift ;;
    --small) small=yes ;;
    *) echo "check.sh: no option '$1': see its first lines" >&2 && exit 2 ;;
    esac
    shift
done
begun=$(date +%s)
pack=$(cd "$(dirname "$0")/../.." && pwd)
[ -x "$pack/bin/seraug" ] || { echo "check.sh: $pack has no bin/seraug: run the check.sh of what just gpu-pack made" >&2; exit 2; }
if [ -e "$out/summary.md" ]; then
    echo "check.sh: $out holds a check already: give another --out" >&2
    exit 2
fi
mkdir -p "$out/runs" "$out/logs"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
sampler=
trap '[ -z "$sampler" ] || kill "$sampler" 2>/dev/null || :; rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM

seraug=$pack/bin/seraug
python=${SERAUG_BENCH_PYTHON:-python3}
torch=$("$python" -c 'import os, torch; print(os.path.dirname(torch.__file__))' 2>"$out/logs/torch.txt") || torch=
[ -z "$torch" ] || export LD_LIBRARY_PATH="$torch/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
# Of a training: enough to time it, far too little to learn from. At the paper's sizes, unless --small.
iterations=200 steps=60 sizes=
[ -z "$small" ] || iterations=3 steps=4 sizes="--set preset=tiny"

# row STEP RC SECONDS NOTE
row() {
    printf '%s,%s,%s,%s\n' "$1" "$2" "$3" "$4" >>"$out/steps.csv"
    printf 'check.sh: %-16s %6s s  %s\n' "$1" "$3" "${4:-exit code $2}" >&2
}
echo step,rc,seconds,note >"$out/steps.csv"

# step NAME SECONDS COMMAND...: at most so many seconds, and no more than are left.
step() {
    name=$1 most=$2
    shift 2
    left=$((begun + seconds - $(date +%s)))
    if [ "$left" -lt 5 ]; then
        row "$name" 125 0 "no time was left"
        return
    fi
    [ "$left" -ge "$most" ] || most=$left
    from=$(date +%s%3N) rc=0
    timeout --kill-after=10 "$most" "$@" >"$out/logs/$name.txt" 2>&1 </dev/null || rc=$?
    note=
    case $rc in 124 | 137) note="stopped after $most s" ;; esac
    row "$name" "$rc" "$(milliseconds $(($(date +%s%3N) - from)))" "$note"
}
milliseconds() { printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)); }
skip() { row "$1" - 0 "not tried: $2"; }

# train NAME SECONDS SPEC FLAGS...: so many $iterations and $steps, a run in a store of its own, which has the features and no trained stage.
train() {
    name=$1 most=$2 spec=$3
    shift 3
    mkdir -p "$work/$name/.store"
    cp -r "$pack/corpora/.store/." "$work/$name/.store"
    # shellcheck disable=SC2086 # several words
    step "$name" "$most" "$seraug" run "$spec" --corpora "$pack/corpora" --results "$work/$name" --partial --new \
        --device "$device" $sizes --set "augmentor.iterations=$iterations" --set "classifier.min-steps=$steps" \
        --set "augmentor.log-every=$(((iterations + 9) / 10))" --set classifier.epochs=1 "$@"
    # All but weights, checkpoints and features.
    for run in "$work/$name"/*/*/run.toml "$work/$name"/*/*/*/run.toml; do
        [ ! -f "$run" ] || case $run in */latest/*) ;; *) cp -r "$(dirname "$run")" "$out/runs/$name" ;; esac
    done
    for entry in "$work/$name"/.store/*/stage.toml; do
        [ -f "$entry" ] || continue
        stage=$(basename "$(dirname "$entry")")
        mkdir -p "$out/runs/$name/stages/$stage"
        cp "$entry" "$(dirname "$entry")/history.csv" "$out/runs/$name/stages/$stage/"
    done
}

# equal FIRST SECOND: of the stages that both runs have trained, how many came to the same weights.
equal() {
    both=0 same=0
    for stage in "$out/runs/$1/stages"/*/stage.toml; do
        other=$out/runs/$2/stages/$(basename "$(dirname "$stage")")/stage.toml
        [ -f "$other" ] || continue
        both=$((both + 1))
        [ "$(grep weights-sha256 "$stage")" != "$(grep weights-sha256 "$other")" ] || same=$((same + 1))
    done
    echo "$same of $both"
}
# rate NAME: iterations a second of the augmentors of a run, each by its own clock, least and greatest.
rate() {
    for stage in "$out/runs/$1/stages"/augmentor-*/stage.toml; do
        [ ! -f "$stage" ] || sed -n 's/^seconds = //p' "$stage"
    done | awk -v n="$iterations" '{ r = n / $1; if (NR == 1 || r < least) least = r; if (r > most) most = r }
        END { if (NR) printf "%.2f to %.2f (%d augmentors)", least, most, NR; else print "none" }'
}
seconds_of() { awk -F, -v step="$1" '$1 == step { print $3 }' "$out/steps.csv"; }

{
    cat "$pack/pack.json"
    date -u +%FT%TZ
    uname -srm
    nvidia-smi || echo "no nvidia-smi"
    "$python" -c 'import sys, torch; print(sys.version); print(torch.__config__.show()); print(torch.backends.cudnn.version())' ||
        echo "no torch in $python"
} >"$out/environment.txt" 2>&1
if [ "$device" != cpu ] && command -v nvidia-smi >/dev/null; then
    nvidia-smi --query-gpu=timestamp,name,memory.used,utilization.gpu,power.draw,clocks.sm --format=csv -l 1 \
        >"$out/device.csv" 2>/dev/null &
    sampler=$!
fi

step doctor 60 "$seraug" doctor --corpora "$pack/corpora"
"$seraug" doctor --json --corpora "$pack/corpora" >"$out/doctor.json" 2>/dev/null || :
if [ "$device" = cpu ]; then
    skip cuda-checks "the device is the CPU"
else
    step cuda-checks 100 sh "$pack/tests/cuda-checks.sh" "$pack/bin" "$pack/corpora" "$work/cuda-checks"
    mkdir "$out/cuda-checks"
    for kept in "$work"/cuda-checks/checks.txt "$work"/cuda-checks/checks.*/*.log; do
        [ ! -f "$kept" ] || cp "$kept" "$out/cuda-checks/"
    done
fi
train fold 120 "$pack/experiments/open/table2-emodb.toml" --jobs 1 --set seeds=[1] --set protocol.leave-speakers-out.only=[1]
[ ! -f "$out/runs/fold/run.toml" ] || step report 30 "$seraug" report "$out/runs/fold" --reports "$out/reports"
# Four augmentors each.
[ -n "$small" ] || iterations=100 steps=20
train workers-1 120 "$pack/tests/gpu/workers.toml" --jobs 1
if [ "$device" = cpu ]; then
    skip graphs "the device is the CPU"
elif [ ! -f "$pack/bin/libseraug_cuda_graph.so" ]; then
    skip graphs "the pack has no libseraug_cuda_graph.so"
else
    train graphs 60 "$pack/tests/gpu/workers.toml" --jobs 1 --set seeds=[1] --cuda-graphs
fi
if [ -n "$torch" ]; then
    step bench 150 env SERAUG_BENCH_PYTHON="$python" SERAUG_BENCH_WORK="$pack/bin/work" SERAUG_BENCH_PROGRAM="$seraug" \
        SERAUG_BENCH_REVISION="$(sed -n 's/.*"revision": "\(.*\)".*/\1/p' "$pack/pack.json")" PYTHONDONTWRITEBYTECODE=1 \
        "$python" "$pack/benches/run.py" --device "$device" --quick --limit 60 --scratch "$work/bench" --out "$out/bench"
else
    skip bench "$python has no torch for the peer"
fi
train workers-2 90 "$pack/tests/gpu/workers.toml" --jobs 2
train workers-4 90 "$pack/tests/gpu/workers.toml" --jobs 4

failed=$(awk -F, 'NR > 1 && $2 != "0" && $2 != "-"' "$out/steps.csv" | wc -l)
{
    echo "# seraug on a GPU"
    echo
    grep -h '"part": "cuda' -A 3 "$out/doctor.json" 2>/dev/null | sed -n 's/.*"found": "\(.*\)",*/Device: \1/p' | head -n 1
    echo "Asked for: --device $device${small:+, --small (the figures mean nothing)}. $(tr -d '{}\n' <"$pack/pack.json")"
    echo
    echo "| step | exit code | seconds | |"
    echo "| :-- | --: | --: | :-- |"
    awk -F, 'NR > 1 { printf "| %s | %s | %s | %s |\n", $1, $2, $3, $4 }' "$out/steps.csv"
    echo
    echo "Four cells with one worker, two, four: $(seconds_of workers-1), $(seconds_of workers-2), $(seconds_of workers-4) s."
    echo "Iterations of an augmentor a second: one worker $(rate workers-1), two $(rate workers-2), four $(rate workers-4);"
    echo "by CUDA graphs $(rate graphs)."
    echo "Same weights, of stages that both trained: one worker and two $(equal workers-1 workers-2), one and four"
    echo "$(equal workers-1 workers-4), eager and by graphs $(equal workers-1 graphs)."
    echo
    echo "logs/ has what each step said, runs/ the runs without weights, environment.txt and device.csv the machine."
    [ "$failed" = 0 ] && echo "Every step that was tried succeeded." || echo "$failed steps failed."
} >"$out/summary.md"
cat "$out/summary.md"
[ "$failed" = 0 ]
