"""Four augmentations of each utterance, and the classification of the test segments (paper 3.1.2)."""

from functools import cache

import torch

from clock import timed
from networks import Augmentor, vgg19

FRAMES, BATCH = 512, 32


class Inference:
    def __init__(self, utterances: int, device: str, compiled: bool, bf16: bool):
        torch.manual_seed(1)
        self.amp = torch.autocast(device, torch.bfloat16, enabled=bf16)
        self.device = device
        self.windows = torch.randn(utterances, 1, FRAMES, 128, device=device)
        self.own = torch.full((utterances,), FRAMES, device=device)
        self.augmentor, self.net = Augmentor(FRAMES).to(device).eval(), vgg19().to(device).eval()
        wrap = torch.compile if compiled else lambda f: f
        self.augment, self.classify = wrap(self.augmentor), wrap(self.net)

    @torch.inference_mode()
    def once(self):
        with self.amp:
            made, logits = [], []
            for x, own in zip(self.windows.split(BATCH), self.own.split(BATCH)):
                for _ in range(4):
                    noise = torch.randn(len(x), self.augmentor.noise, device=self.device)
                    epsilon = torch.empty(len(x), device=self.device).uniform_(0.05, 0.3)
                    made.append(self.augment(x, own, noise, epsilon))
            for segments in self.windows.view(-1, 1, 128, 128).split(BATCH):
                logits.append(self.classify(segments))
            return torch.cat(logits).cpu(), torch.cat(made)


@cache
def built(utterances, device, compiled, bf16):
    work = Inference(utterances, device, compiled, bf16)
    work.once()
    return work


def run(request: dict) -> dict:
    """`utterances` of 512 frames, each augmented four times and classified as four segments; a unit is an utterance."""
    torch.set_num_threads(request.get("threads", 2))
    kind, device, count = request.get("kind", "eager"), request.get("device", "cpu"), request.get("utterances", 16)
    work = built(count, device, kind == "compile", kind == "bf16")
    return {"seconds": timed(device, work.once), "units": count}
