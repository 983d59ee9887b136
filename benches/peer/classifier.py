"""Training and use of the VGG classifier on segments of 128 frames (paper 3.1.1)."""

from functools import cache

import torch
from torch import nn

from clock import timed
from kinds import Kind, kind_of
from networks import PRESETS, count, vgg


class Training:
    def __init__(self, preset: str, batch: int, device: str, kind: Kind):
        torch.manual_seed(1)
        self.amp = kind.autocast(device)
        # Segments live on the device; batches are gathered from them.
        self.segments = torch.randn(1024, 1, 128, 128, device=device)
        self.labels = torch.randint(4, (1024,), device=device)
        self.batch, self.device = batch, device
        self.net = kind.lay_out(vgg(PRESETS[preset]).to(device))
        self.forward = kind.wrap(self.net)
        self.adam = torch.optim.Adam(self.net.parameters(), lr=3e-4)

    def step(self):
        at = torch.randint(1024, (self.batch,), device=self.device)
        self.adam.zero_grad(set_to_none=True)
        with self.amp:
            loss = nn.functional.cross_entropy(self.forward(self.segments[at]), self.labels[at])
        loss.backward()
        self.adam.step()


@cache
def training(preset, batch, device, kind):
    work = Training(preset, batch, device, kind)
    for _ in range(kind.warm_up):
        work.step()
    return work


def run(request: dict) -> dict:
    """`steps` steps of `batch` segments; a unit is a segment."""
    torch.set_num_threads(request.get("threads", 2))
    device, batch, steps = request.get("device", "cpu"), request.get("batch", 32), request.get("steps", 1)
    work = training(request.get("preset", "paper"), batch, device, kind_of(request))
    took = timed(device, lambda: [work.step() for _ in range(steps)])
    return took | {"units": steps * batch, "parameters": [count(work.net)]}
