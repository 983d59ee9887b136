# What a person does here; `./bootstrap RECIPE` does the same and first installs what is missing.

set positional-arguments := true

# List the recipes
[private]
default:
    @'{{just_executable()}}' --list

# Where cargo puts what it builds
target := env('CARGO_TARGET_DIR', 'target')

# Build seraug and seraug-worker, which it starts (release, the one profile used here)
build:
    cargo build --release

# Build what `seraug run --cuda-graphs` opens, beside the programs: g++, and headers of CUDA from PyPI, but no CUDA toolkit
cuda-graph:
    sh native/build.sh "${LIBTORCH:-.libtorch/torch}" '{{target}}/cuda-headers' '{{target}}/release/libseraug_cuda_graph.so'

# Run the tests, or those whose name contains FILTER
test *FILTER:
    RUST_BACKTRACE=0 cargo test --release --tests -- "$@"

# Kill runs at random moments, 50 times, and compare what comes out with an undisturbed run (10 times are in `test`)
test-faults KILLS="50":
    SERAUG_KILLS={{KILLS}} RUST_BACKTRACE=0 cargo test --release --test all -- --nocapture faults::

# Show that reports are made where libtorch is not
test-no-libtorch: build
    sh tests/no-libtorch.sh

# Show that the programs work as on CUDA, on a stand-in for two devices: no GPU, but g++ and espeak-ng; `--bless` takes the
# counts of its loops as they are
test-cuda-stand-in *FLAGS: build
    sh tests/cuda-stand-in.sh '{{target}}/release' "$@"

# Measure how much faster two workers are than one (nothing else should run)
bench-jobs ROUNDS="3": build
    benches/jobs.sh {{ROUNDS}}

# Measure against PyTorch, librosa and openTSNE, each side in turn (nothing else should run): over an hour, or a few
# with --quick, which checks that everything works; --device cuda measures the GPU; more in docs/performance.md
bench *FLAGS:
    python3 benches/run.py "$@"

# Pack what `gpu-check` needs on a machine with a GPU and without Rust and network: target/gpu-pack.tar.gz, below 64 MiB
gpu-pack *FLAGS:
    -sh native/build.sh "${LIBTORCH:-.libtorch/torch}" '{{target}}/cuda-headers' '{{target}}/release/libseraug_cuda_graph.so'
    python3 tests/gpu/pack.py "$@"

# Try everything on this machine's GPU in eight minutes, into one folder (--device cpu --small: the script alone)
gpu-check *FLAGS: (gpu-pack)
    #!/bin/sh
    set -eu
    dir=$(mktemp -d)
    trap 'rm -rf "$dir"' EXIT
    tar xzf '{{target}}/gpu-pack.tar.gz' -C "$dir"
    python=benches/peer/.venv/bin/python
    [ ! -x "$python" ] || export SERAUG_BENCH_PYTHON="${SERAUG_BENCH_PYTHON:-$PWD/$python}"
    LD_LIBRARY_PATH="${LIBTORCH:-$PWD/.libtorch/torch}/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" sh "$dir/gpu-pack/tests/gpu/check.sh" "$@"

# Run the tests of the Slurm launcher on a cluster of one node: slurm-wlm and munge, installed where missing
test-slurm:
    cargo test --release --tests --no-run
    sh tests/slurm.sh cargo test --release --test all slurm:: -- --ignored --test-threads=1

# Write the reports of the committed runs anew, and what the README shows of them
reference: build
    #!/bin/sh
    set -eu
    find results/reference -name run.toml -not -path '*/.store/*' | sort | while read -r info; do
        run=$(dirname "$info")
        experiment=$(dirname "${run#results/reference/}")
        splice=
        ! grep -q "<!-- seraug $experiment -->" README.md || splice='--splice README.md'
        '{{target}}/release/seraug' --quiet report "$run" --reports reports/reference $splice > /dev/null
        echo "reports/reference/$experiment/$(basename "$run")"
    done

# Open the committed reports, and a comparison, in headless Chromium and check them: chromium and node where missing
test-page: build
    #!/bin/sh
    set -eu
    dir=$(mktemp -d)
    trap 'rm -rf "$dir"' EXIT
    run=$(find results/reference/quickstart -name run.toml -exec dirname {} \; | sort | tail -n 1)
    '{{target}}/release/seraug' compare "$run" "$run" --out "$dir/compare" > /dev/null
    find "$PWD/reports/reference" -name index.html -not -path '*/latest/*' | sort > "$dir/pages"
    xargs sh tests/page.sh "$dir/compare/index.html" < "$dir/pages"

# Try damaged inputs of everything that is read for MINUTES (of one TARGET: those of fuzz/src/targets), led by coverage.
# Inputs that make a fault are left in target/fuzz/TARGET; mended, one becomes a seed in fuzz/seeds/TARGET
fuzz MINUTES="10" *TARGET:
    #!/bin/sh
    set -eu
    shift "$(($# > 0))"
    # Counters in our two libraries alone; the dependencies are those of `build`.
    export RUSTC_WORKSPACE_WRAPPER="$PWD/fuzz/rustc.sh"
    cargo build --release -p seraug-fuzz
    exec nice '{{target}}/release/seraug-fuzz' --minutes {{MINUTES}} --seed "$(date +%s)" --faults '{{target}}/fuzz' "$@"

# The same inputs every time, without coverage, for two minutes: part of `.ci/run`
fuzz-quick:
    cargo build --release -p seraug-fuzz
    '{{target}}/release/seraug-fuzz' --minutes 2 --seed 1 --faults '{{target}}/fuzz'

# Check formatting and clippy, warnings refused
lint:
    cargo fmt --all --check
    cargo clippy --release --all-targets -- -D warnings
    cargo clippy --release -p seraug-fuzz -- -D warnings

# Run experiments/NAME.toml (flags as of `seraug run`) and write its report
reproduce NAME *FLAGS:
    #!/bin/sh
    set -eu
    spec=experiments/$1.toml
    if [ ! -f "$spec" ]; then
        known=$(cd experiments && find . -name '*.toml' | sed 's|^\./||; s|\.toml$||' | sort | tr '\n' ' ')
        echo "$spec is not there; the experiments are: $known" >&2
        exit 2
    fi
    shift
    cargo build --release
    exec '{{target}}/release/seraug' run "$spec" --report "$@"

# Show versions, devices and corpora found, and what is missing with the next step
doctor *FLAGS: build
    '{{target}}/release/seraug' doctor "$@"

# Write experiments/schema.json anew, after a change of the spec's types
schema: build
    '{{target}}/release/seraug' schema > experiments/schema.json.new
    mv experiments/schema.json.new experiments/schema.json
