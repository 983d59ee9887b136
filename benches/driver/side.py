"""One of the two long-lived programs: a request is a line of JSON, so is its answer."""

import json
import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path

BENCHES = Path(__file__).resolve().parent.parent


class Side:
    """`ours` or `peer`. A process that dies or takes too long is an answer with `error`; the next request starts another."""

    def __init__(self, name: str, command: list[str], limit: float, **environment: str):
        self.name, self.command, self.limit, self.environment = name, command, limit, environment
        self.process = None

    def ask(self, request: dict, limit: float | None = None) -> dict:
        """`limit`: seconds, where it is less than this side's own."""
        limit = min(limit or self.limit, self.limit)
        if self.process is None:
            self.start()
        cpu = tree_seconds(self.process.pid)
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return {"error": self.last_words()}
        ready, _, _ = select.select([self.process.stdout], [], [], limit)
        if not ready:
            self.close(kill=True)
            return {"error": f"no answer within {limit:.0f} s"}
        line = self.process.stdout.readline()
        if not line:
            return {"error": self.last_words()}
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            # What follows would be taken for the answer to the next request.
            self.close(kill=True)
            return {"error": f"no answer but a line: {line.decode(errors='replace').strip()[:200]}"}
        if "error" not in answer:
            # Of the whole request where the work does not count its own.
            answer.setdefault("cpu_seconds", tree_seconds(self.process.pid) - cpu)
        return answer

    def start(self) -> None:
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"} | self.environment,
        )  # fmt: skip

    def last_words(self) -> str:
        """Why the process ended, in one line."""
        code = self.process.wait()
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").splitlines()
        said = [line for line in lines if line.strip() and not line.startswith("note:")]  # of a panic
        self.close(kill=True)
        return f"ended with {code}" + (f": {said[-1].strip()[:200]}" if said else "")

    def close(self, kill: bool = False) -> None:
        if self.process is not None:
            if kill:
                self.process.kill()
            self.process.stdin.close()
            self.process.wait()
            self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close(kill=True)


def peer(limit: float) -> Side:
    return Side("peer", [sys.executable, str(BENCHES / "peer/side.py")], limit)


def ours(program: str, limit: float) -> Side:
    # As `seraug run` starts its workers.
    return Side("ours", [program], limit, OMP_WAIT_POLICY="passive")


def tree_seconds(pid: int) -> float:
    """CPU seconds of a process and its living descendants; 0 where /proc is not to be had."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0.0
    own = sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    return own + sum(tree_seconds(int(child)) for child in children)
