"""Goldens of tests/worker/latent_golden.rs: losses and samplers of the rival generators, from plain torch.

    python tests/golden/torch/generate_latent.py        (PyTorch 2.11, CPU; rewrites latent.safetensors)

Focal loss and logit adjustment of the classifier; BAGAN's losses over C + 1 outputs; normal distributions of codes with a
shrunk covariance, and their Cholesky factors; the autoencoder's forward pass; the noise schedule and a step back of DDPM.
"""

import json
import math
import struct
from pathlib import Path

import torch
import torch.nn.functional as F

torch.manual_seed(7)
io = {}

# The classifier's losses: gamma 2, tau 1, and 10, 3 and 1 training segments of each class.
logits, labels = torch.randn(6, 3) * 2, torch.tensor([0, 1, 2, 1, 0, 2])
counts = torch.tensor([10.0, 3.0, 1.0])
p = logits.softmax(1)[torch.arange(6), labels]
io["loss.logits"], io["loss.labels"] = logits, labels
io["loss.focal"] = -((1 - p) ** 2 * p.log()).mean()
io["loss.adjusted"] = F.cross_entropy(logits + (counts / counts.sum()).log(), labels)

# BAGAN, three classes and "generated".
real, made, wanted = torch.randn(5, 4), torch.randn(2, 4), torch.tensor([2, 0])
classes = torch.tensor([0, 1, 2, 1, 0])
io["bagan.real"], io["bagan.classes"], io["bagan.made"], io["bagan.wanted"] = real, classes, made, wanted
both = torch.cat([real, made])
io["bagan.discriminator"] = F.cross_entropy(both, torch.cat([classes, torch.tensor([3, 3])]))
io["bagan.generator"] = -made.log_softmax(1)[torch.arange(2), wanted].mean()

# Normal distributions: 9, 4 and 1 codes of 5 numbers.
codes = torch.randn(14, 5, dtype=torch.float64)
of = torch.tensor([0] * 9 + [1] * 4 + [2])
codes[of == 1] *= 3
d = codes.shape[1]
cov = lambda c: torch.cov(codes[of == c].T) if (of == c).sum() > 1 else torch.zeros(d, d, dtype=torch.float64)
scatter = sum((int((of == c).sum()) - 1) * cov(c) for c in range(3))
pooled = scatter / (len(codes) - 3)
io["codes"], io["codes.classes"] = codes, of
for c in range(3):
    n = int((of == c).sum())
    a = d / (d + n)
    for name, s in [("class", cov(c)), ("shrunk", (1 - a) * cov(c) + a * pooled), ("pooled", pooled)]:
        jittered = s + 1e-4 * s.diagonal().mean() * torch.eye(d, dtype=torch.float64)
        # The covariance itself: one code has none, and no factor.
        io[f"gaussian.{name}.{c}"] = jittered
    io[f"gaussian.mean.{c}"] = codes[of == c].mean(0)

# Leave-one-out accuracy of the nearest class mean.
right = 0
for i in range(len(codes)):
    rest = torch.arange(len(codes)) != i
    means = [codes[rest & (of == c)].mean(0) if (rest & (of == c)).any() else None for c in range(3)]
    near = min((float(((codes[i] - m) ** 2).sum()), c) for c, m in enumerate(means) if m is not None)
    right += near[1] == of[i]
io["codes.nearest-mean"] = torch.tensor([right / len(codes)])

# The autoencoder: 32 x 128 windows, widths 2 3 4 5, code 6, scale 3.
widths, latent, scale = [2, 3, 4, 5], 6, 3.0
x = torch.randn(3, 1, 32, 128)
net = {}
for i, (a, b) in enumerate(zip([1] + widths[:3], widths)):
    net[f"trunk.{i}.weight"], net[f"trunk.{i}.bias"] = torch.randn(b, a, 4, 4) * 0.3, torch.randn(b) * 0.1
net["code.weight"], net["code.bias"] = torch.randn(latent, 5 * 2 * 8) * 0.2, torch.randn(latent) * 0.1
net["first.weight"], net["first.bias"] = torch.randn(latent, 5, 2, 8) * 0.4, torch.randn(5) * 0.1
for i, (a, b) in enumerate(zip(widths[::-1], widths[2::-1] + [1])):
    net[f"up.{i}.weight"] = torch.randn(a, b, 4, 4) * 0.3
    if b > 1:
        net[f"up.{i}.bias"] = torch.randn(b) * 0.1
h = x / scale
for i in range(4):
    h = F.leaky_relu(F.conv2d(h, net[f"trunk.{i}.weight"], net[f"trunk.{i}.bias"], stride=2, padding=1), 0.2)
code = F.linear(h.flatten(1), net["code.weight"], net["code.bias"])
h = F.conv_transpose2d(code[:, :, None, None], net["first.weight"], net["first.bias"]).relu()
for i in range(4):
    h = F.conv_transpose2d(h, net[f"up.{i}.weight"], net.get(f"up.{i}.bias"), stride=2, padding=1)
    h = h.relu() if i < 3 else h.tanh()
io["autoencoder.x"], io["autoencoder.code"], io["autoencoder.decoded"] = x, code, h * scale
io["autoencoder.mse"] = F.mse_loss(h, x / scale)
net["scale"] = torch.tensor([scale])

# DDPM of 20 steps.
steps = 20
f = lambda t: math.cos((t / steps + 0.008) / 1.008 * math.pi / 2) ** 2
betas = torch.tensor([min(1 - f(t) / f(t - 1), 0.999) for t in range(1, steps + 1)], dtype=torch.float64)
kept = torch.cumprod(1 - betas, 0)
io["ddpm.betas"], io["ddpm.kept"] = betas, kept
x_t, eps, fresh = torch.randn(4, 5), torch.randn(4, 5), torch.randn(4, 5)
io["ddpm.x"], io["ddpm.eps"], io["ddpm.fresh"] = x_t, eps, fresh
least, greatest = torch.tensor([-1.0, -0.5, -2.0, 0.0, -1.5]), torch.tensor([1.0, 0.5, 2.5, 1.0, 1.5])
io["ddpm.least"], io["ddpm.greatest"] = least, greatest
for t in [1, 2, 13, 20]:
    b, k = betas[t - 1], kept[t - 1]
    before = kept[t - 2] if t > 1 else torch.tensor(1.0, dtype=torch.float64)
    # By x_0 and the posterior q(x_{t-1} | x_t, x_0), eq. 6 and 7 of Ho et al.
    x_0 = (x_t - (1 - k).sqrt() * eps) / k.sqrt()
    mean = before.sqrt() * b / (1 - k) * x_0 + (1 - b).sqrt() * (1 - before) / (1 - k) * x_t
    io[f"ddpm.back.{t}"] = (mean + (b * (1 - before) / (1 - k)).sqrt() * fresh * (t > 1)).float()
    # x_0 held to a range of its own in each dimension.
    held = x_0.minimum(greatest).maximum(least)
    mean = before.sqrt() * b / (1 - k) * held + (1 - b).sqrt() * (1 - before) / (1 - k) * x_t
    io[f"ddpm.clipped.{t}"] = (mean + (b * (1 - before) / (1 - k)).sqrt() * fresh * (t > 1)).float()


def write(path, tensors):
    kinds = {torch.float32: "F32", torch.float64: "F64", torch.int64: "I64"}
    header, data = {}, b""
    for name, tensor in tensors.items():
        raw = tensor.detach().contiguous().numpy().tobytes()
        shape = list(tensor.shape)
        header[name] = {"dtype": kinds[tensor.dtype], "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


here = Path(__file__).parent
write(here / "latent.safetensors", io)
write(here / "autoencoder.safetensors", net)
