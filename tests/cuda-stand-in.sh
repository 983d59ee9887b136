#!/bin/sh
# Do the programs, unmodified, work as on CUDA?   sh tests/cuda-stand-in.sh [PROGRAMS] [--bless]
# tests/cuda/stand_in.cpp takes the place of libtorch_cuda.so: two devices whose kernels run on the CPU. Beside the checks of
# tests/cuda-checks.sh, which a real device has to pass too, it counts what an iteration asks of a device, against
# tests/golden/cuda-counts.tsv (--bless writes that anew), lets cuDNN and a capture fail, and shows an old driver.
# Needs LIBTORCH (or .libtorch), g++ and espeak-ng; no GPU, no CUDA.
set -eu
cd "$(dirname "$0")/.."
bless=
programs=${CARGO_TARGET_DIR:-target}/release
for argument; do
    case $argument in --bless) bless=yes ;; *) programs=$argument ;; esac
done
torch=$(readlink -f "${LIBTORCH:-.libtorch/torch}")
work=$(mktemp -d "${CARGO_TARGET_DIR:-target}/cuda-stand-in.XXXXXX")
work=$(cd "$work" && pwd)
trap 'rm -rf "$work"' EXIT
fail() { printf 'cuda-stand-in.sh: %s\n' "$*" >&2; exit 1; }

# A libtorch whose CUDA half is ours: a link to the same file is another place to the loader.
mkdir -p "$work/torch/lib" "$work/bin"
for name in libtorch_cpu.so libc10.so libgomp.so.1; do
    [ ! -e "$torch/lib/$name" ] || ln "$torch/lib/$name" "$work/torch/lib/$name" 2>/dev/null ||
        cp "$torch/lib/$name" "$work/torch/lib/$name"
done
for name in version.py build-version; do
    [ ! -e "$torch/$name" ] || cp "$torch/$name" "$work/torch/"
done
[ ! -e "$torch/../nvidia" ] || ln -s "$torch/../nvidia" "$work/nvidia"
cp "$programs/seraug" "$programs/seraug-worker" "$work/bin/"
"${CXX:-g++}" -std=c++17 -O1 -fPIC -shared -D_GLIBCXX_USE_CXX11_ABI=1 -isystem "$torch/include" tests/cuda/stand_in.cpp \
    -o "$work/torch/lib/libtorch_cuda.so" -L"$torch/lib" -ltorch_cpu -lc10
ln -s ../torch/lib/libtorch_cuda.so "$work/bin/libseraug_cuda_graph.so"
export LD_LIBRARY_PATH="$work/torch/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export OMP_NUM_THREADS=1
# Freed memory stays with a process, as a device's does with libtorch: a quarter of the time.
export MALLOC_TRIM_THRESHOLD_=1000000000 MALLOC_MMAP_MAX_=0

# ---- what a real device has to pass too; here a kernel is the CPU's, so that little more than the order of sums differs
SERAUG_CHECKS_WITHIN=1e-4 SERAUG_STAND_IN_LOG=$work/checks.log \
    sh tests/cuda-checks.sh "$work/bin" "${SERAUG_STAND_IN_DATA:-synthetic}" "$work/checks" || fail "a check does not hold"
if grep -e 'pageable' -e 'LSTM weights are copied' -e 'not deterministic' -e 'between devices' "$work/checks.log"; then
    fail "the lines above stand in no run"
fi

# ---- what an iteration asks of a device
cache=$(echo "$work"/checks/checks.*/cpu)
counted() { # counted NAME ITERATIONS STEPS ARGS...: the counts of the worker of a run of so many of each
    name=$1 iterations=$2 steps=$3
    shift 3
    mkdir -p "$work/$name/.store"
    cp -R "$cache"/.store/features-* "$cache"/.store/synthetic-* "$work/$name/.store/"
    SERAUG_STAND_IN_LOG=$work/$name.counts "$work/bin/seraug" run "$work/loop.toml" --results "$work/$name" --device cuda:0 \
        --new --set "augmentor.iterations=$iterations" --set "classifier.min-steps=$steps" "$@" >"$work/$name.log" 2>&1 ||
        fail "$name: $(tail -n 1 "$work/$name.log")"
    awk -F '\t' '/^process/ { on = $2 ~ / work /; next }
        on && $2 ~ /^kernel: / { n["kernels"] += $1; next }
        on { n[$2] += $1 }
        END { for (what in n) print what "\t" n[what] }' "$work/$name.counts" | sort >"$work/$name.tsv"
}
more() { # more LOOP A B: what B counted beyond A
    awk -F '\t' -v loop="$1" 'NR == FNR { a[$1] = $2; next }
        $2 != a[$1] { print loop "\t" $1 "\t" $2 - a[$1] }' "$work/$2.tsv" "$work/$3.tsv"
}
# One cell, small, with rows at the end alone.
sed -e '/^\[\[condition\]\]/,$d' -e 's/^log-every = .*/log-every = 1000/' tests/cuda/checks.toml >"$work/loop.toml"
cat >>"$work/loop.toml" <<'T'
[[condition]]
name = "aug"
augment.triplet-gan.losses = ["model", "var", "bal"]
T
small="--set augmentor.frames=32 --set augmentor.batch=2 --set classifier.batch=4 --set classifier.small-batch=4"
both() { # both WORK WORK: at once, on two cores
    $1 &
    $2
    wait $!
}
both "counted few 64 80 $small" "counted many 128 80 $small"
both "counted few-graphs 64 80 $small --cuda-graphs" "counted many-graphs 128 80 $small --cuda-graphs"
both "counted long 64 112 $small" true
! grep 'retrying once' "$work"/few*.log "$work"/many*.log "$work/long.log" || fail "a worker died"
{
    more "64 iterations" few many
    more "64 iterations by a graph" few-graphs many-graphs
    more "32 steps of the classifier" few long
} >"$work/counts.tsv"
golden=tests/golden/cuda-counts.tsv
[ -z "$bless" ] || cp "$work/counts.tsv" "$golden"
cat "$work/counts.tsv"
awk -F '\t' 'NR == FNR { most[$1, $2] = $3; next }
    $3 > most[$1, $2] + 0 { print $1 ": " $2 ": " $3 ", not " most[$1, $2] + 0; grown = 1 }
    $3 < most[$1, $2] + 0 { print $1 ": " $2 ": " $3 ", less than " most[$1, $2] " (--bless)" }
    END { exit grown }' "$golden" "$work/counts.tsv" || fail "the loops ask more of a device than $golden says"

# ---- a worker's own log has no warnings: they were megabytes
cp -R "$work/few" "$work/silent"
rm -rf "$work"/silent/.store/augmentor-* "$work"/silent/.store/classifier-* "$work/silent/.store/checkpoints"
find "$work/silent" -name outcome.toml -exec rm {} +
set -- "$work"/silent/loop/*T*Z-*
"$work/bin/seraug-worker" work "$1" --results "$work/silent" --corpora "$work" --device cuda:0 --cell 1 2>"$work/silent.log" ||
    fail "a worker alone: $(tail -n 1 "$work/silent.log")"
! grep '^\[W' "$work/silent.log" || fail "libtorch warns"

# ---- a device that fails once, and a capture that does not begin: another process comes to the same
retried() { # retried NAME WORDS: the run is done, what passed was said, and the weights are those of `few`
    grep -q "$2.*retrying once" "$work/$1.log" || fail "$1: not tried again: $(tail -n 3 "$work/$1.log")"
    for name in few "$1"; do
        cat "$work/$name"/.store/*/stage.toml | grep weights >"$work/$name.weights"
    done
    cmp "$work/few.weights" "$work/$1.weights" || fail "$1: other weights"
}
# shellcheck disable=SC2086
{
    SERAUG_STAND_IN_FAILS=$work/fails
    export SERAUG_STAND_IN_FAILS
    counted once 64 80 $small
    unset SERAUG_STAND_IN_FAILS
    retried once 'CUDNN_STATUS_EXECUTION_FAILED'
    SERAUG_STAND_IN_CAPTURE=fails
    export SERAUG_STAND_IN_CAPTURE
    counted capture 64 80 $small --cuda-graphs
    unset SERAUG_STAND_IN_CAPTURE
    retried capture 'cannot be recorded as a CUDA graph'
}

# ---- drivers: the CPU is never a GPU's place without a word
driver() { # driver VERSION NAME CAPABILITY
    "${CC:-cc}" -shared -fPIC -DVERSION="$1" -DNAME="\"$2\"" -DCAPABILITY="$3" tests/cuda/driver.c -o "$work/driver/libcuda.so.1"
}
refused() { # refused WORDS DEVICE
    ! "$work/bin/seraug" run "$work/loop.toml" --results "$work/refused" --device "$2" >"$work/out" 2>&1 ||
        fail "--device $2 computes beside a driver that cannot: $(cat "$work/out")"
    [ "$(wc -l <"$work/out")" -eq 1 ] && grep -q "$1" "$work/out" && grep -q -e '--device cpu' "$work/out" ||
        fail "--device $2 does not say '$1' and what to do: $(cat "$work/out")"
    cat "$work/out"
}
mkdir "$work/driver"
export LD_LIBRARY_PATH="$work/driver:$LD_LIBRARY_PATH"
driver 12040 'NVIDIA A100-SXM4-40GB' 80
refused 'NVIDIA A100-SXM4-40GB.*CUDA 12.4.*driver 580 or newer' auto
refused 'driver 580 or newer' cuda:0
"$work/bin/seraug" doctor >"$work/out"
grep -q 'driver .*CUDA 12.4; NVIDIA A100-SXM4-40GB; too old: .*580' "$work/out" || fail "doctor: $(cat "$work/out")"
"$work/bin/seraug" plan "$work/loop.toml" --results "$work/refused" --device cpu >/dev/null || fail "--device cpu is meant"
driver 13000 'Tesla V100-SXM2-16GB' 70
refused 'Tesla V100-SXM2-16GB has compute capability 7.0.*7.5 or newer' auto
driver 13000 'NVIDIA H100 80GB HBM3' 90
"$work/bin/seraug" doctor >"$work/out"
grep -q '^ok  *cuda:0  *NVIDIA H100 80GB HBM3, 40.0 GiB' "$work/out" || fail "doctor: $(cat "$work/out")"
SERAUG_STAND_IN_DEVICES=0
export SERAUG_STAND_IN_DEVICES
refused 'NVIDIA H100 80GB HBM3.*cannot be used: CUDA finds no device' auto
echo "cuda-stand-in.sh: all holds"
