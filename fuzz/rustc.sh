#!/bin/sh
# For RUSTC_WORKSPACE_WRAPPER: compiles our two libraries with the counters of src/cover.rs. Dependencies stay as they are.
set -eu
case " $* " in
    *' --crate-name seraug '*' --crate-type lib '* | *' --crate-name seraug_face '*)
        exec "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=3 \
            -Cllvm-args=-sanitizer-coverage-inline-8bit-counters ;;
esac
exec "$@"
