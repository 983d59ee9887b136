#!/bin/sh
# Does a CUDA device train as the CPU does, and twice the same?   sh tests/cuda-checks.sh PROGRAMS DATA OUT
# PROGRAMS  folder of seraug and seraug-worker; of libseraug_cuda_graph.so too, for the check of graphs
# DATA      "synthetic" (made with espeak-ng), a results folder whose .store has it made already, or a folder of corpora with
#           emodb in it, which may be partial
# OUT       folder for the runs and for checks.txt, one line a check; what is in it from before is kept and not used
# Needs neither Rust nor a network. tests/cuda-stand-in.sh calls it on a machine without a GPU.
# Exit codes: 0 all checks hold, 1 one does not, 2 usage.
set -eu
[ $# -eq 3 ] || { sed -n '2,9s/^# //p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
programs=$1 data=$2
mkdir -p "$3"
out=$(mktemp -d "$3/checks.XXXXXX")
report=$3/checks.txt
: >"$report"
failed=0

say() { printf '%s\n' "$*" | tee -a "$report"; }
ok() { say "ok    $*"; }
bad() { say "FAIL  $*"; failed=1; }

spec=$out/checks.toml
corpora=
case $data in
synthetic) cp "$here/cuda/checks.toml" "$spec" ;;
*)
    if [ -d "$data/.store" ] && [ ! -d "$data/emodb" ]; then
        cp "$here/cuda/checks.toml" "$spec"
    else
        sed -e 's/^corpus = .*/corpus = "emodb"/' -e '/^languages = /d' "$here/cuda/checks.toml" >"$spec"
        corpora=$data
    fi
    ;;
esac
# Small steps: Adam goes a whole one along a gradient that is nothing but rounding, and two ways to compute a convolution round
# differently. A hundredth of tiny's moves the losses by a hundred times what is allowed between devices.
settings="--set classifier.learning-rate=2e-5 --set augmentor.learning-rate=3e-6"

# run NAME DEVICE ARGS...: a run in results of its own, whose caches are those of the first run.
run() {
    name=$1 device=$2
    shift 2
    mkdir -p "$out/$name/.store"
    for from in "$data" "$out/cpu"; do
        for cache in "$from"/.store/features-* "$from"/.store/synthetic-* "$from"/.store/digests; do
            [ ! -d "$cache" ] || [ -e "$out/$name/.store/${cache##*/}" ] || cp -R "$cache" "$out/$name/.store/"
        done
    done
    # shellcheck disable=SC2086
    "$programs/seraug" run "$spec" ${corpora:+--corpora "$corpora" --partial} --results "$out/$name" --device "$device" --new \
        $settings "$@" >"$out/$name.log" 2>&1 && ! grep 'retrying once' "$out/$name.log"
}

# trained NAME: stage, key and digest of the weights of everything that a run has trained.
trained() {
    find "$out/$1/.store" -path '*/.store/*/stage.toml' | sort | while read -r stage; do
        dir=${stage%/stage.toml}
        echo "${dir##*/} $(sed -n 's/^weights-sha256 = //p' "$stage")"
    done >"$out/$1.weights"
    [ -s "$out/$1.weights" ]
}

# same WHAT A B: two runs trained the same, to the bit.
same() {
    if trained "$2" && trained "$3" && cmp -s "$out/$2.weights" "$out/$3.weights"; then
        ok "$1: $(wc -l <"$out/$2.weights") stages to the bit"
    else
        bad "$1: $(diff "$out/$2.weights" "$out/$3.weights" | grep -c '^<') of $(wc -l <"$out/$2.weights") stages differ"
    fi
}

# near WHAT A B WITHIN: the largest difference of a loss in the histories, relative from 1 on.
near() {
    (cd "$out/$2" && find . -path '*/cells/*' -name history.csv | sed 's|^\./[^/]*/[^/]*/||' | sort) >"$out/histories"
    [ -s "$out/histories" ] || { bad "$1: no history"; return; }
    : >"$out/differences"
    while read -r cell; do
        for side in "$2" "$3"; do
            find "$out/$side" -path "*/$cell" -exec cat {} + >"$out/history.$side"
        done
        # Losses and distances; shares of predictions jump.
        paste -d '\n' "$out/history.$2" "$out/history.$3" | awk -F, '
            NR == 1 { for (i = 1; i <= NF; i++) loss[i] = $i ~ /^(rep|d_loss|var|gan|emo|bal|d_ap|d_an|p_deviation|loss)$/ }
            NR > 2 && NR % 2 { split($0, a) }
            NR > 2 && NR % 2 == 0 {
                for (i = 1; i <= NF; i++) if (loss[i] && a[i] != "") {
                    d = a[i] - $i; d = d < 0 ? -d : d
                    m = $i < 0 ? -$i : $i
                    print d / (m > 1 ? m : 1)
                }
            }' >>"$out/differences"
    done <"$out/histories"
    largest=$(sort -g "$out/differences" | tail -n 1)
    if [ -n "$largest" ] && awk "BEGIN { exit !($largest <= $4) }"; then
        ok "$1: $(wc -l <"$out/differences") values within $largest"
    else
        bad "$1: off by ${largest:-no value}, more than $4"
    fi
}

"$programs/seraug" doctor --json >"$out/doctor.json" || { bad "doctor"; cat "$out/doctor.json"; exit 1; }
devices=$(grep -c '"part": *"cuda:[0-9]' "$out/doctor.json" || :)
[ "$devices" -gt 0 ] || { bad "doctor finds no CUDA device: $(grep -A 3 '"cuda"' "$out/doctor.json" | tr -d '\n')"; exit 1; }
last=cuda:$((devices - 1))
say "$(date -u +%Y-%m-%dT%H:%M:%SZ): $devices CUDA devices"

checked() { # checked WHAT NAME DEVICE ARGS...: every cell of a run is done
    what=$1
    shift
    if run "$@"; then ok "$what"; else bad "$what: $(tail -n 1 "$out/$1.log")"; return 1; fi
}

cells=$(grep -c '^\[\[condition\]\]' "$spec")
checked "$cells conditions on the CPU" cpu cpu || exit 1
if checked "$cells conditions on cuda:0" first cuda:0; then
    near "CPU and cuda:0" cpu first "${SERAUG_CHECKS_WITHIN:-2e-3}"
    ! checked "$cells conditions on $last" second "$last" || same "cuda:0 and $last" first second
fi

# Half of each training, then the rest of it, as a run that was stopped goes on.
long="--set classifier.weights=last --set classifier.schedule=constant --set augmentor.log-every=4 --set classifier.log-every=4"
settings="$long --set augmentor.iterations=12 --set classifier.min-steps=28"
if checked "a training at once" whole cuda:0; then
    settings="$long --set augmentor.iterations=6 --set classifier.min-steps=17"
    if checked "half of it" parts cuda:0; then
        find "$out/parts/.store" -maxdepth 1 \( -name 'augmentor-*' -o -name 'classifier-*' \) -exec rm -r {} +
        settings="$long --set augmentor.iterations=12 --set classifier.min-steps=28"
        if checked "and the rest on $last" parts "$last"; then
            if grep -q 'augmentor resumes at step 6 of 12' "$out/parts.log"; then
                ok "the augmentor went on where it was"
            else
                bad "the augmentor began again"
            fi
            same "in two parts and at once" whole parts
        fi
    fi
    settings="$long --set augmentor.iterations=12 --set classifier.min-steps=28"
    if [ ! -e "$programs/libseraug_cuda_graph.so" ]; then
        say "-     graphs are not checked: no libseraug_cuda_graph.so in $programs (just cuda-graph)"
    elif checked "with CUDA graphs" graphs cuda:0 --cuda-graphs; then
        if grep -q 'CUDA graph' "$out/graphs.log"; then
            bad "graphs: $(grep -m 1 'CUDA graph' "$out/graphs.log")"
        fi
        same "graphs and none" whole graphs
    fi
fi
[ "$failed" -eq 0 ] || say "the runs are in $out"
exit "$failed"
