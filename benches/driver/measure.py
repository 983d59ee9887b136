"""Paired rounds: ours, peer, ours, peer; never both at once."""

import sys
from collections.abc import Callable
from pathlib import Path

from records import Record, record
from rows import Row
from side import Side


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def rounds(
    row: Row, count: int, sides: Callable[[], tuple[Side, Side]], folder: Path
) -> list[Record]:
    """`count` rounds after one that makes what is measured. A side that fails there is not asked again."""
    made, failed = [], set()
    with_folder = row.request | {"folder": str(folder)}
    ours, peer = sides()
    with ours, peer:
        asked = {ours: with_folder | row.ours, peer: with_folder | {"kind": row.kind, "precision": row.precision}}
        for i in range(count + 1):
            for side in (ours, peer):
                if side in failed:
                    continue
                answer = side.ask(asked[side], row.first if side is peer and i == 0 else None)
                if "error" in answer:
                    failed.add(side)
                # An error of the first round counts: there is no other.
                round_ = max(i, 1) if "error" in answer else i
                made.append(record(row.id, side.name, row.kind, round_, row.request, answer))
                say(f"{row.id} round {i} {side.name}: " + shown(made[-1]))
    differ(made)
    return made


def shown(r: Record) -> str:
    return r.error or f"{r.seconds:.3f} s, {r.cpu_seconds:.3f} of CPUs, for {r.units:g}"


def differ(made: list[Record]) -> None:
    """Two sides whose networks differ in parameters do not do the same work."""
    counts = {r.side: r.extra("parameters") for r in made if r.extra("parameters") is not None}
    if len(counts) == 2 and counts["ours"] != counts["peer"]:
        for r in made:
            r.error = f"networks of {counts['ours']} parameters, of the peer {counts['peer']}"
