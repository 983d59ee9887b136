"""Golden values of the augmentor's side, from PyTorch: python generate_gan.py (needs torch; written with 2.11).

Writes beside itself: the weights of small networks under the names the crate uses, and gan.safetensors with
inputs and expected outputs. The modules are plain PyTorch on purpose: masks are packed sequences and slices,
transposed convolutions are ConvTranspose2d.
"""

import json
import pathlib
import struct

import torch
import torch.nn.functional as F
from torch import nn

HERE = pathlib.Path(__file__).parent
OWN = [32, 11]  # own frames of the two windows of 32
io = {}


def save(name, tensors):
    header, blobs, at = {}, [], 0
    for key, t in tensors.items():
        t = t.detach().contiguous()
        kind = {torch.float32: "F32", torch.int64: "I64"}[t.dtype]
        raw = t.numpy().tobytes()
        header[key] = {"dtype": kind, "shape": list(t.shape), "data_offsets": [at, at + len(raw)]}
        at += len(raw)
        blobs.append(raw)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (HERE / f"{name}.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


class Sequence(nn.Module):
    """Convolutions, LSTM, attention; with `head` one logit."""

    def __init__(self, widths, units, head):
        super().__init__()
        channels = [1, *widths]
        self.conv = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1) for a, b in zip(channels, widths))
        self.lstm = nn.LSTM(widths[-1] * (128 >> len(widths)), units, batch_first=True)
        self.attention = nn.Linear(units, 1, bias=False)
        self.head = nn.Linear(units, 1) if head else None

    def forward(self, x, own):
        for conv in self.conv:
            x = F.leaky_relu(conv(x), 0.2)
        x = x.permute(0, 2, 1, 3).flatten(2)
        steps = torch.tensor([-(-n // 2 ** len(self.conv)) for n in own])
        packed = nn.utils.rnn.pack_padded_sequence(x, steps, batch_first=True, enforce_sorted=False)
        h, _ = nn.utils.rnn.pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        rows = []
        for row, n in zip(h, steps):
            alpha = torch.softmax(self.attention(row[:n])[:, 0], 0)
            rows.append((alpha[:, None] * row[:n]).sum(0))
        r = torch.stack(rows)
        return self.head(r)[:, 0] if self.head else r

    def named(self):
        state = dict(self.state_dict())
        state["attention.weight"] = state["attention.weight"][0]
        return state


class Augmentor(nn.Module):
    def __init__(self, latent, frames=32, widths=(2, 3, 4), width=2):
        super().__init__()
        a, b, z = widths
        self.latent = latent
        if latent == "vector":
            self.encoder = nn.ModuleList([nn.Conv2d(1, a, 4, 2, 1), nn.Conv2d(a, b, 4, 2, 1), nn.Conv2d(b, z, 4, 2, 1)])
            self.decoder = nn.ModuleList(
                [nn.ConvTranspose2d(2 * z, width, (frames // 4, 32)), nn.ConvTranspose2d(width, 1, 4, 4, bias=False)]
            )
        else:
            self.encoder = nn.ModuleList([nn.Conv2d(1, a, 3, 1, 1), nn.Conv2d(a, b, 4, 2, 1), nn.Conv2d(b, z, 4, 2, 1)])
            self.decoder = nn.ModuleList(
                [nn.ConvTranspose2d(2 * z, width, 4, 2, 1), nn.ConvTranspose2d(width, 1, 4, 2, 1, bias=False)]
            )

    def forward(self, x, own, n):
        for conv in self.encoder:
            x = F.leaky_relu(conv(x), 0.2)
        if self.latent == "vector":
            z = torch.stack([m[:, : -(-o // 8)].mean((1, 2)) for m, o in zip(x, own)])
            z = torch.cat([z, n], 1)[:, :, None, None]
        else:
            z = torch.cat([x, n[:, :, None, None].expand_as(x)], 1)
        return self.decoder[1](F.relu(self.decoder[0](z)))


def project(x, p, eps, own, over):
    rows = []
    for row, delta, e, n in zip(x, p, eps, own):
        if over == "own":
            out = row.clone()
            out[:, :n] = row[:, :n] + e * delta[:, :n] / (delta[:, :n].abs().mean() + 1e-4)
        else:
            out = row + e * delta / (delta.abs().mean() + 1e-4)
        rows.append(out)
    return torch.stack(rows)


torch.manual_seed(2022)

# Networks.
x = torch.randn(2, 1, 32, 128)
io["x"], io["own"] = x, torch.tensor(OWN)
for name, net in [("discriminator", Sequence([2, 3, 4, 4], 5, True)), ("representation", Sequence([2, 3, 4, 4, 4], 5, False))]:
    save(name, net.named())
    io[name] = net(x, OWN)
io["n"] = torch.randn(2, 4)
for latent in ["vector", "map"]:
    net = Augmentor(latent)
    save(f"augmentor_{latent}", net.state_dict())
    io[f"p_{latent}"] = net(x, OWN, io["n"])

# Projection, and its gradient, which goes through the mean.
io["project.x"], io["project.epsilon"] = torch.randn(2, 1, 6, 4), torch.tensor([0.05, 0.3])
io["project.frames"] = torch.tensor([6, 3])
p = torch.randn(2, 1, 6, 4, requires_grad=True)
io["project.p"], io["project.w"] = p, torch.randn(2, 1, 6, 4)
for over in ["own", "all"]:
    out = project(io["project.x"], p, io["project.epsilon"], [6, 3], over)
    io[f"project.{over}"] = out
    io[f"project.{over}.gradient"] = torch.autograd.grad((out * io["project.w"]).sum(), p)[0]

# Losses.
a, b, c = (2 * torch.randn(3, 5) for _ in range(3))
io["loss.a"], io["loss.b"], io["loss.c"] = a, b, c
l1 = nn.PairwiseDistance(p=1, eps=0.0)
for margin in [0.5, 7.0]:
    loss = nn.TripletMarginWithDistanceLoss(distance_function=l1, margin=margin)
    io[f"loss.triplet.sum.{margin}"] = loss(a, b, c)
mean = nn.TripletMarginWithDistanceLoss(distance_function=lambda u, v: l1(u, v) / 5, margin=0.5)
io["loss.triplet.mean.0.5"] = mean(a, b, c)
real, fake = 3 * torch.randn(4), 3 * torch.randn(4)
io["loss.real"], io["loss.fake"] = real, fake
bce = nn.BCEWithLogitsLoss()
io["loss.discriminator"] = bce(real, torch.ones(4)) + bce(fake, torch.zeros(4))
io["loss.adversarial"] = bce(fake, torch.ones(4))
io["loss.var.raw"] = torch.einsum("bi,bi->b", a, b).mean()
io["loss.var.cosine"] = nn.CosineSimilarity()(a, b).mean()

# Adam over steps whose gradients are longer and shorter than the clip.
gradients = torch.randn(6, 7) * torch.tensor([3.0, 0.1, 1.0, 0.01, 5.0, 0.3])[:, None]
io["adam.gradients"] = gradients
for name, clip in [("plain", 0.0), ("clipped", 1.0)]:
    values = nn.Parameter(torch.full((7,), 0.5))
    optimiser = torch.optim.Adam([values], lr=0.02, betas=(0.8, 0.95))
    path = []
    for g in gradients:
        values.grad = g.clone()
        if clip:
            nn.utils.clip_grad_norm_([values], clip)
        optimiser.step()
        path.append(values.detach().clone())
    io[f"adam.{name}"] = torch.stack(path)

save("gan", io)
