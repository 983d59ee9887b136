"""`seraug score` in Python: predictions of any systems as tables, intervals and corrected tests."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, Union, cast, overload

from seraug._frames import F, Frames, Library, Table, file_of, library
from seraug._program import Error, Word, ask, option
from seraug._runs import Folder, Run, opened

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

#: One table, several, or one for each name of a system.
Predictions = Union[Table, Sequence[Table], Mapping[str, Table]]
#: A word, or several.
Words = Union[str, Sequence[str]]

#: Columns of pairs that stand in front of the others.
PAIR = ["first", "second", "quantity", "difference", "low", "high", "p", "p_holm", "p_corrected", "detectable"]


@dataclass(frozen=True, eq=False)
class Scores(Generic[F]):
    """What `seraug score` says. Values are percent and percentage points; a Brier score is in [0, 2]."""

    #: The scored run, for its cells, predictions and tables.
    run: Run[F]
    #: The page of the report.
    page: Path
    #: Names of the classes, as in columns of `systems` and `run`.
    classes: tuple[str, ...]
    #: A row for each system: system, condition (its name in `run`), cells; for each measure and recall its mean over the folds, and
    #: in MEASURE_half half of the 95 % interval. `average` is the mean recall of the rare classes.
    systems: F = field(repr=False)
    #: A row for each pair of systems, `second` less `first`, with the columns of statistics.csv (docs/results.md): among them the
    #: difference, its 95 % interval (low, high), p, p_holm (corrected for the number of pairs), and a sentence.
    pairs: F = field(repr=False)
    #: For each of `by` a row for each value and system: value, system, n (predictions), uar, low, high.
    by: dict[str, F] = field(repr=False)
    #: The answer as the program gave it.
    raw: dict[str, Any] = field(repr=False)


@overload
def score(
    predictions: Predictions,
    truth: Table | None = ...,
    *,
    name: str | None = ...,
    title: str | None = ...,
    baseline: str | None = ...,
    classes: Words = ...,
    rare: Words = ...,
    by: Words = ...,
    results: Folder | None = ...,
    reports: Folder | None = ...,
    options: Sequence[Word] = ...,
    frames: Literal["pandas"] = ...,
) -> Scores[pd.DataFrame]: ...
@overload
def score(
    predictions: Predictions,
    truth: Table | None = ...,
    *,
    name: str | None = ...,
    title: str | None = ...,
    baseline: str | None = ...,
    classes: Words = ...,
    rare: Words = ...,
    by: Words = ...,
    results: Folder | None = ...,
    reports: Folder | None = ...,
    options: Sequence[Word] = ...,
    frames: Literal["polars"],
) -> Scores[pl.DataFrame]: ...


def score(
    predictions: Predictions,
    truth: Table | None = None,
    *,
    name: str | None = None,
    title: str | None = None,
    baseline: str | None = None,
    classes: Words = (),
    rare: Words = (),
    by: Words = (),
    results: Folder | None = None,
    reports: Folder | None = None,
    options: Sequence[Word] = (),
    frames: Library = "pandas",
) -> Scores[Any]:
    """Scores predictions, and writes a run and a page, as `seraug score` does (docs/cli.md says what each option means).

    A table has a row for each utterance: utterance, predicted (or p_CLASS for each class) and, where there are any, fold, seed, system,
    speaker and truth. `truth`, where it is given, has the true class and the speaker of each utterance. Each may be a path (CSV, TSV,
    JSON lines, parquet) or a frame, `predictions` also several of them, or a dict with the name of the system for each. Frames are
    written as CSV into a temporary folder, so that the command that the page shows names files that are gone.

    `results` and `reports` are folders, by default those of the program, below the working directory. `options` are further words of
    the command line. Notes become warnings (`Note`). Raises `Error` for what the program refuses.
    """
    chosen = library(frames)
    once = {"name": name, "title": title, "baseline": baseline, "results": results, "reports": reports}
    words: list[Word] = ["score"]
    words += [option(key, value) for key, value in once.items() if value is not None]
    for key, values in {"classes": classes, "rare": rare, "by": by}.items():
        words += [option(key, value) for value in ([values] if isinstance(values, str) else values)]
    with tempfile.TemporaryDirectory() as folder:
        if truth is not None:
            words.append(option("truth", file_of(truth, Path(folder), "truth")))
        answer, _ = ask([*words, *options, "--", *_files(predictions, Path(folder), name)], temporary=folder)
    return _scores(answer, chosen)


#: Columns that name the system of each row (docs/score.md).
SYSTEM = {"system", "model", "condition", "method"}


def _files(predictions: Predictions, folder: Path, name: str | None) -> list[str]:
    """Each table as FILE or NAME=FILE. An only frame that names no system is called as the run."""
    columns = {str(column).lower() for column in getattr(predictions, "columns", [])}
    if name and "=" not in name and columns and not columns & SYSTEM:
        predictions = {name: cast(Table, predictions)}
    if isinstance(predictions, Mapping):
        files = []
        for number, (name, table) in enumerate(predictions.items(), start=1):
            if not name or "=" in name:
                raise Error(f"system `{name}`: expected a name without `=`")
            file = file_of(table, folder / str(number), re.sub(r"[^\w.-]+", "-", name)[:100])
            files.append(f"{name}={file}")
        return files
    if isinstance(predictions, Sequence) and not isinstance(predictions, str):
        return [file_of(table, folder, f"predictions-{at}") for at, table in enumerate(predictions, start=1)]
    return [file_of(predictions, folder, "predictions")]


def _scores(answer: dict[str, Any], frames: Frames[F]) -> Scores[F]:
    def system(row: dict[str, Any]) -> dict[str, Any]:
        flat = {key: row[key] for key in ("system", "condition", "cells")}
        for key, value in sorted(row["values"].items(), key=lambda item: order(item[0])):
            flat |= {key: value["mean"], f"{key}_half": value["half"]}
        return flat

    def order(key: str) -> tuple[int, str]:
        first = ["uar", "average", *answer["classes"]]
        return (first.index(key) if key in first else len(first)), key

    systems = [system(row) for row in answer["systems"]]
    pairs = [{**{key: row[key] for key in PAIR if key in row}, **row} for row in answer["pairs"]]
    by = {
        what: frames.of_rows(rows, ["value", "system", "n", "uar", "low", "high"], "by")
        for what, rows in answer["by"].items()
    }
    return Scores(
        run=opened(answer["run"], frames),
        page=Path(answer["page"]).resolve(),
        classes=tuple(answer["classes"]),
        systems=frames.of_rows(systems, list(systems[0]) if systems else [], "systems"),
        pairs=frames.of_rows(pairs, list(pairs[0]) if pairs else PAIR, "pairs"),
        by=by,
        raw=answer,
    )
