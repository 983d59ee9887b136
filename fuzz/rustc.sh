#!/bin/sh
# For RUSTC_WORKSPACE_WRAPPER: compiles our libraries with the counters of src/cover.rs. Dependencies stay as they are.
set -eu
case " $* " in
    *' --crate-name seraug_core '* | *' --crate-name seraug_data '* | *' --crate-name seraug_report '* | *' --crate-name seraug_run '* | *' --crate-name seraug_train '*)
        exec "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=3 \
            -Cllvm-args=-sanitizer-coverage-inline-8bit-counters ;;
esac
exec "$@"
