"""`seraug.audit`: what is asked of the program, and what becomes of its answer."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import seraug
from conftest import Pretend, reference, skip

ANSWER = {
    "findings": [
        {"code": "SPEAKER_OVERLAP", "severity": "leak", "count": 3, "of": 9, "examples": [{"fold": "1", "what": "03"}]},
        {"code": "TEXT_OVERLAP", "severity": "note", "count": 2, "of": 9, "examples": []},
    ],
    "clear": [{"code": "UTTERANCE_OVERLAP", "of": 9}],
    "not-checked": [{"code": "DUPLICATE_AUDIO", "why": "no recordings were given"}],
}


def asked(pretend: Pretend, tmp_path: Path, code: int = 0) -> Path:
    """Makes a program that keeps its words and copies of the tables that it is given."""
    (tmp_path / "answer.json").write_text(json.dumps(ANSWER))
    copies = f'for word; do case $word in --*=*.csv) cp "${{word#*=}}" {tmp_path}/copies/;; esac; done'
    (tmp_path / "copies").mkdir()
    pretend(f'printf "%s\\n" "$@" > {tmp_path}/words; {copies}; cat {tmp_path}/answer.json; exit {code}')
    return tmp_path / "words"


def test_findings_are_those_of_the_answer(pretend: Pretend, tmp_path: Path) -> None:
    words = asked(pretend, tmp_path, code=4)
    (tmp_path / "a.csv").touch()
    found = seraug.audit(tmp_path / "a.csv", corpus="emodb", audio="wav", allow="TEXT_OVERLAP", options=["--fold", "cv"])
    assert not found.passed and found.raw == ANSWER
    assert [(f.code, f.severity, f.count) for f in found.findings] == [("SPEAKER_OVERLAP", "leak", 3), ("TEXT_OVERLAP", "note", 2)]
    assert found.not_checked == {"DUPLICATE_AUDIO": "no recordings were given"}
    assert found.findings[0].examples == ({"fold": "1", "what": "03"},) and found.findings[0].raw["of"] == 9
    wanted = ["audit", "--json", "--allow=TEXT_OVERLAP", "--corpus=emodb", "--audio=wav", f"--split={tmp_path}/a.csv", "--fold", "cv"]
    assert words.read_text().splitlines() == wanted


def test_frames_become_lists_of_their_parts(pretend: Pretend, tmp_path: Path, library: Any) -> None:
    words = asked(pretend, tmp_path)
    if library == "pandas":
        import pandas as frames
    else:
        import polars as frames  # type: ignore[no-redef]
    train, test = (frames.DataFrame({"file": ["001", "2"], "speaker": [speaker, "04"]}) for speaker in ["03", "05"])
    assert seraug.audit({"train": [train, "more.txt"], "test": test}, allow=["A", "B"]).passed
    told = words.read_text().splitlines()
    assert told[:4] == ["audit", "--json", "--allow=A", "--allow=B"] and told[5] == "--train=more.txt"
    assert told[4].endswith("/train.csv") and told[6].endswith("/test.csv") and not Path(told[6][7:]).exists()
    assert (tmp_path / "copies" / "train.csv").read_text() == "file,speaker\n001,03\n2,04\n"
    assert (tmp_path / "copies" / "test.csv").read_text() == "file,speaker\n001,05\n2,04\n"
    seraug.audit({"dev": test}, speaker="who", part="p")
    told = words.read_text().splitlines()
    assert told[2:4] == ["--speaker=who", "--part=p"] and told[4].startswith("--validation=")
    with pytest.raises(seraug.Error, match="part `devel`: expected train, validation, valid, val, dev, test"):
        seraug.audit({"devel": test})


def test_names_of_a_part_are_a_list(program: str, here: Path, library: Any) -> None:
    if library == "pandas":
        from pandas import Series
    else:
        from polars import Series  # type: ignore[assignment]
    train, test = ["a_1.wav", "b_1.wav"], ["b_1.wav", "c_1.wav"]
    for of in (list, tuple, Series):
        found = seraug.audit({"train": of(train), "test": of(test)}, options=["--speaker-from", "^([a-z])_"])
        assert [(f.code, f.count) for f in found.findings] == [("UTTERANCE_OVERLAP", 1), ("SPEAKER_OVERLAP", 1)]
    assert {f.code for f in seraug.audit({"train": {1, 2}, "test": [3]}).findings} == {"SPEAKER_UNKNOWN"}
    with pytest.raises(seraug.Error, match="part `test`: no utterance in it"):
        seraug.audit({"train": train, "test": []})
    with pytest.raises(seraug.Error, match="^train.csv: no such file or folder$"):
        seraug.audit({"train": ["train.csv"], "test": test})


def test_what_a_message_says_of_a_pickle_makes_a_list_of_it(program: str, here: Path) -> None:
    import numpy
    import pandas

    frame = pandas.DataFrame({"utterance": ["a", "b"], "speaker": ["1", "2"], "part": ["train", "test"]})
    parts = {"train": ["a"], "test": numpy.array(["b"]), "seed": numpy.int64(3)}
    for name, what in {"parts.pkl": parts, "frame.pickle": frame, "frames": {"train": frame[:1], "test": frame[1:]}}.items():
        Path(name).write_bytes(pickle.dumps(what))
    numpy.savez("parts.npz", train=["a"], test=["b"])
    numpy.save("parts.npy", parts, allow_pickle=True)  # type: ignore[arg-type]
    for name in ["parts.pkl", "frame.pickle", "frames", "parts.npz", "parts.npy"]:
        with pytest.raises(seraug.Error, match=f"^{name}: .* never read: ") as error:
            seraug.audit(name)
        line = error.value.message.partition("write it as JSON: ")[2]
        assert line.startswith("python -c ")
        subprocess.run(line.replace("python", sys.executable, 1), shell=True, check=True)
        assert seraug.audit("split.json").raw["folds"] == [{"fold": "split", "train": 1, "validation": 0, "test": 1}], name


def test_a_contradiction_is_no_answer(pretend: Pretend, tmp_path: Path) -> None:
    pretend("echo 'error: a.csv: contradicts itself' >&2; exit 4")
    with pytest.raises(seraug.Error, match="^a.csv: contradicts itself$"):
        seraug.audit("a.csv")


def test_the_program_finds_a_speaker_on_both_sides(program: str, here: Path, library: Any) -> None:
    try:
        seraug.run_program("audit", "--help")
    except seraug.Error:
        skip("SERAUG_PROGRAM has no command audit: build it anew")
    split = seraug.load(reference("open/table2-emodb"), frames=library).split
    assert split is not None
    assert seraug.audit(reference("open/table2-emodb") / "split.csv").passed
    assert seraug.audit(split).passed
    if library == "pandas":
        import pandas as frames
    else:
        import polars as frames  # type: ignore[no-redef]
    rows = {"utterance": ["001", "002", "003", "004"], "speaker": ["03", "04", "03", "05"], "label": ["a", "b", "a", "b"]}
    leaky = frames.DataFrame({**rows, "split": ["train", "train", "test", "test"]})
    found = seraug.audit(leaky)
    (leak,) = [finding for finding in found.findings if finding.severity == "leak"]
    assert (found.passed, leak.code, leak.count) == (False, "SPEAKER_OVERLAP", 1)
    assert "03" in json.dumps(leak.examples)
    assert seraug.audit(leaky, allow="SPEAKER_OVERLAP").passed
