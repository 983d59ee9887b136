"""Four augmentations of each utterance, and the classification of the test segments (paper 3.1.2)."""

from functools import cache

import torch

from clock import timed
from kinds import Kind, kind_of
from networks import PRESETS, Augmentor, count, vgg

FRAMES, BATCH = 512, 32


class Inference:
    def __init__(self, utterances: int, device: str, kind: Kind):
        torch.manual_seed(1)
        self.amp = kind.autocast(device)
        self.device = device
        self.windows = torch.randn(utterances, 1, FRAMES, 128, device=device)
        self.own = torch.full((utterances,), FRAMES, device=device)
        sizes = PRESETS["paper"]
        networks = (Augmentor(FRAMES, sizes.augmentor, sizes.decoder), vgg(sizes))
        self.augmentor, self.net = (kind.lay_out(n.to(device)).eval() for n in networks)
        self.augment, self.classify = kind.wrap(self.augmentor), kind.wrap(self.net)

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
def built(utterances, device, kind):
    work = Inference(utterances, device, kind)
    for _ in range(kind.warm_up):
        work.once()
    return work


def run(request: dict) -> dict:
    """`utterances` of 512 frames, each augmented four times and classified as four segments; a unit is an utterance."""
    torch.set_num_threads(request.get("threads", 2))
    device, utterances = request.get("device", "cpu"), request.get("utterances", 16)
    work = built(utterances, device, kind_of(request))
    parameters = [count(n) for n in (work.augmentor, work.net)]
    return timed(device, work.once) | {"units": utterances, "parameters": parameters}
