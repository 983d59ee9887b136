"""Our programs: built, or carried to a machine without a compiler."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Programs:
    """The bench `work` and `seraug`."""

    work: str
    seraug: str

    @staticmethod
    def find(target: Path) -> "Programs":
        """SERAUG_BENCH_WORK and SERAUG_BENCH_PROGRAM name programs that were carried here; else they are built."""
        work, seraug = carried("SERAUG_BENCH_WORK"), carried("SERAUG_BENCH_PROGRAM")
        if None in (work, seraug) and shutil.which("cargo") is None:
            raise SystemExit("bench: no cargo here: name built programs in SERAUG_BENCH_WORK and SERAUG_BENCH_PROGRAM")
        if work is None:
            command = ["cargo", "build", "--release", "--bench", "work", "--message-format=json-render-diagnostics"]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
            if done.returncode:
                raise SystemExit("bench: our side does not build; name a built one in SERAUG_BENCH_WORK")
            built = [json.loads(line) for line in done.stdout.splitlines()]
            work = next(m["executable"] for m in built if m.get("target", {}).get("kind") == ["bench"])
        if seraug is None:
            subprocess.run(["cargo", "build", "--release"], check=True)
            seraug = str(target / "release/seraug")
        return Programs(str(Path(work).resolve()), str(Path(seraug).resolve()))


def carried(name: str) -> str | None:
    """The program that an environment variable names, if it is set."""
    path = os.environ.get(name)
    if path is not None and not os.access(path, os.X_OK):
        raise SystemExit(f"bench: {name}={path}: no program is there")
    return path
