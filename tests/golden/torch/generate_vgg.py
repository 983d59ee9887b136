"""Goldens of tests/worker/classifier.rs: a narrow VGG in torchvision's layout, from plain torch.nn.

    python tests/golden/torch/generate_vgg.py        (PyTorch 2.11, CPU; rewrites the files beside it)

vgg_plain.safetensors, vgg_bn.safetensors: weights by torchvision's names, and running statistics.
vgg_cases.safetensors: an input, the logits and what else the tests compare.
"""

import json
import struct
from pathlib import Path

import torch
from torch import nn

WIDTHS, DEPTHS, POOLED, HEAD, CLASSES = [2, 3, 4, 4, 5], [1, 2, 1, 1, 1], 3, 8, 3
HERE = Path(__file__).parent


def vgg(batch_norm: bool, shrink: int) -> nn.Module:
    """torchvision.models.vgg.make_layers and VGG, with one input channel and an average pool before."""
    layers, channels = [], 1
    for width, depth in zip(WIDTHS, DEPTHS):
        for _ in range(depth):
            layers.append(nn.Conv2d(channels, width, kernel_size=3, padding=1))
            layers += [nn.BatchNorm2d(width)] * batch_norm + [nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
    net = nn.Module()
    net.features = nn.Sequential(*layers)
    net.classifier = nn.Sequential(
        nn.Linear(channels * POOLED * POOLED, HEAD), nn.ReLU(), nn.Dropout(0.0),
        nn.Linear(HEAD, HEAD), nn.ReLU(), nn.Dropout(0.0),
        nn.Linear(HEAD, CLASSES),
    )  # fmt: skip
    pool = nn.AdaptiveAvgPool2d((POOLED, POOLED))
    before = nn.AvgPool2d(shrink)
    net.forward = lambda x: net.classifier(torch.flatten(pool(net.features(before(x))), 1))
    for p in net.parameters():
        nn.init.normal_(p, std=0.5)
    return net


def weights(net: nn.Module) -> dict:
    return {k: v.clone() for k, v in net.state_dict().items() if "num_batches" not in k}


def save(name: str, tensors: dict) -> None:
    """The safetensors format: length of a JSON header, the header, the values."""
    header, blob = {}, b""
    for key, tensor in tensors.items():
        raw = tensor.detach().contiguous().numpy().tobytes()
        kind = {torch.float32: "F32", torch.float64: "F64", torch.int64: "I64"}[tensor.dtype]
        header[key] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [len(blob), len(blob) + len(raw)]}
        blob += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (HERE / name).write_bytes(struct.pack("<Q", len(text)) + text + blob)


def main() -> None:
    torch.manual_seed(1)
    x = torch.randn(3, 1, 64, 96)
    y = torch.tensor([0, 2, 1])
    cases = {"x": x, "y": y}

    plain = vgg(batch_norm=False, shrink=1)
    logits = plain(x)
    nn.functional.cross_entropy(logits, y).backward()
    save("vgg_plain.safetensors", weights(plain))
    cases["plain.logits"] = logits
    cases["plain.gradient"] = torch.cat([p.grad.flatten() for p in plain.parameters()])

    normed = vgg(batch_norm=True, shrink=2)
    normed.train()
    normed(torch.randn(8, 1, 64, 96))  # running statistics other than 0 and 1
    save("vgg_bn.safetensors", weights(normed))
    normed.eval()
    cases["bn.logits"] = normed(x)
    normed.train()
    cases["bn.train_logits"] = normed(x)
    cases["bn.running"] = torch.cat([v.flatten() for k, v in weights(normed).items() if "running" in k])

    # Class weights are the inverse of the shares of 10, 3 and 1 segments.
    counts = torch.tensor([10.0, 3.0, 1.0])
    loss_logits = torch.randn(6, 3)
    labels = torch.tensor([0, 0, 1, 2, 0, 1])
    inverse = nn.CrossEntropyLoss(weight=1 / (counts / counts.sum()))
    cases |= {"loss.logits": loss_logits, "loss.labels": labels, "loss.weighted": inverse(loss_logits, labels)}
    cases["loss.plain"] = nn.CrossEntropyLoss()(loss_logits, labels)

    optimiser = torch.optim.SGD([torch.zeros(1)], lr=3e-4)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=50)
    rates = []
    for _ in range(50):
        rates.append(cosine.get_last_lr()[0])
        optimiser.step()
        cosine.step()
    cases["cosine"] = torch.tensor(rates, dtype=torch.float64)

    # Majority vote; a tie by the highest summed log-probability of the tied.
    votes = torch.randn(200, 4, 3)
    log_probabilities = votes.log_softmax(-1)
    counts = nn.functional.one_hot(votes.argmax(-1), 3).sum(1)
    tied = counts == counts.max(1, keepdim=True).values
    cases["vote.logits"] = votes
    cases["vote.class"] = log_probabilities.sum(1).masked_fill(~tied, -torch.inf).argmax(1)
    save("vgg_cases.safetensors", cases)


if __name__ == "__main__":
    main()
