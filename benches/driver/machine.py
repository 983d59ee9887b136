"""Which machine this is, in words that go into the report and the name of its folder."""

import os
import platform
import re
import subprocess
from pathlib import Path


def cpu() -> str:
    """The model as the system names it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    named = {name.strip(): value.strip() for name, value in fields.items()}
    return named.get("model name") or named.get("Model") or platform.machine()


def describe(versions: dict) -> dict:
    """Of the machine and of what was run on it; `versions` is the peer's answer."""
    made = {
        "cpu": cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "vectors": vectors(),
        "system": f"{platform.system()} {platform.release()}",
        "revision": revision(),
        "rust": said("rustc", "--version") or "unknown",
        "load at the start": " ".join(f"{load:.2f}" for load in os.getloadavg()),
    }
    return made | versions


def vectors() -> str:
    """The widest vector instructions that matter to the works."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.machine()
    known = {"amx_bf16": "AMX bf16", "avx512_bf16": "AVX-512 bf16", "avx512_vnni": "AVX-512 VNNI",
             "avx512f": "AVX-512", "avx2": "AVX2"}  # fmt: skip
    return ", ".join(name for flag, name in known.items() if flag in flags) or platform.machine()


def slug(described: dict) -> str:
    """Folder of this machine: GPU or CPU and cores, such as `nvidia-h100-80gb-hbm3-16-cores`."""
    name = described.get("gpu") or described["cpu"]
    name = re.sub(r"\((r|tm)\)|processor|cpu|@|core", " ", name.lower())
    return re.sub(r"[^a-z0-9]+", "-", f"{name} {described['cores']} cores").strip("-")


def revision() -> str:
    """That of the checkout; where programs were carried without one, SERAUG_BENCH_REVISION says it."""
    said = os.environ.get("SERAUG_BENCH_REVISION")
    return said or git("describe", "--always", "--dirty", "--abbrev=10", "--exclude=*") or "unknown"


def git(*arguments: str) -> str:
    return said("git", *arguments)


def said(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
