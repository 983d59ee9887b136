"""How the program is found and what becomes of what it says, with programs that say it at once."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import seraug
from conftest import Pretend, reference


def test_words_reach_the_program_as_they_are(pretend: Pretend, tmp_path: Path) -> None:
    pretend(f'for word; do printf "%s\\0" "$word"; done > {tmp_path}/words; echo "[]"')
    run = seraug.load(reference("quickstart"), frames="polars")
    assert seraug.run_program("compare", run, tmp_path / "a b", "--tolerance", 0.5, "-x $HOME\n") == []
    words = (tmp_path / "words").read_text().split("\0")[:-1]
    assert words == ["compare", "--json", str(run.path), f"{tmp_path}/a b", "--tolerance", "0.5", "-x $HOME\n"]


def test_an_answer_is_json_or_the_text_that_is_printed(pretend: Pretend) -> None:
    pretend("echo '{\"é\": [1, null, 0.5]}'")
    assert seraug.run_program("status", "x") == {"é": [1, None, 0.5]}
    pretend("echo 'complete -c seraug'")
    assert seraug.run_program("completions", "fish") == "complete -c seraug\n"


def test_a_long_answer_beside_long_notes_does_not_block(pretend: Pretend) -> None:
    pretend('i=0; while [ $i -lt 2000 ]; do echo "note: $i, a note of some length that fills a pipe" >&2; echo "\\"$i ..................................\\""; i=$((i+1)); done')
    with pytest.warns(seraug.Note) as found:
        answer = seraug.run_program("status")
    assert len(answer.splitlines()) == len(found) == 2000


def test_notes_are_warnings_and_progress_is_shown(pretend: Pretend, capsys: pytest.CaptureFixture[str]) -> None:
    pretend("echo 'note: first' >&2; echo 'cell 1 of 3' >&2; echo 'warning: second: of two' >&2; echo '{}'")
    with pytest.warns(seraug.Note) as found:
        assert seraug.run_program("run", "spec.toml") == {}
    assert [str(note.message) for note in found] == ["first", "second: of two"]
    assert capsys.readouterr().err == "cell 1 of 3\n"


def test_an_error_has_the_line_and_the_code_of_the_program(pretend: Pretend) -> None:
    pretend("echo 'note: before' >&2; echo 'error: x.csv:3: `a` is no class; do this' >&2; exit 1")
    with pytest.warns(seraug.Note, match="before"), pytest.raises(seraug.Error) as error:
        seraug.run_program("score", "x.csv")
    assert (str(error.value), error.value.code) == ("x.csv:3: `a` is no class; do this", 1)
    again = pickle.loads(pickle.dumps(error.value))
    assert (again.message, again.code) == (error.value.message, 1)
    # A corpus that is missing takes several lines; what clap says of the usage is left out.
    pretend("printf 'error: no corpus\\n\\nGet it:\\n  1. here\\n\\nUsage: seraug run\\n\\nFor more, --help\\n' >&2; exit 2")
    with pytest.raises(seraug.Error) as error:
        seraug.run_program("run", "x.toml")
    assert (error.value.message, error.value.code) == ("no corpus\n\nGet it:\n  1. here", 2)


def test_an_exit_code_without_an_error_raises_unless_it_is_expected(pretend: Pretend) -> None:
    pretend("echo '{\"counts\": 1}'; exit 3")
    with pytest.raises(seraug.Error) as error:
        seraug.run_program("status", "x")
    assert (error.value.message, error.value.code) == ("seraug status ended with exit code 3", 3)
    assert error.value.answer == {"counts": 1}
    assert seraug.run_program("status", "x", codes=(0, 3)) == {"counts": 1}
    pretend("kill -9 $$")
    with pytest.raises(seraug.Error, match="seraug status was ended by signal 9"):
        seraug.run_program("status", "x")


def test_ctrl_c_waits_until_the_program_has_saved(pretend: Pretend, tmp_path: Path) -> None:
    pretend(f"trap 'sleep 0.2; touch {tmp_path}/saved; exit 130' INT; echo started >&2; while :; do sleep 0.05; done")
    code = "import seraug; seraug.run_program('run', 'x.toml')"
    child = subprocess.Popen([sys.executable, "-u", "-c", code], stderr=subprocess.PIPE, start_new_session=True)
    assert child.stderr and child.stderr.readline() == b"started\n"
    os.killpg(child.pid, signal.SIGINT)
    _, said = child.communicate()
    assert (tmp_path / "saved").exists() and b"KeyboardInterrupt" in said


def test_the_program_is_the_one_of_the_environment_or_on_path(
    tmp_path: Path, pretend: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    if seraug.PROGRAM.exists():
        pytest.skip("the wheel has a program of its own")
    with pytest.raises(seraug.Error, match=r"seraug: cannot be started: No such file or directory$"):
        seraug.run_program("doctor")
    pretend("echo '\"from the environment\"'")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert seraug.run_program("doctor") == "from the environment"
    monkeypatch.delenv("SERAUG_PROGRAM")
    assert seraug.run_program("doctor") == "from the environment"
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(seraug.Error, match="not there; install the wheel of seraug, or name the program in SERAUG_PROGRAM"):
        seraug.run_program("doctor")


def test_the_real_program_answers(program: str, here: Path) -> None:
    # Code 1: something that `doctor` looks for is missing.
    assert [part["part"] for part in seraug.run_program("doctor", codes=(0, 1))][0] == "seraug"
    assert seraug.run_program("schema")["$defs"]
    assert seraug.run_program("completions", "fish").startswith("#")
    with pytest.raises(seraug.Error) as error:
        seraug.run_program("corpus", "check", "emodb", "--corpora", here)
    assert error.value.code == 1 and "To get it:\n  1. " in error.value.message
    with pytest.raises(seraug.Error) as error:
        seraug.run_program("report", "--nonsense")
    assert error.value.code == 2 and error.value.message.startswith("unexpected argument '--nonsense' found")
    with pytest.raises(seraug.Error) as error:
        seraug.run_program("compare", reference("open/figure3-emodb"), reference("open/table2-emodb"), "--tolerance", 0)
    assert error.value.code == 4 and "aug/fold-2/seed-1" in str(error.value.answer["against"][0]["beyond_tolerance"])
