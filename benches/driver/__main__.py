"""Measures both sides in turn and writes reports/bench/<machine>/: results.csv, machine.json, report.md and figures."""

import argparse
import json
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import machine
import measure
import programs
import records
import report
import rows
from build import Programs
from measure import say
from records import Record, record
from rows import Row
from side import Side, ours, peer


def arguments() -> argparse.Namespace:
    p = argparse.ArgumentParser(prog="just bench", description=__doc__)
    p.add_argument("--quick", action="store_true", help="small units, one round, minutes: whether everything works")
    p.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    p.add_argument("--rounds", type=int, help="rounds of every row (3; 1 with --quick)")
    p.add_argument("--only", default="", metavar="ID,ID", help="rows whose id begins so; not into reports/bench")
    p.add_argument("--out", type=Path, help="where to write, in place of reports/bench/<machine>")
    p.add_argument("--add", action="store_true", help="keep the other rows of results.csv there, of the same revision")
    p.add_argument("--scratch", type=Path, help="for fixtures, 5 GB (below cargo's target folder)")
    p.add_argument("--limit", type=float, default=3600, metavar="S", help="longest that one answer may take")
    p.add_argument("--redraw", type=Path, metavar="DIR", help="measure nothing: report and figures of DIR's results.csv")
    return p.parse_args()


class Bench:
    """What a call of `just bench` is about."""

    def __init__(self, args: argparse.Namespace):
        self.args = args
        self.rounds = args.rounds or (1 if args.quick else 3)
        target = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
        self.scratch = (args.scratch or target / "bench").resolve()
        self.scratch.mkdir(parents=True, exist_ok=True)
        self.programs = Programs.find(target)
        self.records: list[Record] = []

    def sides(self) -> tuple[Side, Side]:
        return ours(self.programs.work, self.args.limit), peer(self.args.limit)

    def wanted(self, some: list[Row]) -> list[Row]:
        prefixes = tuple(filter(None, self.args.only.split(","))) or ("",)
        return [row for row in some if row.id.startswith(prefixes)]

    def ask_peer(self, request: dict) -> dict:
        with peer(self.args.limit) as side:
            return side.ask(request)

    def rates(self) -> None:
        """At the start and at the end: the best of both counts."""
        gpu = self.args.device != "cpu"
        for kind in ("f32", "tf32", "bf16", "copy") if gpu else ("f32", "copy"):
            for threads in (2,) if gpu else (2, 1):
                request = {"work": "rates", "kind": kind, "device": self.args.device, "threads": threads}
                answer = self.ask_peer(request)
                self.records.append(record(f"rate-{kind}-{threads}", "peer", kind, 1, request, answer))
                say(f"rate {kind}, {threads} threads: " + rate(self.records[-1]))

    def measure(self) -> None:
        args = self.args
        gpu = args.device != "cpu"
        compared = rows.networks(args.quick, args.device)
        compared += [] if gpu else rows.presets(args.quick) + rows.data(args.quick)
        for row in self.wanted(compared):
            self.records += measure.rounds(row, self.rounds, self.sides, self.scratch)
        self.starts()
        self.memory()
        for row in self.wanted(rows.sizes(args.quick, args.device)):
            self.records += measure.rounds(row, min(self.rounds, 1 if not gpu else 3), self.sides, self.scratch)

    def starts(self) -> None:
        for row in self.wanted(programs.starts(self.args.quick)):
            made = self.corpus() if row.id == "start-plan" else {}
            if "error" in made:
                self.records.append(record(row.id, "ours", row.kind, 1, {}, made))
                continue
            self.records += programs.start(row, self.programs.seraug, 4 * self.rounds, made.get("corpora"))

    def corpus(self) -> dict:
        """`corpora`: the folder of the corpus that the row of import and features is about, which our side writes."""
        r = rows.corpus(self.args.quick)
        corpora = self.scratch / f"{r['seconds']}-{r['utterances']}-{r['rate']}"
        if not (corpora / "bench/table.csv").exists():
            with ours(self.programs.work, self.args.limit) as side:
                made = side.ask(r | {"folder": str(self.scratch)})
            if "error" in made:
                return made
        return {"corpora": corpora}

    def memory(self) -> None:
        """Of a run on that corpus."""
        args = self.args
        wanted = self.wanted([Row(id, title, "", {}) for id, (_, title) in programs.MEMORY.items()])
        if args.quick:
            wanted = [row for row in wanted if row.id == "memory-tiny"]
        if not wanted:
            return
        made = self.corpus()
        for row in wanted:
            if "error" in made:
                failed = record(row.id, "ours", row.kind, 1, {}, made)
                self.records.append(failed)
                continue
            self.records.append(programs.memory(row, self.programs.seraug, made["corpora"], args.device, args.limit))
            if row.id == "memory-paper":
                request = {"work": "memory", "device": args.device, "threads": 2}
                self.records.append(record(row.id, "peer", "eager", 1, request, self.ask_peer(request)))


def rate(r: Record) -> str:
    return r.error or f"{r.units / r.seconds / 1e9:.1f} G/s"


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def main() -> None:
    args = arguments()
    if args.redraw:
        report.write(args.redraw)
        return
    bench = Bench(args)
    versions = bench.ask_peer({"work": "rates", "kind": "versions", "device": args.device})
    if "error" in versions:
        raise SystemExit(f"bench: the peer does not run: {versions['error']}")
    described = machine.describe(versions["versions"])
    described |= {"device": args.device, "quick": args.quick, "begun": now()}
    folder = "bench" if not (args.quick or args.only) else "bench-part"
    out = args.out or Path("reports", folder, machine.slug(described))
    earlier = kept(out, described) if args.add else []
    say(f"{machine.slug(described)}, load {described['load at the start']}, into {out}")
    # Of a limit, such as that of tests/gpu/check.sh.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    stopped = False
    try:
        bench.rates()
        bench.measure()
        bench.rates()
    except KeyboardInterrupt:
        say("stopped: what was measured until now is kept")
        stopped = True
    described["ended"] = now()
    described["load at the end"] = " ".join(f"{load:.2f}" for load in os.getloadavg())
    if (out / "machine.json").exists() and not args.add:
        old = json.loads((out / "machine.json").read_text())
        say(f"replacing {out}, measured {old['begun']} at revision {old['revision']}")
    out.mkdir(parents=True, exist_ok=True)
    again = {r.row for r in bench.records}
    records.write(out / "results.csv", [r for r in earlier if r.row not in again] + bench.records)
    (out / "machine.json").write_text(json.dumps(described, indent=1) + "\n")
    report.write(out)
    failed = sorted({r.row for r in bench.records if r.error})
    if failed:
        say(f"rows that failed: {', '.join(failed)}")
    print(out / "report.md")
    sys.exit(130 if stopped else 3 if failed else 0)


def kept(out: Path, described: dict) -> list[Record]:
    """The rows that are there, if they are of this machine and revision: others would not be comparable."""
    if not (out / "machine.json").exists():
        return []
    old = json.loads((out / "machine.json").read_text())
    for name in ("revision", "cpu", "device"):
        if old[name] != described[name]:
            raise SystemExit(f"bench: --add: {out} is of {name} {old[name]}, this is {described[name]}: leave --add out")
    described["begun"] = old["begun"]
    return records.read(out / "results.csv")


main()
