"""ratios and sizes as SVG and PNG, in the colours of the project's other figures (Okabe and Ito 2008)."""

from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter, NullLocator

from records import Record, paired
from rows import Row, titled
from scaling import AXES, Curve

INK, PALE, GRID = "#222222", "#666666", "#dddddd"
OURS, PEER, MISSED = "#0072b2", "#999999", "#e69f00"
plt.rcParams |= {
    "font.family": "sans-serif", "font.size": 10, "svg.fonttype": "path", "svg.hashsalt": "seraug",
    "axes.edgecolor": GRID, "axes.labelcolor": PALE, "text.color": INK, "xtick.color": PALE, "ytick.color": INK,
    "axes.spines.top": False, "axes.spines.right": False, "figure.facecolor": "white",
}  # fmt: skip


def save(figure, out: Path, name: str) -> None:
    figure.savefig(out / f"{name}.svg", metadata={"Date": None})
    figure.savefig(out / f"{name}.png", dpi=200)
    plt.close(figure)


def ratios(out: Path, some: list[Row], measured: list[Record]) -> None:
    """One bar a row from 1 to its median ratio, with the range over the rounds and its target."""
    found = [(row, paired(measured, row.id)) for row in some if not row.id.startswith("start-")]
    found = [(row, both) for row, both in found if both.ratios]
    if not found:
        return
    figure, ax = plt.subplots(figsize=(5.2, 0.9 + 0.36 * len(found)), layout="constrained")
    ax.set_xscale("log")
    for y, (row, both) in enumerate(found):
        met = row.at_least is None or both.ratio >= row.at_least
        ax.barh(y, both.ratio - 1, left=1, height=0.62, color=OURS if met else MISSED)
        ax.plot([min(both.ratios), max(both.ratios)], [y, y], color=INK, linewidth=1.2)
        if row.at_least is not None:
            ax.plot([row.at_least] * 2, [y - 0.42, y + 0.42], color=INK, linewidth=1.6, linestyle=(0, (1.2, 1)))
        # In a column of its own, where no bar and no target is.
        ax.annotate(f"{both.ratio:.3g}x", (1.02, y), xycoords=ax.get_yaxis_transform(), va="center", color=INK if met else "#a06000")
    ax.set_yticks(range(len(found)), [f"{row.title}\nto {row.peer}" for row, _ in found], fontsize=8)
    ax.invert_yaxis()
    ax.axvline(1, color=PALE, linewidth=0.8)
    low, high = ax.get_xlim()
    ax.set_xlim(min(low, 0.8), high * 1.25)
    ticks = [t for t in (0.1, 0.2, 0.5, 1, 2, 4, 8, 16, 32, 64, 128) if ax.get_xlim()[0] <= t <= ax.get_xlim()[1]]
    ax.set_xticks(ticks, [f"{t:g}x" for t in ticks])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.grid(axis="x", color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.tick_params(length=0)
    ax.set_xlabel("times as fast as the peer; line: range over rounds;\ndotted: target, yellow where it is missed", fontsize=8)
    save(figure, out, "ratios")


def sizes(out: Path, made: list[Curve]) -> None:
    """A panel for each size, both sides in logarithms, and a line of slope 1."""
    axes = [a for a in AXES if any(c.axis == a and c.points for c in made)]
    if not axes:
        return
    figure, panels = plt.subplots(len(axes), 1, figsize=(5.2, 2.5 * len(axes)), layout="constrained", squeeze=False)
    for ax, axis in zip(panels[:, 0], axes):
        for c in (c for c in made if c.axis == axis and c.points):
            # The slower side's name above its end, the other's below: they do not meet.
            others = [o.points[-1][1] for o in made if o.axis == axis and o is not c and o.points]
            panel_line(ax, c, all(c.points[-1][1] >= y for y in others))
        ax.set_xscale("log")
        ax.set_yscale("log")
        sizes_ = sorted({x for c in made if c.axis == axis for x, _ in c.points})
        ax.set_xticks(sizes_, [f"{x:g}" for x in sizes_])
        ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g} s"))
        for one in (ax.xaxis, ax.yaxis):
            one.set_minor_locator(NullLocator())
        ax.margins(x=0.18, y=0.12)
        ax.grid(color=GRID, linewidth=0.6)
        ax.tick_params(length=0, labelsize=8, labelcolor=PALE)
        ax.set_xlabel(AXES[axis], fontsize=9)
        what = "import and features" if axis == "utterances" else "an iteration"
        ax.set_title(f"seconds of {what}; dotted: linear", fontsize=9, loc="left")
    save(figure, out, "sizes")


def panel_line(ax, c: Curve, above: bool) -> None:
    colour, marker = (OURS, "o") if c.side == "ours" else (PEER, "s")
    xs, ys = zip(*c.points)
    ax.plot(xs, ys, color=colour, marker=marker, markersize=4, linewidth=1.6)
    ax.plot(xs, [ys[-1] * x / xs[-1] for x in xs], color=colour, linewidth=0.9, linestyle=":")
    name = "seraug" if c.side == "ours" else titled(c.kind)
    slope = "" if c.slope is None else f"\nslope {c.slope:.2f}"
    ax.annotate(
        name + slope, (xs[-1], ys[-1]), (6, 0), textcoords="offset points",
        va="bottom" if above else "top", fontsize=8, color=colour,
    )  # fmt: skip
