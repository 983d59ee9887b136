"""Training and use of the VGG19 classifier on segments of 128 frames (paper 3.1.1)."""

from functools import cache

import torch
from torch import nn

from clock import timed
from networks import vgg19


class Training:
    def __init__(self, batch: int, device: str, compiled: bool, bf16: bool):
        torch.manual_seed(1)
        self.amp = torch.autocast(device, torch.bfloat16, enabled=bf16)
        # Segments live on the device; batches are gathered from them.
        self.segments = torch.randn(1024, 1, 128, 128, device=device)
        self.labels = torch.randint(4, (1024,), device=device)
        self.batch, self.device = batch, device
        self.net = vgg19().to(device)
        self.forward = torch.compile(self.net) if compiled else self.net
        self.adam = torch.optim.Adam(self.net.parameters(), lr=3e-4)

    def step(self):
        at = torch.randint(1024, (self.batch,), device=self.device)
        self.adam.zero_grad(set_to_none=True)
        with self.amp:
            loss = nn.functional.cross_entropy(self.forward(self.segments[at]), self.labels[at])
        loss.backward()
        self.adam.step()


@cache
def training(batch, device, compiled, bf16):
    work = Training(batch, device, compiled, bf16)
    for _ in range(3 if compiled else 1):
        work.step()
    return work


def run(request: dict) -> dict:
    """`steps` steps of `batch` segments; a unit is a segment."""
    torch.set_num_threads(request.get("threads", 2))
    kind, device, batch = request.get("kind", "eager"), request.get("device", "cpu"), request.get("batch", 32)
    work = training(batch, device, kind == "compile", kind == "bf16")
    steps = request.get("steps", 1)
    return {"seconds": timed(device, lambda: [work.step() for _ in range(steps)]), "units": steps * batch}
