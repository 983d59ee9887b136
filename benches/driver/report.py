"""report.md and the figures, from results.csv and machine.json alone."""

import json
from pathlib import Path

import flops
import programs
import records
import rows
from floors import best_rate, floor
from records import Paired, Record, middle, paired
from rows import Row
from scaling import curves, slope_table


def write(out: Path) -> None:
    """Everything in `out` but the measurements."""
    machine = json.loads((out / "machine.json").read_text())
    measured = records.read(out / "results.csv")
    parts = [head(machine, measured), compared(machine, measured), floors(machine, measured), sizes(machine, measured)]
    parts += [arithmetic(), machine_table(machine)]
    (out / "report.md").write_text("\n\n".join(filter(None, parts)) + "\n")
    try:
        import figures
    except ImportError as error:
        print(f"bench: no figures ({error}): just bench --redraw {out}, where matplotlib is")
        return
    figures.ratios(out, compared_rows(machine), measured)
    figures.sizes(out, curves(rows.sizes(machine["quick"], machine["device"]), measured))


def head(machine: dict, measured: list[Record]) -> str:
    name = machine.get("gpu") or machine["cpu"]
    # Calls of `--add` may each have had a number of their own.
    timed = [row.id for row in compared_rows(machine) if not row.id.startswith("start-")]
    counts = {len(paired(measured, row).ratios) for row in timed} - {0}
    rounds = " to ".join(str(n) for n in sorted({min(counts), max(counts)})) if counts else "no"
    quick = " **A quick check with small units: its figures mean nothing.**" if machine["quick"] else ""
    return (
        f"# Bench: {name}, {machine['cores']} cores\n\n"
        f"Measured {machine['begun']} to {machine['ended']} at revision {machine['revision']}, "
        f"load {machine['load at the start']} at the start and {machine['load at the end']} at the end.{quick}\n\n"
        f"Both sides in turn on the same machine, {rounds} rounds after one that warms up; medians, and in "
        "brackets the least and the greatest. ratio: seconds of the peer over ours, in each round; above 1 we are "
        "faster. CPU: seconds of all threads. Every single measurement is in results.csv.\n\n"
        "![Ratios](ratios.svg)"
    )


def compared_rows(machine: dict) -> list[Row]:
    quick, device = machine["quick"], machine["device"]
    data = rows.presets(quick) + rows.data(quick) if device == "cpu" else []
    return rows.networks(quick, device) + data + programs.starts(quick)


def table(header: list[str], lines: list[list[str]], numbers_from: int = 1) -> str:
    rule = [":--" if i < numbers_from else "--:" for i in range(len(header))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [header, rule, *lines])


def compared(machine: dict, measured: list[Record]) -> str:
    header = ["work", "peer", "ours, s a unit", "CPU", "peer, s a unit", "CPU", "ratio", "target", "met"]
    lines = [line(row, paired(measured, row.id)) for row in compared_rows(machine) if has(measured, row)]
    lines += [memory_line(id, measured, machine) for id in programs.MEMORY if any(r.row == id for r in measured)]
    units = (
        "Units: an iteration of 32 triplets of 512 frames (small: 8 of 128; tiny: 8 of 64); a segment; an utterance of 512 frames, augmented four times "
        "and classified; a second of audio; a point; a start (the fastest of several)."
    )
    return "## Ratios\n\n" + table(header, lines, 2) + "\n\n" + units


def has(measured: list[Record], row: Row) -> bool:
    return any(r.row == row.id for r in measured)


def line(row: Row, both: Paired) -> list[str]:
    least = row.id.startswith("start-")
    seconds = lambda side: spread([r.each for r in side], least)
    cpu = lambda side: number(middle(side, lambda r: r.cpu_seconds / r.units))
    wanted, met = target(row, both)
    cells = [row.title, row.peer, seconds(both.ours), cpu(both.ours), seconds(both.peer), cpu(both.peer)]
    if both.error:
        return [*cells, both.error.replace("|", "/"), wanted, "failed"]
    return [*cells, spread(both.ratios, suffix="x"), wanted, met]


def target(row: Row, both: Paired) -> tuple[str, str]:
    if row.at_least is not None:
        met = both.ratio is not None and both.ratio >= row.at_least
        wanted = f">= {row.at_least:g}x"
        kls = [middle(side, lambda r: r.extra("kl") or 0.0) for side in (both.ours, both.peer)]
        if row.request["work"] == "tsne" and None not in kls:
            met = met and kls[0] <= kls[1]
            wanted += f", KL {kls[0]:.3f} <= {kls[1]:.3f}"
        return wanted, yes(met)
    if row.at_most is not None and both.ours:
        if row.id.startswith("start-"):
            return f"< {row.at_most * 1e3:g} ms", yes(min(r.seconds for r in both.ours) < row.at_most)
        took = middle(both.ours, lambda r: r.seconds)
        return f"<= {row.at_most:g} s (took {took:.1f})", yes(took <= row.at_most)
    return "–", "–"


def memory_line(id: str, measured: list[Record], machine: dict) -> list[str]:
    mine = {r.side: r for r in measured if r.row == id}
    gpu = machine["device"] != "cpu"
    peak = lambda r: (r.extra("device_peak" if gpu else "peak") or 0) / 1e9
    shown = lambda side: (mine[side].error or f"{peak(mine[side]):.2f} GB") if side in mine else "–"
    most = 8 if gpu else 2
    met = "ours" in mine and not mine["ours"].error and peak(mine["ours"]) <= most
    both = "ours" in mine and "peer" in mine and not mine["ours"].error and not mine["peer"].error
    ratio = f"{peak(mine['peer']) / peak(mine['ours']):.2f}x" if both and peak(mine["ours"]) else "–"
    cells = [programs.MEMORY[id][1], "eager f32" if "peer" in mine else "–", shown("ours"), "–", shown("peer"), "–"]
    return [*cells, ratio, f"<= {most} GB", yes(met)]


def floors(machine: dict, measured: list[Record]) -> str:
    gpu = machine["device"] != "cpu"
    rates = []
    for kind in ("f32", "tf32", "bf16", "copy"):
        for threads in (1, 2):
            found = best_rate(measured, kind, threads)
            if found:
                what = "copies, read and written" if kind == "copy" else f"{kind} matrix products"
                on = "" if gpu else f", {threads} thread{'s' * (threads > 1)}"
                unit = "GB/s" if kind == "copy" else "GFLOP/s"
                rates.append(f"- {what}{on}: {found / 1e9:.1f} {unit}")
    lines = []
    for row in compared_rows(machine):
        found = floor(row, measured) if has(measured, row) else None
        if found:
            percent = lambda share: f"{100 * share:.0f} %" if share else "–"
            lines.append([row.title, row.peer, f"{found.operations / 1e9:.4g}", f"{found.bytes / 1e9:.3g}",
                          f"{found.seconds:.3g}", percent(found.ours), percent(found.peer)])  # fmt: skip
    if not lines:
        return ""
    header = ["work", "peer", "GFLOP a unit", "GB a unit", "our floor, s", "ours reaches", "peer reaches"]
    return (
        "## Floors\n\nWhat this machine did at most, the best of the start and the end of the run:\n\n"
        + "\n".join(rates)
        + "\n\nfloor: operations at the rate of matrix products, then bytes of parameters at the rate of copies. Each "
        "side is held against the rate of the numbers it multiplies in. "
        "Activations, and what a Winograd convolution saves, are not counted; nor is what a phase could share with "
        "another, so that more than 100 % is possible.\n\n" + table(header, lines, 2)
    )


def sizes(machine: dict, measured: list[Record]) -> str:
    made = curves(rows.sizes(machine["quick"], machine["device"]), measured)
    if not made:
        return ""
    return (
        "## Cost against size\n\n![Cost against size](sizes.svg)\n\nSeconds an iteration (of 32 triplets of 512 frames "
        "where it is not the size), or of an import with features (0.5 s of audio an utterance). slope: of the "
        "regression line through the logarithms, 1 is linear and less a fixed cost that small sizes carry.\n\n"
        + slope_table(made, table)
    )


def arithmetic() -> str:
    lines = [[name, f"{net.macs / 1e6:.1f}", f"{net.first / 1e6:.1f}", f"{net.parameters:,}".replace(",", " ")]
             for name, net in ((name, make()) for name, make in flops.NETS.items())]  # fmt: skip
    terms, inference = flops.iteration({"batch": 32, "frames": 512}).terms, flops.inference({}).terms
    return (
        "## Arithmetic\n\n"
        + table(["network, 512 frames; V a segment of 128", "million multiply-accumulates", "first layer", "parameters"], lines)
        + "\n\nN is a forward pass of network N for one window, dN its backward pass with gradients of weights: 2N less "
        "its first layer, which passes nothing on. Through a frozen network: N.\n\n"
        f"- iteration: {terms}\n- VGG19 training: V + dV a segment\n- inference: {inference} an utterance\n\n"
        "Bytes: ten floats a parameter and step (forward and backward read it; Adam reads and writes it and two moments, "
        "and reads the gradient that was written), and one for each pass through a frozen network. "
        "benches/driver/flops.py has it as code."
    )


def machine_table(machine: dict) -> str:
    return "## Machine\n\n" + table(["", ""], [[str(k), str(v)] for k, v in machine.items()], 2)


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def spread(values: list[float], least: bool = False, suffix: str = "") -> str:
    if not values:
        return "–"
    middle_ = min(values) if least else sorted(values)[len(values) // 2] if len(values) % 2 else (
        sum(sorted(values)[len(values) // 2 - 1 : len(values) // 2 + 1]) / 2
    )
    if len(values) == 1:
        return f"{number(middle_)}{suffix}"
    return f"{number(middle_)}{suffix} [{number(min(values))}, {number(max(values))}]"


def yes(met: bool) -> str:
    return "yes" if met else "**no**"
