"""`seraug.score` on predictions of scikit-learn's classifiers, against tests/golden/score/golden.json."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import seraug
from conftest import GOLDEN, cells, need
from test_runs import TEXTS

PREDICTIONS, TRUTH = GOLDEN / "predictions.csv", GOLDEN / "truth.csv"


def records(frame: object) -> list[dict[str, Any]]:
    columns, rows = cells(frame)
    return [dict(zip(columns, row)) for row in rows]


def frame_of(path: Path, library: str) -> Any:
    """A table with names of utterances as they are written: 003 is not 3."""
    if library == "pandas":
        import pandas as pd

        return pd.read_csv(path, dtype={"utt_id": str})
    import polars as pl

    return pl.read_csv(path, schema_overrides={"utt_id": pl.String})


@pytest.fixture
def golden(program: str, here: Path) -> Any:
    return json.loads((GOLDEN / "golden.json").read_text())


def assert_golden(scores: Any, golden: Any) -> None:
    found = {row["system"]: row for row in records(scores.systems)}
    assert list(found) == ["logistic", "bayes", "neighbours"]
    for name, row in found.items():
        assert row["cells"] == 6
        for measure in ["uar", "macro_f1", "weighted_f1", "accuracy"]:
            wanted = golden["systems"][name][measure]
            assert row[measure] == pytest.approx(wanted["mean"], abs=1e-6)
            assert row[f"{measure}_half"] == pytest.approx(wanted["half"], abs=1e-6)
    assert found["neighbours"]["brier"] is None and isinstance(found["bayes"]["brier"], float)


def test_scores_of_files_are_those_of_scikit_learn_and_scipy(golden: Any, library: Any) -> None:
    scores = seraug.score(PREDICTIONS, TRUTH, name="wine", by=["gender", "speaker"], frames=library)
    assert_golden(scores, golden)
    assert list(scores.systems.columns)[:6] == ["system", "condition", "cells", "uar", "uar_half", "barolo"]
    pairs = records(scores.pairs)
    assert len(pairs) == 3 and list(pairs[0])[:4] == ["first", "second", "quantity", "difference"]
    for pair in pairs:
        names = [f"{pair['first']} {pair['second']}", f"{pair['second']} {pair['first']}"]
        (wanted,) = [golden["pairs"][name] for name in names if name in golden["pairs"]]
        assert pair["p"] == pytest.approx(wanted["p"], abs=1e-6)
    for row in records(scores.by["gender"]):
        assert row["uar"] == pytest.approx(golden["gender"][row["system"]][row["value"]], abs=1e-6)
    assert len(records(scores.by["speaker"])) == 12 * 3


def test_a_frame_gives_what_its_file_gives(golden: Any, library: Any) -> None:
    frame, truth = frame_of(PREDICTIONS, library), frame_of(TRUTH, library)
    scores = seraug.score(frame, truth, frames=library)
    assert_golden(scores, golden)
    # Its name is that of the table where none is given.
    assert scores.run.experiment == "predictions" and scores.page.is_file()
    assert scores.run.info["source"][1]["file"] == "predictions.csv"
    names = {row["utterance"] for row in records(scores.run.predictions())}
    assert {"wav/003.wav", "wav/009.wav"} <= names


def test_an_only_system_is_called_as_the_run(golden: Any, library: Any) -> None:
    frame = frame_of(PREDICTIONS, library)
    if library == "pandas":
        bayes = frame[frame.model == "bayes"].drop(columns="model")
    else:
        bayes = frame.filter(model="bayes").drop("model")
    scores = seraug.score(bayes, TRUTH, name="naive bayes", frames=library)
    assert [row["system"] for row in records(scores.systems)] == ["naive bayes"]


def test_a_name_in_the_index_of_pandas_is_a_column(golden: Any) -> None:
    need("pandas")
    frame = frame_of(PREDICTIONS, "pandas").set_index(["utt_id", "fold"])
    # Rows that were taken out of a longer frame have an index without a name, which says nothing.
    assert_golden(seraug.score(frame, frame_of(TRUTH, "pandas")[::-1], name="wine"), golden)


def test_each_system_may_have_a_table_of_its_own(golden: Any, library: Any) -> None:
    if library == "pandas":
        whole = frame_of(PREDICTIONS, library)
        parts = {name: rows.drop(columns="model") for name, rows in whole.groupby("model", sort=False)}
    else:
        whole = frame_of(PREDICTIONS, library)
        parts = {str(key[0]): rows.drop("model") for key, rows in whole.group_by("model", maintain_order=True)}
    assert_golden(seraug.score(parts, TRUTH, name="wine", baseline="bayes"), golden)
    odd = {"k/é": parts["bayes"], "-x": parts["logistic"]}
    scores = seraug.score(odd, TRUTH, name="odd")
    assert [row["system"] for row in records(scores.systems)] == ["k/é", "-x"]
    with pytest.raises(seraug.Error, match="expected a name without `=`"):
        seraug.score({"a=b": parts["bayes"]}, TRUTH)
    several = seraug.score([PREDICTIONS, *([] if library == "polars" else [parts["bayes"]])], TRUTH, name="several")
    assert len(records(several.systems)) == (3 if library == "polars" else 4)


def test_options_reach_the_program(golden: Any, here: Path) -> None:
    need("pandas")
    scores = seraug.score(
        PREDICTIONS,
        TRUTH,
        name="wine",
        title="-50 % of it",
        baseline="bayes",
        classes="Barbera,Barolo,Grignolino",
        rare="Barbera",
        results=here / "r",
        reports=here / "p",
        options=["--by", "gender"],
    )
    assert scores.run.path.parent == here / "r" / "wine" and scores.page.parents[2] == here / "p"
    assert scores.run.spec["title"] == "-50 % of it" and scores.classes == ("barbera", "barolo", "grignolino")
    assert {row["quantity"] for row in records(scores.pairs)} != {"UAR"}
    average = {row["system"]: (row["average"], row["barbera"]) for row in records(scores.systems)}
    assert all(mean == barbera for mean, barbera in average.values()) and list(scores.by) == ["gender"]


def test_a_scored_run_is_a_run_without_plan_split_and_histories(golden: Any, library: Any) -> None:
    run = seraug.score(PREDICTIONS, TRUTH, name="wine", frames=library).run
    assert (run.plan, run.split, run.histories()) == (None, None, None)
    assert len(records(run.cells)) == 18 and len(records(run.attributes)) == 178
    systems = {row["condition"]: row for row in records(run.predictions())}
    assert isinstance(systems["bayes"]["p_barolo"], float) and systems["neighbours"]["p_barolo"] is None
    assert set(run.tables()) == {"table", "other-measures", "speakers", "by-attribute", "utterances"}
    again = seraug.load(run.path.parent / "latest", frames=library)
    assert (again.path, again.experiment) == (run.path, "wine")


def test_every_column_of_numbers_that_the_program_writes_is_read_as_one(golden: Any, library: Any) -> None:
    run = seraug.score(PREDICTIONS, TRUTH, name="wine", frames=library).run
    for name, frame in {"outcomes": run.cells, "predictions": run.predictions(), **run.tables()}.items():
        types = {column: str(frame[column].dtype) for column in frame.columns}
        found = [column for column, kind in types.items() if kind in ("str", "object", "String") and column not in TEXTS]
        assert not found, f"{name}.csv: {found} have no kind in KINDS of _frames.py, or belong to TEXTS of test_runs.py"


def test_notes_of_the_program_are_warnings_where_it_was_called(golden: Any) -> None:
    need("pandas")
    frame = frame_of(PREDICTIONS, "pandas")
    with pytest.warns(seraug.Note, match="^--by text: the utterances have no two values of it$") as found:
        seraug.score(frame, TRUTH, name="wine", by="text")
    assert {Path(note.filename) for note in found} == {Path(__file__)}
    # Its names are those of files, those of the truth are paths.
    with warnings.catch_warnings(record=True) as others:
        warnings.simplefilter("always")
        seraug.score(frame, TRUTH, name="wine")
    assert [str(note.message).startswith("178 utterances found by the name of the file alone") for note in others] == [True]


def test_what_the_program_refuses_is_an_error_of_one_line(golden: Any, here: Path) -> None:
    need("pandas")
    frame = frame_of(PREDICTIONS, "pandas")
    numbers = frame.assign(utt_id=frame.utt_id.astype(int))
    cases: list[tuple[Any, dict[str, Any], int, str]] = [
        (frame, {"baseline": "bayer"}, 2, "--baseline: no system is called `bayer`, did you mean `bayes`?"),
        (frame, {"by": "mood"}, 2, "invalid value 'mood' for '--by <WHAT,...>': nothing is grouped by `mood`, expected one of speaker, gender, language, text"),
        ("nowhere.csv", {}, 1, "nowhere.csv: cannot be read: No such file or directory (os error 2)"),
        # Frames are called by the name that they were written under, without the temporary folder; line 2 is their first row.
        (numbers, {}, 1, f"predictions.csv:2: utterance `3` is not in {TRUTH}, or its file name is of several there"),
        ({"a": numbers}, {}, 1, f"a.csv:2: utterance `3` is not in {TRUTH}, or its file name is of several there"),
        (3, {}, 2, "expected the path of a table, or a frame of pandas or polars, not int"),
        (frame.utt_id, {}, 2, "expected the path of a table, or a frame of pandas or polars, not Series"),
    ]
    for predictions, options, code, message in cases:
        with pytest.raises(seraug.Error) as error:
            seraug.score(predictions, TRUTH, **options)
        assert (error.value.message, error.value.code) == (message, code)
    assert not (here / "results").exists()
