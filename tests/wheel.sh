#!/bin/sh
# Does dist/seraug-*.whl install and work on a machine without a compiler, cargo, espeak-ng, root or this checkout?
# `just test-wheel`, or sh tests/wheel.sh [WHEEL]. As root it acts as the user nobody, who owns nothing but an empty folder.
# torch is the one that this checkout was built with, in a link, unless SERAUG_WHEEL_FULL=1 has pip install `[train]` (3 GB).
set -eu
cd "$(dirname "$0")/.."
root=$PWD
wheel=$(realpath "${1:-$(ls dist/seraug-*.whl)}")
fail() { printf 'wheel.sh: %s\n' "$*" >&2; exit 1; }
begun=$(date +%s)
release=$(sed -n 's/^torch=\([0-9.]*\).*/\1/p' bootstrap)
say() { echo "wheel.sh: at $(($(date +%s) - begun)) s: $*"; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bin=$work/bin home=$work/home
mkdir "$bin" "$home" "$work/unpacked"

# What is in the file.
size=$(stat -c %s "$wheel")
[ "$size" -lt 60000000 ] || fail "$wheel has $size bytes, the limit is 60 MB"
case $wheel in
    *-py3-none-manylinux_2_[12]?_*|*-py3-none-manylinux_2_3[0-4]_*) ;;
    *-py3-none-manylinux_2_*) [ -z "${CI:-}" ] || fail "$wheel needs a newer glibc than RHEL 9 has: auditwheel show says for what" ;;
    *) fail "$wheel bears no manylinux tag" ;;
esac
unzip -q "$wheel" -d "$work/unpacked"
for program in seraug seraug-worker; do
    readelf -d "$work/unpacked/seraug/bin/$program" > "$work/dynamic"
    if grep -E '\((RPATH|RUNPATH)\)' "$work/dynamic" | grep -vF 'runpath: [$ORIGIN/../../torch/lib]'; then
        fail "$program looks for libraries where this machine has them"
    fi
done
grep -qF '[$ORIGIN/../../torch/lib]' "$work/dynamic" || fail "seraug-worker does not look for the torch beside it"
[ -z "$(find "$work/unpacked" -name '*.wav')" ] || fail "recordings that are not packed"

# A PATH with Python and little else.
python=
for candidate in /usr/bin/python3 "$(command -v python3)"; do
    [ -n "$python" ] || ! "$candidate" -c 'import ssl, sys, venv; sys.exit(sys.version_info < (3, 9))' 2> /dev/null || python=$candidate
done
[ -n "$python" ] || fail "there is no Python 3.9 or newer"
for tool in sh env ls cat mkdir rm uname; do ln -s "$(command -v $tool)" "$bin/$tool"; done
torch=$(readlink -f "${LIBTORCH:-.libtorch/torch}" || true)
user=
if [ "$(id -u)" = 0 ]; then
    chmod 755 "$work"
    nobody="setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all"
    if $nobody "$python" -c '' 2> /dev/null && { [ "${SERAUG_WHEEL_FULL:-}" = 1 ] || $nobody test -r "$torch/lib/libtorch_cpu.so"; }; then
        user=$nobody
        chown 65534:65534 "$home"
    else
        say "note: nobody may not read $python or $torch, so that root goes on"
    fi
fi
# as ARGS...: in $home, with nothing in the environment.
as() {
    (cd "$home/here" && $user env -i HOME="$home" LANG=C.UTF-8 PATH="$home/venv/bin:$bin" ${PIP_INDEX_URL:+PIP_INDEX_URL="$PIP_INDEX_URL"} \
        ${PIP_CACHE_DIR:+PIP_CACHE_DIR="$PIP_CACHE_DIR"} "$@")
}
$user mkdir "$home/here"
copy=$home/$(basename "$wheel")
cp "$wheel" "$copy"
chmod 644 "$copy"

# Debian's Python has no pip of its own for a new environment unless python3-venv is installed; another one's installs as well.
as "$python" -m venv "$home/venv" > /dev/null 2>&1 || as "$python" -m venv --without-pip --clear "$home/venv"
install() {
    if as python -m pip --version > /dev/null 2>&1; then
        as python -m pip --disable-pip-version-check install --quiet "$@"
    else
        python3 -m pip --disable-pip-version-check --python "$home/venv/bin/python" install --quiet "$@"
        [ -z "$user" ] || chown -R 65534:65534 "$home/venv"
    fi
}
start=$(date +%s)
install "$copy"
say "pip install $(basename "$wheel") ($((size / 1000000)) MB): $(($(date +%s) - start)) s"
site=$(as python -c 'import seraug; print(seraug.PROGRAM.parents[2])')

# works WORDS ARGS...; refuses CODE WORDS ARGS...: one line of error, which has WORDS.
works() {
    words=$1
    shift
    as seraug "$@" > "$work/out" 2> "$work/err" || fail "seraug $*: $(tail -n 3 "$work/err")"
    grep -qF -e "$words" "$work/out" || fail "seraug $* does not say '$words': $(tail -n 3 "$work/out")"
}
refuses() {
    code=$1 words=$2
    shift 2
    got=0
    as seraug "$@" > "$work/out" 2> "$work/err" || got=$?
    [ "$got" = "$code" ] || fail "seraug $*: exit code $got, not $code: $(tail -n 3 "$work/err")"
    [ "$(grep -c . "$work/err")" = 1 ] || fail "seraug $*: more than a line: $(cat "$work/err")"
    grep -qF -e "$words" "$work/err" || fail "seraug $* does not say '$words': $(cat "$work/err")"
}

# Without torch.
mkdir "$work/committed"
cp -r results/reference/quickstart "$work/committed/"
reference=$(find "$work/committed/quickstart" -name run.toml -exec dirname {} \; | sort | tail -n 1)
works "$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)" --version
[ "$(as python -m seraug --version)" = "$(cat "$work/out")" ] || fail "python -m seraug is another program"
works emodb corpus list
works '13 manifests' init there
works 'What differs' compare "$reference" "$reference"
works index.html report "$reference" --reports reports
works '20 cells' plan there/experiments/quickstart.toml --device cpu
refuses 2 'the experiments are:' reproduce nothing
refuses 1 "torch is not installed; pip install 'torch==$release'" reproduce quickstart --results none --device cpu
refuses 1 "not in the language \`de\`" corpus describe synthetic
[ ! -e "$home/here/none/quickstart" ] || fail "a run was begun without torch"
as seraug doctor > "$work/out" 2>&1 && fail "doctor finds nothing to do without torch"
grep -qF "next: pip install 'torch==$release'" "$work/out" || fail "doctor does not name torch: $(cat "$work/out")"
grep -qF 'came with the wheel' "$work/out" || fail "doctor does not know of the speech: $(cat "$work/out")"

# With another torch: beside the package, and where PYTHONPATH has it.
$user mkdir -p "$site/torch" "$home/other/torch"
for other in "$site/torch" "$home/other/torch"; do
    printf '' | $user tee "$other/__init__.py" > /dev/null
    echo "__version__ = '2.8.0+cpu'" | $user tee "$other/version.py" > /dev/null
done
line="torch 2.8.0+cpu in $site/torch does not fit, it needs $release; pip install 'torch==$release'"
refuses 1 "$line" reproduce quickstart --results none --device cpu
$user rm -r "$site/torch"
export_path() { as env PYTHONPATH="$home/other" seraug "$@"; }
export_path reproduce quickstart --results none --device cpu > "$work/out" 2> "$work/err" && fail "another torch is used"
grep -qF "torch 2.8.0+cpu in $home/other/torch does not fit" "$work/err" || fail "PYTHONPATH: $(cat "$work/err")"

# With the right one.
start=$(date +%s)
if [ "${SERAUG_WHEEL_FULL:-}" = 1 ]; then
    install "$copy[train]"
    say "pip install '$(basename "$wheel")[train]': $(($(date +%s) - start)) s"
else
    $user ln -s "$torch" "$site/torch"
    [ ! -d "$(dirname "$torch")/nvidia" ] || $user ln -s "$(dirname "$torch")/nvidia" "$site/nvidia"
fi
start=$(date +%s)
works 'Quickstart' reproduce quickstart
say "seraug reproduce quickstart: $(($(date +%s) - start)) s"
[ -e "$home/here/reports/quickstart/latest/index.html" ] || fail "no report"
digest() { sed -n 's/^digest = //p' "$1"; }
run=$(find "$home/here/results/quickstart" -mindepth 1 -maxdepth 1 -type d | sort | tail -n 1)
[ "$(digest "$run/run.toml")" = "$(digest "$reference/run.toml")" ] || fail "other recordings than the committed run has"
bored='classes={ neutral = ["neutral"], bored = ["bored"] }'
refuses 1 'not of bored' run there/experiments/quickstart.toml --set "$bored" --set 'seeds=[9]'
# Its cells are there already: what is tested is the comparison.
works 'self-test: equal' self-test --dir .
cat "$work/out"
say "passed"
