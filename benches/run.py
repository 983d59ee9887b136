#!/usr/bin/env python3
"""`just bench`: finds or makes the peer's Python environment, then starts benches/driver in it.

SERAUG_BENCH_PYTHON names a Python with torch instead, such as a GPU machine's without a network; what it lacks
(librosa, openTSNE, matplotlib) becomes rows that failed, and figures that a later --redraw makes elsewhere."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT, REQUIREMENTS = HERE / "peer/.venv", HERE / "peer/requirements.txt"


def environment() -> str:
    """The Python of benches/peer/.venv, made where it is missing or of other requirements. Its torch is the wheel that
    our side has its libtorch from, where Python can load that (the one for CPUs lacks CUDA's libraries, which it wants)."""
    python, stamp = ENVIRONMENT / "bin/python", ENVIRONMENT / "made-of.txt"
    wheel = Path(os.environ.get("LIBTORCH") or HERE.parent / ".libtorch/torch").resolve()
    shared = (wheel / "__init__.py").exists()
    made_of = REQUIREMENTS.read_text() + (f"# torch of {wheel}\n" if shared else "")
    if stamp.exists() and stamp.read_text() == made_of:
        return str(python)
    wanted = [line for line in REQUIREMENTS.read_text().splitlines() if line and line[0] != "#"]
    of_torch = [line for line in wanted if line.startswith("torch")]
    rest = [line for line in wanted if line not in of_torch]
    print(f"bench: installing the peer into {ENVIRONMENT.relative_to(HERE.parent)}")
    subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, *rest], check=True)
    if shared:
        site = next(ENVIRONMENT.glob("lib/python3*/site-packages"))
        (site / "libtorch.pth").write_text(f"{wheel.parent}\n")
        subprocess.run([*pip, "--no-deps", *(line for line in of_torch if "audio" in line)], check=True)
        shared = subprocess.run([python, "-c", "import torch"], capture_output=True).returncode == 0
        if not shared:
            (site / "libtorch.pth").unlink()
    if not shared:
        # A wheel for CPUs alone is a tenth of PyPI's, where its index is in reach.
        cpu = ["--index-url", "https://download.pytorch.org/whl/cpu", "--retries", "0", "--no-deps"]
        gpu = Path("/dev/nvidiactl").exists()
        if gpu or subprocess.run([*pip, *cpu, *of_torch], capture_output=True).returncode:
            print("bench: installing torch, a download of about 3 GB")
            subprocess.run([*pip, *of_torch], check=True)
    stamp.write_text(made_of)
    return str(python)


def main() -> None:
    python = os.environ.get("SERAUG_BENCH_PYTHON") or environment()
    sys.stdout.flush()
    os.chdir(HERE.parent)
    os.execv(python, [python, str(HERE / "driver"), *sys.argv[1:]])


try:
    main()
except subprocess.CalledProcessError as error:
    raise SystemExit(f"bench: {error}: check the network, or name a Python with torch in SERAUG_BENCH_PYTHON") from None
