"""Tables as frames of pandas or polars: which column is a number, and the few things that both libraries do."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, Union

from seraug._program import Error

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

#: A library of frames.
Library = Literal["pandas", "polars"]
#: A path, or a frame that is written to a temporary file for the program.
Table = Union[str, "os.PathLike[str]", "pd.DataFrame", "pl.DataFrame"]
#: `text`; `int`; `count`, an integer that may be missing; `float`, which may be missing.
Kind = Literal["text", "int", "count", "float"]
#: A frame of the chosen library.
F = TypeVar("F")

#: The columns of each table of docs/results.md by their kind, `*` for any letters; the first that fits counts. All others are text:
#: an utterance may be called 001.
KINDS: dict[str, dict[Kind, str]] = {
    "outcomes.csv": {
        "int": "fold seed n_*",
        "count": "confusion_*",
        "float": "uar recall_* mean_recall_reduced accuracy macro_f1 weighted_f1 ece brier seconds_*",
    },
    "plan.csv": {"int": "fold seed n_*"},
    "counts.csv": {"count": "negative positive published_*"},
    "predictions.csv": {"int": "segments", "float": "p_*"},
    "history.csv": {"text": "stage", "int": "step", "float": "*"},
    "diagnostics.csv": {"int": "fold seed", "count": "n", "float": "value p"},
    "gallery.csv": {"int": "item frames", "float": "mean_db deviation_db"},
    "embedding.csv": {"text": "utterance condition class kind", "float": "*"},
    "measures.csv": {"text": "condition", "int": "points", "float": "*"},
    "table.csv": {"count": "n done planned", "float": "mean half published difference"},
    "other-measures.csv": {"count": "n", "float": "mean half"},
    "speakers.csv": {"int": "n", "float": "uar recall_*"},
    "by-attribute.csv": {"count": "speakers n", "float": "uar low high recall_*"},
    "utterances.csv": {"int": "tests right flips", "float": "p_truth"},
    # Of the answers of `seraug score --json`.
    "systems": {"text": "system condition", "int": "cells", "float": "*"},
    "pairs": {"text": "corpus first second quantity unit sentence", "float": "*"},
    "by": {"text": "value system", "int": "n", "float": "*"},
}


def kinds(table: str, columns: Iterable[str]) -> dict[str, Kind]:
    """The kind of each column of a table of `KINDS`; of another table all are text."""

    def kind(column: str) -> Kind:
        for kind, patterns in KINDS.get(table, {}).items():
            if any(fnmatchcase(column, pattern) for pattern in patterns.split()):
                return kind
        return "text"

    return {column: kind(column) for column in columns}


class Frames(Generic[F]):
    """What is needed of a library of frames."""

    def read(self, path: Path, table: str = "") -> F:
        """A CSV file as the table of that name, by default the file's own; an empty cell is missing.

        Raises `Error` where the file cannot be read or a number is none.
        """
        try:
            with open(path, encoding="utf-8", newline="") as file:
                columns = next(csv.reader(file), [])
            return self.read_as(path, kinds(table or path.name, columns))
        except Exception as why:
            first = (str(why).strip().splitlines() or [type(why).__name__])[0]
            raise Error(f"{path}: cannot be read as a table: {first}", 1) from why

    def read_as(self, path: Path, columns: Mapping[str, Kind]) -> F:
        """A CSV file whose columns are of these kinds."""
        raise NotImplementedError

    def of_rows(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], table: str) -> F:
        """Rows of an answer as the table of that name; without rows a frame of no rows. None is missing."""
        raise NotImplementedError

    def joined(self, frames: Sequence[F]) -> F:
        """All rows; what a frame has no column for is missing."""
        raise NotImplementedError

    def labelled(self, frame: F, condition: str, fold: int, seed: int) -> F:
        """A frame with these three columns in front."""
        raise NotImplementedError


class PandasFrames(Frames["pd.DataFrame"]):
    """pandas, from 2.0 on: str, int64, Int64 for integers that may be missing, float64."""

    TYPES: Mapping[Kind, Any] = {"text": "str", "int": "int64", "count": "Int64", "float": "float64"}

    def read_as(self, path: Path, columns: Mapping[str, Kind]) -> pd.DataFrame:
        import pandas as pd

        types = {column: self.TYPES[kind] for column, kind in columns.items()}
        # Before 3.1, which deprecates the option, pandas rounds the last digit of some numbers without it.
        old = tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1)
        exact: dict[str, Any] = {"float_precision": "round_trip"} if old else {}
        # A speaker may be called NA.
        frame: pd.DataFrame = pd.read_csv(path, dtype=types, keep_default_na=False, na_values=[""], **exact)
        return frame

    def of_rows(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], table: str) -> pd.DataFrame:
        import pandas as pd

        def column(name: str, kind: Kind) -> pd.Series[Any]:
            values = [row.get(name) for row in rows]
            # pandas 2 would write None as text.
            return pd.Series(values, dtype=None if kind == "text" and rows else self.TYPES[kind])

        return pd.DataFrame({name: column(name, kind) for name, kind in kinds(table, columns).items()})

    def joined(self, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
        import pandas as pd

        return pd.concat(frames, ignore_index=True)

    def labelled(self, frame: pd.DataFrame, condition: str, fold: int, seed: int) -> pd.DataFrame:
        labels: list[tuple[str, Any]] = [("condition", condition), ("fold", fold), ("seed", seed)]
        for at, (name, value) in enumerate(labels):
            frame.insert(at, name, value)
        return frame


class PolarsFrames(Frames["pl.DataFrame"]):
    """polars: String, Int64, Float64."""

    @staticmethod
    def types(columns: Mapping[str, Kind]) -> dict[str, Any]:
        """The schema of columns of these kinds."""
        import polars as pl

        of: Mapping[Kind, Any] = {"text": pl.String, "int": pl.Int64, "count": pl.Int64, "float": pl.Float64}
        return {column: of[kind] for column, kind in columns.items()}

    def read_as(self, path: Path, columns: Mapping[str, Kind]) -> pl.DataFrame:
        import polars as pl

        return pl.read_csv(path, schema_overrides=self.types(columns), infer_schema_length=0)

    def of_rows(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], table: str) -> pl.DataFrame:
        import polars as pl

        values = {column: [row.get(column) for row in rows] for column in columns}
        return pl.DataFrame(values, schema=self.types(kinds(table, columns)), strict=False)

    def joined(self, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
        import polars as pl

        return pl.concat(frames, how="diagonal")

    def labelled(self, frame: pl.DataFrame, condition: str, fold: int, seed: int) -> pl.DataFrame:
        import polars as pl

        labels = [
            pl.lit(condition, dtype=pl.String).alias("condition"),
            pl.lit(fold, dtype=pl.Int64).alias("fold"),
            pl.lit(seed, dtype=pl.Int64).alias("seed"),
        ]
        return frame.with_columns(labels).select("condition", "fold", "seed", *frame.columns)


def library(name: str) -> Frames[Any]:
    """The library of frames of that name. Raises `Error` where it is not installed."""
    known: dict[str, Callable[[], Frames[Any]]] = {"pandas": PandasFrames, "polars": PolarsFrames}
    if name not in known:
        raise Error(f"frames = `{name}`: expected pandas or polars")
    try:
        __import__(name)
    except ImportError as why:
        other = next(one for one in known if one != name)
        raise Error(f'{name} is not installed: pip install {name}, or choose frames="{other}" ({why})') from None
    return known[name]()


def file_of(table: Table, folder: Path, name: str) -> str:
    """The path of a table; a frame is written to `folder` as NAME.csv first.

    Named levels of the index of pandas become columns, others are left out. Raises `Error` for anything else than a path or a frame.
    """
    if isinstance(table, (str, os.PathLike)):
        return os.fspath(table)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.csv"
    given: Any = table
    if hasattr(given, "write_csv"):
        given.write_csv(path)
    elif hasattr(given, "to_csv") and hasattr(given, "columns"):
        levels = [level for level in given.index.names if level is not None and level not in given.columns]
        (given.reset_index(level=levels) if levels else given).to_csv(path, index=False)
    else:
        raise Error(f"expected the path of a table, or a frame of pandas or polars, not {type(table).__name__}")
    return str(path)
