"""The paper's networks as a PyTorch user would write them, in the sizes of the presets."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

MELS = 128


@dataclass(frozen=True)
class Sizes:
    """What `preset = ...` puts into a spec; the driver fails a row whose sides have other numbers of parameters."""

    augmentor: tuple[int, ...]
    decoder: int
    discriminator: tuple[int, ...]
    discriminator_units: int
    representation: tuple[int, ...]
    vgg: tuple[int, ...]
    depths: tuple[int, ...]
    pooled: int
    head: int
    shrink: int


PRESETS = {
    "paper": Sizes(
        (32, 64, 128), 32, (32, 64, 128, 128), 128, (32, 64, 128, 128, 128),
        (64, 128, 256, 512, 512), (2, 2, 4, 4, 4), 7, 4096, 1,
    ),
    "small": Sizes(
        (16, 32, 64), 32, (16, 32, 64, 64), 64, (16, 32, 64, 64, 64),
        (16, 32, 64, 64, 64), (1, 1, 2, 2, 2), 2, 128, 2,
    ),
    "tiny": Sizes(
        (8, 16, 32), 8, (8, 16, 16, 16), 32, (8, 16, 16, 32, 32),
        (8, 16, 32, 32, 32), (1, 1, 1, 1, 1), 1, 64, 4,
    ),
}  # fmt: skip


def halving(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 4, stride=2, padding=1), nn.LeakyReLU(0.2))


def own_mask(own: torch.Tensor, steps: int, halvings: int) -> torch.Tensor:
    """[batch, steps]: the steps that see one of the `own` frames of a window."""
    kept = (own + 2**halvings - 1).div(2**halvings, rounding_mode="floor").clamp(1, steps)
    return torch.arange(steps, device=own.device)[None] < kept[:, None]


class Augmentor(nn.Module):
    """Encoder, decoder and projection; windows [batch, 1, frames, 128]."""

    def __init__(self, frames: int, widths, decoder: int):
        super().__init__()
        self.noise = widths[2]
        self.encoder = nn.Sequential(*(halving(i, o) for i, o in zip((1, *widths), widths)))
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(2 * widths[2], decoder, (frames // 4, MELS // 4)),
            nn.ReLU(),
            nn.ConvTranspose2d(decoder, 1, 4, stride=4, bias=False),
        )

    def forward(self, x, own, noise, epsilon):
        z = self.encoder(x)
        weight = own_mask(own, z.shape[2], 3).to(z.dtype)
        weight = weight / weight.sum(1, keepdim=True)
        z = (z.mean(3) * weight[:, None]).sum(2)
        p = self.decoder(torch.cat([z, noise], 1)[:, :, None, None])
        p = p * own_mask(own, x.shape[2], 0)[:, None, :, None]
        mean = p.abs().sum((1, 2, 3)) / (own.clamp(1, x.shape[2]) * MELS)
        return x + p * (epsilon / (mean + 1e-4))[:, None, None, None]


class SequenceEncoder(nn.Module):
    """Convolutions, LSTM over time, attention: one vector a window."""

    def __init__(self, widths, units: int):
        super().__init__()
        self.convs = nn.Sequential(*(halving(i, o) for i, o in zip((1, *widths), widths)))
        self.halvings = len(widths)
        self.lstm = nn.LSTM(widths[-1] * (MELS >> len(widths)), units, batch_first=True)
        self.attention = nn.Parameter(torch.empty(units).uniform_(-(units**-0.5), units**-0.5))

    def forward(self, x, own):
        x = self.convs(x)
        h, _ = self.lstm(x.permute(0, 2, 1, 3).flatten(2))
        scores = (h @ self.attention).masked_fill(~own_mask(own, h.shape[1], self.halvings), float("-inf"))
        return (scores.softmax(1)[:, None] @ h)[:, 0]


class Discriminator(nn.Module):
    def __init__(self, widths, units: int):
        super().__init__()
        self.encoder = SequenceEncoder(widths, units)
        self.head = nn.Linear(units, 1)

    def forward(self, x, own):
        return self.head(self.encoder(x, own))[:, 0]


class RepresentationLearner(SequenceEncoder):
    def __init__(self, widths):
        super().__init__(widths, units=128)


def vgg(sizes: Sizes, classes: int = 4) -> nn.Module:
    """torchvision's VGG without batch norm, with one input channel, which is made smaller first where the sizes say so."""
    layers, channels = [nn.AvgPool2d(sizes.shrink)] if sizes.shrink > 1 else [], 1
    for width, depth in zip(sizes.vgg, sizes.depths):
        for _ in range(depth):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
            channels = width
        layers.append(nn.MaxPool2d(2, 2))
    head = [
        nn.Linear(channels * sizes.pooled**2, sizes.head), nn.ReLU(inplace=True), nn.Dropout(),
        nn.Linear(sizes.head, sizes.head), nn.ReLU(inplace=True), nn.Dropout(),
        nn.Linear(sizes.head, classes),
    ]  # fmt: skip
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(sizes.pooled), nn.Flatten(), *head)
    for layer in net:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return net


def count(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def triplet(positive, negative, margin: float = 7.0):
    return F.relu(positive - negative + margin).mean()


def distance(a, b):
    return (a - b).abs().sum(-1)
