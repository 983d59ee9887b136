"""The floor of a row: its operations at the measured rate of matrix products, and its bytes at that of copies."""

from dataclasses import dataclass

import flops
from records import Record, middle, paired
from rows import Row


@dataclass
class Floor:
    """Seconds a unit, and the share of it that each side reaches (1: at the floor)."""

    operations: float
    bytes: float
    seconds: float
    ours: float | None
    peer: float | None


def best_rate(records: list[Record], kind: str, threads: int) -> float | None:
    """Units a second, the best of those measured."""
    found = [r.units / r.seconds for r in records if r.row == f"rate-{kind}-{threads}" and not r.error]
    return max(found) if found else None


def floor(row: Row, records: list[Record]) -> Floor | None:
    """Operations and bytes are taken one after the other, as the update follows the gradient."""
    if row.floor is None:
        return None
    gpu = row.request["device"] != "cpu"
    threads = 2 if gpu else row.request["threads"]
    precision = row.ours.get("precision", "f32")
    products = best_rate(records, precision if gpu else "f32", threads)
    copies = best_rate(records, "copy", threads)
    if products is None or copies is None:
        return None
    work = flops.WORKS[row.floor](row.request)
    seconds = work.operations / products + work.bytes / copies
    both = paired(records, row.id)
    share = lambda took: seconds / took if took else None
    return Floor(work.operations, work.bytes, seconds, share(middle(both.ours)), share(middle(both.peer)))
