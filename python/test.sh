#!/bin/sh
# Tests the Python package with PROGRAM, and checks its types: `just test-python`, or sh python/test.sh PROGRAM [ARGUMENT of pytest...]
set -eu
SERAUG_PROGRAM=$(realpath "$1")
shift
cd "$(dirname "$0")/.."
tools=$PWD/.tools/python
export SERAUG_PROGRAM PYTHONPATH="$PWD/python:$tools" PYTHONDONTWRITEBYTECODE=1
python3 -c 'import mypy, pandas, polars, pytest, sklearn' 2> /dev/null ||
    PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore python3 -m pip --disable-pip-version-check install --quiet --upgrade --target "$tools" \
        mypy==2.4.1 pandas==3.1.1 pandas-stubs==3.1.0.261029 polars==2.1.0 pytest==9.2.0 scikit-learn==1.9.1
python3 -m mypy --strict --cache-dir "$tools/.mypy_cache" python/seraug python/tests
python3 -m pytest -q -rs -p no:cacheprovider -W error::DeprecationWarning python/tests "$@"
