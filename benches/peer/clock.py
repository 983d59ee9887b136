"""Seconds of a piece of work, the device's queue emptied before and after."""

import time

import torch


def timed(device: str, work) -> float:
    wait = torch.cuda.synchronize if device.startswith("cuda") else lambda: None
    wait()
    start = time.perf_counter()
    work()
    wait()
    return time.perf_counter() - start
