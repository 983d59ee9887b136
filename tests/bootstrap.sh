#!/bin/sh
# Tests ./bootstrap on a machine made of stand-ins: nothing is downloaded and nothing outside a temporary folder changes.
# `cargo test bootstrap` runs this; so does `sh tests/bootstrap.sh`.
# shellcheck disable=SC2016 # the stand-ins expand their own arguments
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
passed=0 failed=0 case_name=

# A fresh checkout, and a PATH with everything but libtorch.
machine() {
    case_name=$1
    rm -rf "${temp:?}/bin" "$temp/checkout" "$temp/calls"
    mkdir "$temp/bin" "$temp/checkout"
    cp "$root/bootstrap" "$root/Cargo.toml" "$temp/checkout"
    for tool in sh dirname cat sed expr mkdir rm mv ln grep tail cut uname id env chmod; do
        ln -s "$(command -v $tool)" "$temp/bin/$tool"
    done
    for tool in git cc c++ cargo espeak-ng; do stand_in $tool 'exit 0'; done
    stand_in just 'echo "just $*"'
    stand_in rustc 'echo "rustc 1.89.0 (29483883e 2025-08-04)"'
    # Like pip: makes the folder first and fills it, unless the file `offline` is there.
    stand_in python3 "echo \"\$*\" >>$temp/calls"'
case " $* " in *" --version "*) exit 0 ;; esac
while [ "$1" != --target ]; do shift; done
mkdir -p "$2/bin" "$2/torch/lib"
[ ! -e "${0%/*}/offline" ] || { echo "WARNING: retrying"; echo "ERROR: no route to host" >&2; exit 1; }
echo "__version__ = '"'2.11.0+cu130'"'" >"$2/torch/version.py"
: >"$2/torch/lib/libtorch_cpu.so"
echo "#!/bin/sh" >"$2/bin/just"
echo "echo installed just \$*" >>"$2/bin/just"
chmod +x "$2/bin/just"'
}
stand_in() { rm -f "$temp/bin/$1"; printf '#!/bin/sh\n%s\n' "$2" >"$temp/bin/$1"; chmod +x "$temp/bin/$1"; }
without() { rm "$temp/bin/$1"; }
libtorch() { # FOLDER VERSION
    mkdir -p "$1/lib"
    : >"$1/lib/libtorch_cpu.so"
    echo "__version__ = '$2'" >"$1/version.py"
}

# bootstrap [NAME=VALUE...]: runs it on that machine; sets $code, $out and $err.
bootstrap() {
    env -i PATH="$temp/bin" HOME="$temp/home" "$@" "$temp/checkout/bootstrap" build --flag >"$temp/out" 2>"$temp/err" </dev/null
    code=$?
    out=$(cat "$temp/out")
    err=$(cat "$temp/err")
}
check() { # WHAT COMMAND...
    what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s: %s\n  exit %s\n  out: %s\n  err: %s\n' "$case_name" "$what" "$code" "$out" "$err"
    fi
}
says() { case $err in *"$1"*) ;; *) false ;; esac; }
called() { grep -q -e "$1" "$temp/calls" 2>/dev/null; }
not() { ! "$@"; }
runs_just() {
    check "runs just" test "$code" = 0
    check "just alone writes to standard output" test "$out" = "just build --flag"
}
refuses() { # WORDS: one line that says so and what to do; nothing half installed
    check "fails" test "$code" = 1
    check "says '$1'" says "$1"
    check "names the next step" says "then run ./bootstrap again"
    check "one line of failure" test "$(grep -c 'run ./bootstrap again' "$temp/err")" = 1
    check "just does not run" test -z "$out"
    check "no half libtorch" not test -e "$temp/checkout/.libtorch"
    check "no working folder left" test -z "$(ls "$temp/checkout/.tools" 2>/dev/null)"
}

machine "everything is there"
libtorch "$temp/checkout/.libtorch/torch" 2.11.0
echo cuda >"$temp/checkout/.libtorch/stamp"
bootstrap
runs_just
check "says nothing" test -z "$err"
check "pip is not asked" not test -e "$temp/calls"

for tool in git c++ cargo; do
    machine "without $tool"
    without $tool
    bootstrap
    refuses "$tool"
    check "one line" test "$(grep -c '' "$temp/err")" = 1
done

machine "an old compiler"
stand_in rustc 'echo "rustc 1.88.0 (6b00bc388 2025-06-23)"'
bootstrap
refuses "Rust 1.89 or later is needed, this is rustc 1.88.0"

machine "no toolchain behind rustup"
stand_in rustc 'echo "error: no default toolchain" >&2; exit 1'
bootstrap
refuses "rustup default stable"

machine "without python3"
without python3
bootstrap
refuses "python3 is missing"

machine "python3 without pip"
stand_in python3 'exit 1'
bootstrap
refuses "no pip"

machine "no network"
: >"$temp/bin/offline"
bootstrap
refuses "(ERROR: no route to host)"

machine "without espeak-ng and apt-get"
without espeak-ng
bootstrap
refuses "espeak-ng is missing"

machine "without espeak-ng, as a user without sudo"
without espeak-ng
stand_in id 'echo 1000'
stand_in apt-get 'exit 1'
bootstrap
refuses "ask an administrator for 'apt-get install espeak-ng'"

machine "without espeak-ng, as root"
without espeak-ng
stand_in id 'echo 0'
stand_in apt-get 'echo "E: unable to locate package" >&2; exit 100'
bootstrap
refuses "(E: unable to locate package)"
stand_in apt-get 'case $* in *install*) mv "${0%/*}/apt-get" "${0%/*}/espeak-ng" ;; esac'
bootstrap
runs_just
check "announces the system package" says "installing the system package espeak-ng: apt-get install espeak-ng"

machine "a first run"
bootstrap
runs_just
check "libtorch is in place" test -e "$temp/checkout/.libtorch/torch/lib/libtorch_cpu.so"
check "no working folder left" test -z "$(ls "$temp/checkout/.tools")"
check "the pinned release" called "torch==2.11.0"
[ -e /dev/nvidiactl ] || check "no CUDA wheels" called "--no-deps"
rm "$temp/calls"
bootstrap
runs_just
check "a second run installs nothing" not test -e "$temp/calls"

machine "a GPU appears"
libtorch "$temp/checkout/.libtorch/torch" 2.11.0
echo cpu >"$temp/checkout/.libtorch/stamp"
stand_in nvidia-smi 'echo "GPU 0"'
bootstrap
runs_just
check "its wheels are installed" called "torch==2.11.0"
check "all of them" not called "--no-deps"
check "the stamp says so" test "$(cat "$temp/checkout/.libtorch/stamp")" = cuda

machine "an interrupted install"
mkdir -p "$temp/checkout/.libtorch/torch/lib" "$temp/checkout/.tools/work.999999999"
: >"$temp/checkout/.libtorch/torch/lib/libtorch_cpu.so"
bootstrap
runs_just
check "is done again" called "torch==2.11.0"
check "and cleaned up" test -z "$(ls "$temp/checkout/.tools")"

machine "without just"
without just
bootstrap
check "just is installed and runs" test "$out" = "installed just build --flag"
check "says how to have it on PATH" says "$temp/checkout/.tools/bin:\$PATH"

machine "LIBTORCH is exported"
libtorch "$temp/checkout/mine" 2.11.0+cpu
bootstrap LIBTORCH="$temp/checkout/mine"
runs_just
check "nothing is installed" not test -e "$temp/calls"
bootstrap LIBTORCH="$temp/nowhere"
refuses "has no lib/libtorch_cpu.so"
libtorch "$temp/checkout/mine" 2.8.0
bootstrap LIBTORCH="$temp/checkout/mine"
refuses "is libtorch 2.8.0, not 2.11.0"

machine "a virtual environment with torch"
site=$temp/checkout/venv/lib/python3.12/site-packages
libtorch "$site/torch" 2.11.0
bootstrap VIRTUAL_ENV="$temp/checkout/venv"
runs_just
check "its torch is used" test "$(readlink "$temp/checkout/.libtorch/torch")" = "$site/torch"
check "nothing is installed" not test -e "$temp/calls"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
