# What a person does here; `./bootstrap RECIPE` does the same and first installs what is missing.

set positional-arguments := true

# List the recipes
[private]
default:
    @'{{just_executable()}}' --list

# Build the seraug binary (release, the one profile used here)
build:
    cargo build --release

# Run the tests, or those whose name contains FILTER
test *FILTER:
    RUST_BACKTRACE=0 cargo test --release --tests -- "$@"

# Kill runs at random moments, 50 times, and compare what comes out with an undisturbed run (10 times are in `test`)
test-faults KILLS="50":
    SERAUG_KILLS={{KILLS}} RUST_BACKTRACE=0 cargo test --release --test all -- --nocapture faults::

# Measure how much faster two workers are than one (nothing else should run)
bench-jobs ROUNDS="3": build
    benches/jobs.sh {{ROUNDS}}

# Run the tests of the Slurm launcher on a cluster of one node: slurm-wlm and munge, installed where missing
test-slurm:
    cargo test --release --tests --no-run
    sh tests/slurm.sh cargo test --release --test all slurm:: -- --ignored --test-threads=1

# Check formatting and clippy, warnings refused
lint:
    cargo fmt --check
    cargo clippy --release --all-targets -- -D warnings

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
    exec cargo run --release -- run "$spec" --report "$@"

# Show versions, devices and corpora found, and what is missing with the next step
doctor *FLAGS:
    cargo run --release -- doctor "$@"

# Write experiments/schema.json anew, after a change of the spec's types
schema:
    cargo run --release -- schema > experiments/schema.json.new
    mv experiments/schema.json.new experiments/schema.json
