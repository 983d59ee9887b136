"""results.csv: every single measurement, and what is worked out from them."""

import csv
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import median


@dataclass
class Record:
    """One measurement of one side. Round 0 is the first answer, which is not counted where others follow."""

    row: str
    side: str
    kind: str
    round: int
    threads: int
    units: float = 0.0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    other: str = "{}"
    error: str = ""

    @property
    def each(self) -> float:
        """Seconds a unit."""
        return self.seconds / self.units

    def extra(self, name: str):
        return json.loads(self.other).get(name)


def record(row: str, side: str, kind: str, round_: int, request: dict, answer: dict) -> Record:
    """Of an answer. What it says beside the common columns goes to `other`."""
    common = ("units", "seconds", "cpu_seconds", "error")
    made = Record(row, side, kind, round_, request.get("threads", 0))
    for name in common:
        if name in answer:
            setattr(made, name, answer[name])
    rest = {k: v for k, v in answer.items() if k not in common}
    made.other = json.dumps(rest, sort_keys=True)
    if not made.error and not made.seconds > 0:
        made.error = "an answer without seconds"
    return made


def write(path: Path, records: list[Record]) -> None:
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, [f.name for f in fields(Record)], lineterminator="\n")
        writer.writeheader()
        for r in records:
            shown = asdict(r)
            for name in ("seconds", "cpu_seconds"):
                shown[name] = f"{shown[name]:.6g}"
            writer.writerow(shown)


def read(path: Path) -> list[Record]:
    with open(path, newline="") as file:
        return [
            Record(**{f.name: f.type(line[f.name]) for f in fields(Record)}) for line in csv.DictReader(file)
        ]


@dataclass
class Paired:
    """A row's measurements: seconds a unit of both sides, and their ratio of each round."""

    ours: list[Record]
    peer: list[Record]
    error: str

    @property
    def ratios(self) -> list[float]:
        theirs = {r.round: r.each for r in self.peer}
        return [theirs[r.round] / r.each for r in self.ours if r.round in theirs]

    @property
    def ratio(self) -> float | None:
        return median(self.ratios) if self.ratios else None


def paired(records: list[Record], row: str) -> Paired:
    """The counted measurements of `row`, with the first error of each side."""
    mine = [r for r in records if r.row == row and r.round > 0]
    good = lambda side: [r for r in mine if r.side == side and not r.error]
    failed = {r.side: f"{r.side}: {r.error}" for r in reversed(mine) if r.error}
    return Paired(good("ours"), good("peer"), "; ".join(failed[s] for s in ("ours", "peer") if s in failed))


def middle(records: list[Record], value=lambda r: r.each) -> float | None:
    return median(map(value, records)) if records else None
