"""What the machine can do at most: matrix products and copies, as the floor of a work is counted in."""

import importlib.metadata
import platform

import torch

from clock import timed


def matmul(device: str, dtype: torch.dtype) -> dict:
    n = 1536 if device == "cpu" else 8192
    a, b = (torch.randn(n, n, device=device).to(dtype) for _ in range(2))
    out = torch.empty_like(a)
    best = fastest(device, lambda: torch.mm(a, b, out=out))
    return best | {"units": 2 * n**3}


def copy(device: str) -> dict:
    # Far larger than caches; read and written.
    source = torch.ones(2**26 if device == "cpu" else 2**28, device=device)
    target = torch.empty_like(source)
    best = fastest(device, lambda: target.copy_(source))
    return best | {"units": 2 * source.nbytes}


def fastest(device: str, work) -> dict:
    return min((timed(device, work) for _ in range(6)), key=lambda took: took["seconds"])


def versions(device: str) -> dict:
    found = {"python": platform.python_version()}
    for name in ("torch", "torchaudio", "numpy", "librosa", "scikit-learn", "openTSNE", "matplotlib"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "missing"
    if device != "cpu":
        found |= {"gpu": torch.cuda.get_device_name(), "cuda": torch.version.cuda,
                  "cudnn": str(torch.backends.cudnn.version())}  # fmt: skip
    return {"versions": found}


def run(request: dict) -> dict:
    """`kind`: f32, tf32, bf16 (a unit is a floating-point operation), copy (a byte read or written), or versions."""
    torch.set_num_threads(request.get("threads", 2))
    device, kind = request.get("device", "cpu"), request["kind"]
    if kind in ("copy", "versions"):
        return copy(device) if kind == "copy" else versions(device)
    torch.set_float32_matmul_precision("high" if kind == "tf32" else "highest")
    return matmul(device, torch.bfloat16 if kind == "bf16" else torch.float32)
