"""docs/python.md: its blocks run, one after the other, in a folder with the run that they name."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import seraug
from conftest import ROOT, need, reference, skip

BLOCK = re.compile(r"^```(\w+) ?(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def said(program: str, here: Path) -> dict[str, str]:
    """Runs the blocks; what each prints, by its text, and the text that the document shows below it."""
    for library in ["pandas", "polars", "sklearn"]:
        need(library)
    run = shutil.copytree(reference("quickstart"), here / "results" / "quickstart" / reference("quickstart").name)
    (run.parent / "latest").symlink_to(run.name)
    names: dict[str, Any] = {"__name__": "document"}
    printed: dict[str, str] = {}
    last = ""
    for language, argument, text in BLOCK.findall((ROOT / "docs" / "python.md").read_text(encoding="utf-8")):
        if language == "text":
            assert printed[last] == text
        elif argument != "audit" or has_audit():
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(text, f"block {len(printed) + 1} of docs/python.md", "exec"), names)
            printed[text], last = out.getvalue(), text
    names["printed"] = printed
    return names


def has_audit() -> bool:
    try:
        seraug.run_program("audit", "--help")
    except seraug.Error:
        return False
    return True


def test_the_blocks_of_the_document_run(said: dict[str, Any]) -> None:
    assert len(said["printed"]) >= 6
    assert said["hardest"].height == 10 and list(said["losses"].columns) == ["aug"]
    assert len(said["scores"].by["speaker"]) == 12 * 2
    assert any("experiments/quickstat.toml: No such file" in text for text in said["printed"].values())
    if "audit" not in said:
        skip("SERAUG_PROGRAM has no command audit: build it anew; the other blocks ran")
    assert [finding.code for finding in said["audit"].findings if finding.severity == "leak"] == ["SPEAKER_OVERLAP"]
