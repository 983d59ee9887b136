"""Golden of tests/worker/augmentations.rs: a step of mixup, from plain torch.nn.

    python tests/golden/torch/generate_mixup.py        (PyTorch 2.11, CPU; rewrites mixup.safetensors)

Two batches, their classes, the share of the first, the weights of a linear model; its loss and gradient, without
and with class weights.
"""

import json
import struct
from pathlib import Path

import torch
from torch import nn

torch.manual_seed(2)
SHARE = 0.3
io = {
    "x1": torch.randn(5, 1, 4, 3),
    "x2": torch.randn(5, 1, 4, 3),
    "y1": torch.tensor([0, 1, 2, 1, 0]),
    "y2": torch.tensor([2, 1, 0, 0, 1]),
    "w": torch.randn(12, 3),
    "class_weights": torch.tensor([0.5, 1.0, 4.0]),
}
for name, weights in [("plain", None), ("weighted", io["class_weights"])]:
    w = nn.Parameter(io["w"].clone())
    criterion = nn.CrossEntropyLoss(weight=weights)
    logits = (SHARE * io["x1"] + (1 - SHARE) * io["x2"]).flatten(1) @ w
    loss = SHARE * criterion(logits, io["y1"]) + (1 - SHARE) * criterion(logits, io["y2"])
    loss.backward()
    io |= {f"{name}.loss": loss, f"{name}.gradient": w.grad}

header, blob = {}, b""
for key, tensor in io.items():
    raw = tensor.detach().contiguous().numpy().tobytes()
    kind = {torch.float32: "F32", torch.int64: "I64"}[tensor.dtype]
    header[key] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [len(blob), len(blob) + len(raw)]}
    blob += raw
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
Path(__file__).with_name("mixup.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + blob)
