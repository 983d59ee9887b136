"""Memory of the same run in PyTorch: the corpus of table2 on the device, its copies, the augmentor, VGG19. One process."""

import resource
import time

import torch

from classifier import Training
from iteration import Iteration
from kinds import kind_of

UTTERANCES, TRAINED, COPIES, FRAMES = 5531, 1770, 4, 180


def run(request: dict) -> dict:
    """`peak`: the most resident bytes of this process; `device_peak`: the most that torch held on the device."""
    torch.set_num_threads(request.get("threads", 2))
    device, kind = request.get("device", "cpu"), kind_of(request)
    begun = time.perf_counter()
    mels = [torch.randn(FRAMES, 128) for _ in range(UTTERANCES)]
    bank = torch.cat(mels).to(device)
    del mels
    work = Iteration("paper", 32, 512, device, kind)
    work.step()
    copies = []
    with torch.inference_mode():
        for x, own in work.of_all(TRAINED):
            copies += [work.augmentor(x, own, *work.draw(len(x)))[:, :, :FRAMES].clone() for _ in range(COPIES)]
    del work
    training = Training("paper", 32, device, kind)
    for _ in range(3):
        training.step()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    on_device = 0 if device == "cpu" else torch.cuda.max_memory_reserved()
    return {"seconds": time.perf_counter() - begun, "units": 1, "peak": peak, "device_peak": on_device,
            "values": bank.numel() + sum(c.numel() for c in copies)}  # fmt: skip
