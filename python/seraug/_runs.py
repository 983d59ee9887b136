"""A run directory as frames: what docs/results.md says of its files."""

from __future__ import annotations

import csv
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, Union, overload

from seraug._frames import F, Frames, Library, library
from seraug._program import Error, Note, ask, option

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

#: A folder: its path, or a `Run`.
Folder = Union[str, "os.PathLike[str]"]


@dataclass(frozen=True, eq=False)
class Run(Generic[F]):
    """A run, or predictions that `seraug score` has scored.

    Frames are read when they are asked for, the properties once. Names of conditions, speakers and utterances are strings, also where
    they look like numbers; fold and seed are integers, shares are in [0, 1]. A file that the run does not have is None: scored
    predictions have no plan, no split and no histories, a run of an earlier version has no attributes. Every frame raises `Error`
    where its file cannot be read.
    """

    #: The run directory, with links resolved.
    path: Path
    #: spec.toml, with every default written out.
    spec: dict[str, Any] = field(repr=False)
    #: run.toml: where the numbers come from.
    info: dict[str, Any] = field(repr=False)
    _frames: Frames[F] = field(repr=False)

    def __fspath__(self) -> str:
        return str(self.path)

    @property
    def experiment(self) -> str:
        """Its name, as in results/NAME/."""
        return str(self.info["experiment"])

    @cached_property
    def cells(self) -> F:
        """outcomes.csv: a row for each cell that has ended, with its counts, recalls and other measures."""
        found = self.file("outcomes.csv")
        if found is None:
            raise Error(f"{self.path / 'outcomes.csv'}: not there; a run whose experiment counts utterances has counts.csv", 1)
        return found

    @cached_property
    def plan(self) -> F | None:
        """plan.csv: a row for each cell that was planned."""
        return self.file("plan.csv")

    @cached_property
    def split(self) -> F | None:
        """split.csv: a row for each utterance, a column `seed-S/fold-K/CORPUS` for each fold."""
        return self.file("split.csv")

    @cached_property
    def attributes(self) -> F | None:
        """attributes.csv: gender, language and text of each utterance."""
        return self.file("attributes.csv")

    def file(self, name: str) -> F | None:
        """Any CSV file of the run, such as `cells/aug/fold-1/seed-1/gallery.csv`; None where the run does not have it.

        Columns of files that this package does not know are text.
        """
        path = self.path / name
        return self._frames.read(path) if path.is_file() else None

    def predictions(self) -> F:
        """predictions.csv of every cell, in the order of `cells`, with condition, fold and seed in front.

        A row is a test utterance of a cell: utterance, speaker, truth, predicted, segments that voted, and a column p_CLASS for each
        class, with missing probabilities where a system gives none.
        """
        found = self._of_cells("predictions.csv", expected=True)
        if found is None:
            columns = ["condition", "fold", "seed", "utterance", "speaker", "truth", "predicted", "segments"]
            return self._frames.of_rows([], columns, "predictions.csv")
        return found

    def histories(self) -> F | None:
        """history.csv of every cell, with condition, fold and seed in front: stage, step, and what the trainings log.

        A value is missing where a stage or a cell does not log it.
        """
        return self._of_cells("history.csv")

    def diagnostics(self) -> F | None:
        """diagnostics.csv of every cell, with condition, fold and seed in front: what the judge says of samples (docs/judge.md)."""
        return self._of_cells("diagnostics.csv")

    def tables(self, report: Folder | None = None) -> dict[str, F]:
        """The tables of a report by the names of their files without .csv, such as `table`, `speakers` and `utterances`.

        `report` is the folder of a report, which holds its index.html; without one, `seraug report` makes one in a temporary folder,
        in a second or two. Raises `Error` where there is no report, or the program has an error.
        """
        if report is None:
            with tempfile.TemporaryDirectory() as folder:
                answer, _ = ask(["report", option("reports", folder), "--", self])
                return self.tables(Path(answer["page"]).parent)
        if not Path(report, "index.html").is_file():
            raise Error(f"{os.fspath(report)}: no report (no index.html); `seraug report` makes one", 1)
        return {path.stem: self._frames.read(path) for path in sorted(Path(report).glob("*.csv"))}

    def _of_cells(self, name: str, expected: bool = False) -> F | None:
        """A file of every cell; None where no cell has it. With `expected`, a cell with a result that lacks it is a note."""
        found, lacking = [], []
        for (condition, fold, seed), done in self._ended():
            path = self.path / "cells" / condition / f"fold-{fold}" / f"seed-{seed}" / name
            if path.is_file():
                found.append(self._frames.labelled(self._frames.read(path), condition, int(fold), int(seed)))
            elif done:
                lacking.append(path)
        if expected and lacking:
            missing = f"{lacking[0]}: not there, as that of {len(lacking)} cells with a result"
            warnings.warn(f"{missing}; their rows are missing", Note, stacklevel=3)
        return self._frames.joined(found) if found else None

    def _ended(self) -> Iterator[tuple[tuple[str, str, str], bool]]:
        """Condition, fold and seed of each row of outcomes.csv, and whether it has a result."""
        path = self.path / "outcomes.csv"
        if path.is_file():
            with open(path, encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    yield (row["condition"], row["fold"], row["seed"]), row["status"] == "done"


@overload
def load(run: Folder) -> Run[pd.DataFrame]: ...
@overload
def load(run: Folder, *, frames: Literal["pandas"]) -> Run[pd.DataFrame]: ...
@overload
def load(run: Folder, *, frames: Literal["polars"]) -> Run[pl.DataFrame]: ...


def load(run: Folder, *, frames: Library = "pandas") -> Run[Any]:
    """A run directory, such as results/quickstart/latest, as frames of pandas or polars. The program is not needed for it.

    Raises `Error` where that is no run, and where the library is not installed.
    """
    return opened(run, library(frames))


def opened(run: Folder, frames: Frames[F]) -> Run[F]:
    """As `load`, with a library that is there."""
    path = Path(run).resolve()
    if not (path / "run.toml").is_file():
        newest = path / "latest"
        example = newest if newest.exists() else "results/quickstart/latest"
        raise Error(f"{path}: no run (no run.toml); name a run directory, such as {example}")
    return Run(path, _toml(path / "spec.toml"), _toml(path / "run.toml"), frames)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as why:
        said = why.strerror if isinstance(why, OSError) else str(why)
        raise Error(f"{path}: cannot be read: {said}", 1) from None
