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
    """The Python of benches/peer/.venv, made where it is missing or older than its requirements."""
    python, stamp = ENVIRONMENT / "bin/python", ENVIRONMENT / "requirements.txt"
    wanted = REQUIREMENTS.read_text()
    if not (stamp.exists() and stamp.read_text() == wanted):
        print(f"bench: installing the peer into {ENVIRONMENT.relative_to(HERE.parent)} (a download of 0.5 GB and more)")
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
        # A wheel of torch for CPUs is a fifth of the other; a machine with a GPU wants the other.
        gpu = Path("/dev/nvidiactl").exists()
        index = [] if gpu else ["--extra-index-url", "https://download.pytorch.org/whl/cpu"]
        pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        if subprocess.run([*pip, *index, "-r", REQUIREMENTS]).returncode:
            subprocess.run([*pip, "-r", REQUIREMENTS], check=True)  # that index may be out of reach
        stamp.write_text(wanted)
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
