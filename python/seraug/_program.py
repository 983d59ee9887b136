"""The program `seraug`: where it is, how it is started, and what becomes of what it prints."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Union

#: The program `seraug` of the wheel; seraug-worker, which needs torch, stands beside it.
PROGRAM = Path(__file__).parent / "bin" / "seraug"

#: A word of a command line.
Word = Union[str, int, float, "os.PathLike[str]"]


class Error(Exception):
    """What the program, or a file that it wrote, is wrong about, as the program says it.

    `message` names the file, the value and the next step. It is one line, but for a corpus that is missing, where the lines say how to
    get it. `code` is the exit code (docs/cli.md). `answer` is what the program printed nonetheless, as `run_program` returns it.
    """

    def __init__(self, message: str, code: int = 2, answer: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.answer = answer


class Note(UserWarning):
    """A note or a warning of the program: what a reader should know before believing an answer."""


def environment() -> dict[str, str]:
    """The environment of the program: where this Python has torch, the loader of seraug-worker is told."""
    env = dict(os.environ)
    # The worker looks for torch beside this package on its own.
    torch = importlib.util.find_spec("torch")
    folder = Path(torch.origin).parent if torch and torch.origin else None
    if folder and PROGRAM.exists() and folder != PROGRAM.parents[2] / "torch":
        others = [path for path in [env.get("LD_LIBRARY_PATH")] if path]
        env["LD_LIBRARY_PATH"] = ":".join([str(folder / "lib"), *others])
    return env


def option(name: str, value: Word) -> str:
    """`--NAME=VALUE`: one word, because a value may begin with a hyphen."""
    return f"--{name}={_text(value)}"


def run_program(*words: Word, codes: Collection[int] = (0,)) -> Any:
    """Runs `seraug WORDS --json` and returns its answer.

    That is what docs/results.md describes, as dicts and lists; of a command that has no answer in JSON, the text that it prints.
    Notes become warnings (`Note`), progress goes to standard error as it comes.

    >>> seraug.run_program("compare", first, second, "--tolerance", 0, codes=(0, 4))

    Raises `Error` where the program says so, or ends with an exit code that is not in `codes`.
    """
    return ask(words, codes)[0]


def ask(words: Sequence[Word], codes: Collection[int] = (0,), temporary: str = "") -> tuple[Any, int]:
    """As `run_program`, with the exit code. Files below the folder `temporary` are called by their names in what the program says.

    Warnings point at the caller of the caller.
    """
    told = [_text(word) for word in words]
    program = find()
    with tempfile.TemporaryFile() as out:
        try:
            child = subprocess.Popen(
                # Its name without the folder, because a run records the command.
                ["seraug", *told[:1], "--json", *told[1:]],
                executable=program,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
            )
        except OSError as why:
            raise Error(f"{program}: cannot be started: {why.strerror}", 1) from None
        notes, error = _listen(child)
        out.seek(0)
        text = out.read().decode("utf-8", "replace")
    if temporary:
        inside = re.compile(re.escape(temporary) + r"/(\d+/)?")
        notes, error = [inside.sub("", note) for note in notes], inside.sub("", error)
    for note in notes:
        warnings.warn(note, Note, stacklevel=3)
    answer: Any = text
    try:
        answer = json.loads(text)
    except ValueError:
        pass  # a command without an answer in JSON
    code = child.returncode
    if not error and code not in codes:
        how = f"ended with exit code {code}" if code >= 0 else f"was ended by signal {-code}"
        error = " ".join(["seraug", *told[:1], how])
    if error:
        raise Error(error, code, answer)
    return answer, code


def find() -> str:
    """The program of the wheel, else the one that SERAUG_PROGRAM names, else the one on PATH."""
    if PROGRAM.exists():
        return str(PROGRAM)
    found = os.environ.get("SERAUG_PROGRAM") or shutil.which("seraug")
    if not found:
        raise Error(f"{PROGRAM}: not there; install the wheel of seraug, or name the program in SERAUG_PROGRAM")
    return found


def _text(word: Word) -> str:
    return os.fspath(word) if isinstance(word, os.PathLike) else str(word)


def _listen(child: subprocess.Popen[str]) -> tuple[list[str], str]:
    """Waits for the program; its notes, and its error without the usage that may follow it."""
    notes: list[str] = []
    error: list[str] = []
    try:
        for line in child.stderr or ():
            if error or line.startswith("error: "):
                error.append(line)
            elif line.startswith(("note: ", "warning: ")):
                notes.append(line.partition(": ")[2].strip())
            else:
                sys.stderr.write(line)
    except BaseException as stop:
        # Ctrl-C is sent to the program too, which saves before it ends.
        if not isinstance(stop, KeyboardInterrupt):
            child.terminate()
        raise
    finally:
        child.wait()
        if child.stderr:
            child.stderr.close()
    message = re.split(r"\n\n(?:Usage: |For more information, try )", "".join(error))[0]
    return notes, message.partition("error: ")[2].strip()
