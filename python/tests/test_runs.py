"""`seraug.load` against the files of a run, as the csv module reads them."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import seraug
from conftest import ROOT, cells, need, reference, skip

EXPERIMENTS = ["quickstart", "open/table2-emodb", "open/figure4", "open/figure3-emodb", "open/study/emodb"]

#: Columns of a run that are no numbers, also where all their cells look like some; those of split.csv are all.
TEXTS = """experiment corpus condition status error device key_augmentor key_classifier trajectory_augmentor trajectory_classifier
key_judge trajectory_judge reduced utterance speaker truth predicted stage class sha256 gender language text attribute value less column measure
samples space kind""".split()


def rows_of(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def assert_same(frame: object, wanted: list[dict[str, str]], texts: Iterable[str] = TEXTS) -> None:
    """Every cell of a frame is what the file says: a text, an integer or a number; missing where it is empty."""
    columns, rows = cells(frame)
    assert len(rows) == len(wanted) > 0
    named = [column for row in wanted for column in row]
    assert columns == list(dict.fromkeys(named))
    for row, want in zip(rows, wanted):
        for column, value in zip(columns, row):
            text = want.get(column, "")
            if text == "":
                assert value is None, (column, value)
            elif column in texts:
                assert value == text, (column, value)
            elif isinstance(value, int):
                assert value == int(text), (column, value)
            else:
                assert isinstance(value, float) and value == float(text), (column, value)


def of_cells(run: Path, name: str) -> list[dict[str, str]]:
    """The rows of a file of every cell, in the order of outcomes.csv."""
    rows = []
    for cell in rows_of(run / "outcomes.csv"):
        path = run / "cells" / cell["condition"] / f"fold-{cell['fold']}" / f"seed-{cell['seed']}" / name
        rows += [{**{key: cell[key] for key in ("condition", "fold", "seed")}, **row} for row in rows_of(path)]
    return rows


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_frames_are_what_the_files_of_a_run_say(experiment: str, library: Any) -> None:
    path = reference(experiment)
    run = seraug.load(path, frames=library)
    assert (run.path, run.experiment) == (path, experiment)
    assert_same(run.cells, rows_of(path / "outcomes.csv"))
    assert_same(run.plan, rows_of(path / "plan.csv"))
    split = rows_of(path / "split.csv")
    assert_same(run.split, split, texts=split[0])
    assert_same(run.predictions(), of_cells(path, "predictions.csv"))
    assert_same(run.histories(), of_cells(path, "history.csv"))


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_column_has_the_type_that_it_is_documented_with(experiment: str, library: Any) -> None:
    run = seraug.load(reference(experiment), frames=library)
    integer = {"pandas": ("int64", "Int64"), "polars": ("Int64",)}[library]
    number = {"pandas": "float64", "polars": "Float64"}[library]
    for frame in [run.cells, run.plan, run.predictions(), run.histories()]:
        types = {column: str(frame[column].dtype) for column in frame.columns}
        assert types["fold"] == types["seed"] == integer[0]
        for column, found in types.items():
            if column in TEXTS:
                assert found in ("str", "object", "String"), (column, found)
            elif column.startswith(("n_", "confusion_")) or column in ("fold", "seed", "segments", "step"):
                assert found in integer, (column, found)
            else:
                assert found == number, (column, found)


def test_spec_and_provenance_are_dicts(library: Any) -> None:
    run = seraug.load(reference("quickstart"), frames=library)
    assert run.spec["classes"]["happy"] == ["happy"] and run.spec["condition"][0]["name"] == "no-aug"
    assert run.info["corpus"][0]["speakers"] == 10
    assert (run.attributes, run.diagnostics(), run.file("counts.csv")) == (None, None, None)
    assert_same(run.file("cells/aug/fold-1/seed-1/history.csv"), rows_of(run.path / "cells/aug/fold-1/seed-1/history.csv"))


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_the_uar_of_a_cell_is_what_scikit_learn_makes_of_its_predictions(experiment: str) -> None:
    need("pandas")
    need("sklearn")
    from sklearn.metrics import recall_score  # type: ignore[import-untyped]

    run = seraug.load(reference(experiment))
    found = run.cells.set_index(["condition", "fold", "seed"]).uar.to_dict()
    groups = run.predictions().groupby(["condition", "fold", "seed"])
    assert len(groups) == len(found)
    for cell, rows in groups:
        assert found[cell] == pytest.approx(recall_score(rows.truth, rows.predicted, average="macro"), abs=5e-7)


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A run with names that look like numbers or like nothing, and a cell that failed."""
    run = tmp_path / "odd"
    cell = run / "cells" / "aug" / "fold-1" / "seed-1"
    cell.mkdir(parents=True)
    (run / "run.toml").write_text('experiment = "odd"\n')
    (run / "spec.toml").write_text('title = "Odd"\n')
    (run / "outcomes.csv").write_text(
        "experiment,corpus,condition,fold,seed,status,error,n_train,uar,recall_a,confusion_a_a,reduced\n"
        "odd,01,aug,1,1,done,,10,0.1,0.30000000000000004,7,1\n"
        'odd,01,aug,2,9223372036854775807,failed,"no, not enough",10,,,,\n'
    )
    (cell / "predictions.csv").write_text(
        "utterance,speaker,truth,predicted,segments,p_1,p_2\n001,03,1,2,1,0.100000,0.900000\n1e5,NA,2,2,1,,\nnan,None,1,1,12,1,0\n"
    )
    return run


def test_names_stay_as_they_are_written_and_empty_cells_are_missing(odd: Path, library: Any) -> None:
    run = seraug.load(odd, frames=library)
    _, rows = cells(run.predictions())
    assert rows == [
        ["aug", 1, 1, "001", "03", "1", "2", 1, 0.1, 0.9],
        ["aug", 1, 1, "1e5", "NA", "2", "2", 1, None, None],
        ["aug", 1, 1, "nan", "None", "1", "1", 12, 1.0, 0.0],
    ]
    _, rows = cells(run.cells)
    assert rows == [
        ["odd", "01", "aug", 1, 1, "done", None, 10, 0.1, 0.30000000000000004, 7, "1"],
        ["odd", "01", "aug", 2, 2**63 - 1, "failed", "no, not enough", 10, None, None, None, None],
    ]
    assert (run.split, run.plan, run.histories()) == (None, None, None)


def test_columns_that_a_cell_lacks_are_missing_there(odd: Path, library: Any) -> None:
    for fold, text in [(1, "stage,step,loss\nclassifier,5,0.25\n"), (2, "stage,step,rep\naugmentor,7,\n")]:
        seed = {1: 1, 2: 2**63 - 1}[fold]
        cell = odd / "cells" / "aug" / f"fold-{fold}" / f"seed-{seed}"
        cell.mkdir(parents=True, exist_ok=True)
        (cell / "history.csv").write_text(text)
    columns, rows = cells(seraug.load(odd, frames=library).histories())
    assert columns == ["condition", "fold", "seed", "stage", "step", "loss", "rep"]
    assert rows == [
        ["aug", 1, 1, "classifier", 5, 0.25, None],
        ["aug", 2, 2**63 - 1, "augmentor", 7, None, None],
    ]


def test_a_cell_without_its_predictions_is_a_note(odd: Path, library: Any) -> None:
    (odd / "cells/aug/fold-1/seed-1/predictions.csv").unlink()
    with pytest.warns(seraug.Note, match=r"fold-1/seed-1/predictions.csv: not there, as that of 1 cell"):
        columns, rows = cells(seraug.load(odd, frames=library).predictions())
    assert (columns[:5], rows) == (["condition", "fold", "seed", "utterance", "speaker"], [])


def test_a_run_is_read_by_the_name_that_it_has_and_not_by_its_link(odd: Path) -> None:
    need("pandas")
    latest = odd.parent / "latest"
    latest.symlink_to("odd")
    run = seraug.load(latest)
    latest.unlink()
    assert (run.path, len(run.predictions()), seraug.load(run).path) == (odd, 3, odd)


def test_what_is_no_run_is_refused_in_one_line(odd: Path) -> None:
    need("pandas")
    (odd.parent / "latest").symlink_to("odd")
    broken = shutil.copytree(odd, odd.parent / "broken")
    (broken / "spec.toml").write_text("title = \n")
    for path, wanted in [
        (odd.parent, f"{odd.parent}: no run (no run.toml); name a run directory, such as {odd.parent}/latest"),
        (odd / "cells", f"{odd}/cells: no run (no run.toml); name a run directory, such as results/quickstart/latest"),
        (broken, f"{broken}/spec.toml: cannot be read: "),
    ]:
        with pytest.raises(seraug.Error) as error:
            seraug.load(path)
        assert error.value.message.startswith(wanted) and "\n" not in error.value.message
    (broken / "outcomes.csv").unlink()
    shutil.copy(odd / "spec.toml", broken)
    with pytest.raises(seraug.Error, match=r"broken/outcomes.csv: not there"):
        seraug.load(broken).cells


def test_a_file_that_is_no_table_is_named(odd: Path, library: Any) -> None:
    text = (odd / "outcomes.csv").read_text()
    (odd / "outcomes.csv").write_text(text.replace(",0.1,", ",x,"))
    with pytest.raises(seraug.Error) as error:
        seraug.load(odd, frames=library).cells
    assert error.value.message.startswith(f"{odd}/outcomes.csv: cannot be read as a table: ")
    assert "\n" not in error.value.message


def test_a_library_that_is_missing_is_an_error_with_the_next_step(odd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(seraug.Error, match=r'^pandas is not installed: pip install pandas, or choose frames="polars"'):
        seraug.load(odd)
    with pytest.raises(seraug.Error, match="expected pandas or polars"):
        seraug.load(odd, frames="arrow")  # type: ignore[call-overload]
    need("polars")
    assert seraug.load(odd, frames="polars").cells.height == 2


def test_importing_the_package_imports_no_library_of_frames() -> None:
    code = "import sys, seraug; sys.exit(any(name in sys.modules for name in ('pandas', 'polars', 'numpy', 'torch')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_tables_are_those_of_a_report(program: str, here: Path, library: Any) -> None:
    experiment = "quickstart"
    run = seraug.load(reference(experiment), frames=library)
    page = Path(seraug.run_program("report", run, "--reports", here)["page"])
    made = run.tables()
    read = run.tables(page.parent)
    assert set(made) == set(read) == {"table", "other-measures", "speakers", "utterances"}
    for name, frame in made.items():
        assert_same(frame, rows_of(page.parent / f"{name}.csv"))
        assert cells(frame) == cells(read[name])
    # The table of the README is made of these.
    columns, rows = cells(made["table"])
    means = {(row[1], row[2]): row[3] for row in rows}
    assert means["no-aug", "uar"] == pytest.approx(39.8, abs=0.05) and "half" in columns
    with pytest.raises(seraug.Error, match=r"no report \(no index.html\); `seraug report` makes one"):
        run.tables(here)


def test_committed_reports_are_read(library: Any) -> None:
    reports = [path for path in (ROOT / "reports" / "reference").rglob("table.csv") if "latest" not in path.parts]
    if not reports:
        skip("no committed report")
    run = seraug.load(reference("quickstart"), frames=library)
    for path in reports:
        for name, frame in run.tables(path.parent).items():
            texts = [column for column in TEXTS if (name, column) != ("diagnostics", "value")]
            assert_same(frame, rows_of(path.parent / f"{name}.csv"), texts)
