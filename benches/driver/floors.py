"""The floor of a row: its operations at the measured rate of matrix products, and its bytes at that of copies."""

from dataclasses import dataclass

import flops
from records import Record, middle, paired
from rows import Row


@dataclass
class Floor:
    """Seconds a unit of ours, and the share of its own floor that each side reaches (1: at the floor)."""

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
    work = flops.WORKS[row.floor](row.request)
    copies = best_rate(records, "copy", threads)

    def least(precision: str) -> float | None:
        products = best_rate(records, precision, threads)
        return work.operations / products + work.bytes / copies if products and copies else None

    def share(seconds: float | None, took: float | None) -> float | None:
        return seconds / took if seconds and took else None

    seconds = least(row.precision if gpu else "f32")
    if seconds is None:
        return None
    both = paired(records, row.id)
    theirs = share(least(of_peer(row)), middle(both.peer))
    return Floor(work.operations, work.bytes, seconds, share(seconds, middle(both.ours)), theirs)


def of_peer(row: Row) -> str:
    """The numbers that the peer multiplies in. Opposite our bf16 a peer of f32 has PyTorch's own setting, by which cuDNN
    takes TF32: convolutions are most of the works."""
    if row.kind == "bf16":
        return "bf16"
    if row.request["device"] == "cpu":
        return "f32"
    return "tf32" if row.precision == "bf16" else row.precision
