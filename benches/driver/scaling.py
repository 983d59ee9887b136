"""Cost against size: curves of both sides, and their slopes in logarithms."""

from collections.abc import Callable
from dataclasses import dataclass
from math import log

from records import Record, middle, paired
from rows import Row, titled

# By the curve's id: what the size is.
AXES = {"batch": "triplets of a batch", "frames": "frames of a window", "utterances": "utterances of a corpus"}
LINEAR = (0.85, 1.15)


@dataclass
class Curve:
    """Seconds at each size, of one side."""

    axis: str
    side: str
    kind: str
    points: list[tuple[int, float]]
    failed: list[str]

    @property
    def slope(self) -> float | None:
        """Of the regression line through the logarithms."""
        return slope(self.points)

    @property
    def steepest_end(self) -> float | None:
        """Between the two largest sizes, where a fixed cost weighs least."""
        return slope(self.points[-2:])


def slope(points: list[tuple[int, float]]) -> float | None:
    if len(points) < 2:
        return None
    xs, ys = [log(x) for x, _ in points], [log(y) for _, y in points]
    mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - mx) * (y - my) for x, y in zip(xs, ys)) / sum((x - mx) ** 2 for x in xs)


def curves(some: list[Row], measured: list[Record]) -> list[Curve]:
    """Of the rows of which something was measured."""
    made: dict[tuple[str, str], Curve] = {}
    for row in some:
        axis, size = row.id.removeprefix("size-").rsplit("-", 1)
        both = paired(measured, row.id)
        for side, of in (("ours", both.ours), ("peer", both.peer)):
            if not any(r.row == row.id for r in measured):
                continue
            curve = made.setdefault((axis, side), Curve(axis, side, row.kind, [], []))
            # A corpus is one piece of work; the unit of an iteration is the iteration.
            took = middle(of, lambda r: r.seconds if axis == "utterances" else r.each)
            if took:
                curve.points.append((int(size), took))
            else:
                curve.failed.append(size)
    return list(made.values())


def slope_table(made: list[Curve], table: Callable) -> str:
    lines = []
    for c in made:
        shown = lambda s: "–" if s is None else f"{s:.2f}"
        points = ", ".join(f"{x}: {y:.3g} s" for x, y in c.points)
        points += f"; failed: {', '.join(c.failed)}" * bool(c.failed)
        end = c.steepest_end
        linear = "–" if end is None else "yes" if LINEAR[0] <= end <= LINEAR[1] else f"**no** ({shown(end)})"
        who = "ours" if c.side == "ours" else titled(c.kind)
        lines.append([AXES[c.axis], who, shown(c.slope), shown(end), linear, points])
    header = ["size", "side", "slope", "slope of the last two", "linear there (0.85 to 1.15)", "seconds"]
    return table(header, lines, 2)
