"""What the tests share: the committed runs, the program, and libraries that may be missing.

`just test-python` has all of it. A test that goes without says SKIPPED and why; under CI=true it fails instead.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import NoReturn

import pytest
import seraug

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "score"


def skip(what: str) -> NoReturn:
    """Skips a test because of what is missing, where that is allowed."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}; in CI this test must not be skipped")
    pytest.skip(what)


def need(library: str) -> None:
    """Skips a test where a library is not installed."""
    if importlib.util.find_spec(library) is None:
        skip(f"{library} is not installed: `just test-python` installs it")


def reference(experiment: str) -> Path:
    """The committed run of an experiment."""
    (run,) = [path for path in (ROOT / "results" / "reference" / experiment).iterdir() if path.name != "latest"]
    return run


@pytest.fixture(params=["pandas", "polars"])
def library(request: pytest.FixtureRequest) -> str:
    """Each library of frames."""
    need(request.param)
    return str(request.param)


@pytest.fixture
def program() -> str:
    """The program: that of the wheel, or the one that SERAUG_PROGRAM names."""
    path = seraug.PROGRAM if seraug.PROGRAM.exists() else Path(os.environ.get("SERAUG_PROGRAM", ""))
    if not path.is_file():
        skip("SERAUG_PROGRAM names no program: target/release/seraug after `just build`")
    return str(path)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Pretend:
    """Makes SERAUG_PROGRAM a shell script."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = path
        monkeypatch.setenv("SERAUG_PROGRAM", str(path))

    def __call__(self, script: str) -> None:
        self.path.write_text(f"#!/bin/sh\n{script}\n")
        self.path.chmod(0o755)


@pytest.fixture
def pretend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pretend:
    """A program that does what the test says."""
    return Pretend(tmp_path / "seraug", monkeypatch)


def cells(frame: object) -> tuple[list[str], list[list[object]]]:
    """Columns and rows of a frame of either library, with None for what is missing."""
    if type(frame).__module__.startswith("polars"):
        return list(frame.columns), [list(row) for row in frame.rows()]  # type: ignore[attr-defined]
    whole = frame.astype(object)  # type: ignore[attr-defined]
    return list(whole.columns), whole.where(whole.notna(), None).values.tolist()
