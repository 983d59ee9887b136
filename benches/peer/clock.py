"""Seconds of a piece of work, the device's queue emptied before and after."""

import time

import torch


def timed(device: str, work) -> dict:
    """`seconds` on the wall and `cpu_seconds` of all threads of this process."""
    wait = torch.cuda.synchronize if device.startswith("cuda") else lambda: None
    wait()
    start, used = time.perf_counter(), time.process_time()
    work()
    wait()
    return {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - used}
