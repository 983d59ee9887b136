"""Golden values of viewmaker and stargan, from PyTorch: python generate_rivals.py (needs torch; written with 2.11).

Writes beside itself: the weights of small networks under the names the crate uses, and rivals.safetensors with inputs and
expected outputs. The modules are plain PyTorch on purpose: InstanceNorm2d, ReflectionPad2d, Upsample, ConvTranspose2d, losses
written as sums over pairs.
"""

import json
import pathlib
import struct

import torch
import torch.nn.functional as F
from torch import nn

HERE = pathlib.Path(__file__).parent
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


class Normed(nn.Module):
    """A convolution with reflection or zero padding, and an affine instance norm whose weights are no longer 1 and 0."""

    def __init__(self, a, b, kernel, stride, mirror):
        super().__init__()
        self.pad = nn.ReflectionPad2d(kernel // 2) if mirror else nn.Identity()
        self.conv = nn.Conv2d(a, b, kernel, stride, 0 if mirror else 1)
        self.norm = nn.InstanceNorm2d(b, affine=True)
        nn.init.normal_(self.norm.weight, 1.0, 0.3)
        nn.init.normal_(self.norm.bias, 0.0, 0.3)

    def forward(self, x):
        return self.norm(self.conv(self.pad(x)))


class Residual(nn.ModuleList):
    def __init__(self, channels):
        super().__init__([Normed(channels, channels, 3, 1, True) for _ in range(2)])

    def forward(self, x):
        return x + self[1](F.relu(self[0](x)))


class Viewmaker(nn.Module):
    def __init__(self, widths=(3, 4, 5), blocks=2):
        super().__init__()
        a, b, c = widths
        self.down = nn.ModuleList([Normed(2, a, 9, 1, True), Normed(a, b, 3, 2, True), Normed(b, c, 3, 2, True)])
        self.block = nn.ModuleDict({str(i): Residual(c + i) for i in range(1, blocks + 1)})
        self.up = nn.ModuleList([Normed(c + blocks, b, 3, 1, True), Normed(b, a, 3, 1, True)])
        self.last = nn.Conv2d(a, 1, 9)

    def forward(self, x, planes):
        y = torch.cat([x, planes[0]], 1)
        for conv in self.down:
            y = F.relu(conv(y))
        for block, plane in zip(self.block.values(), planes[1:]):
            y = block(torch.cat([y, plane], 1))
        for conv in self.up:
            y = F.relu(conv(nn.Upsample(scale_factor=2)(y)))
        return torch.tanh(self.last(nn.ReflectionPad2d(4)(y)))

    def named(self):
        state = dict(self.state_dict())
        return state


def hot(classes, count, size):
    return F.one_hot(classes, count).float()[:, :, None, None].expand(-1, -1, *size)


class Generator(nn.Module):
    def __init__(self, classes=3, widths=(3, 4, 5), blocks=2):
        super().__init__()
        a, b, c = widths
        self.classes = classes
        self.down = nn.ModuleList([Normed(x, y, 4, 2, False) for x, y in [(1 + classes, a), (a, b), (b, c)]])
        self.block = nn.ModuleList(Residual(c) for _ in range(blocks))
        self.up = nn.ModuleList()
        for i, (x, y) in enumerate([(c, b), (b, a), (a, 1)]):
            part = nn.ModuleDict({"conv": nn.ConvTranspose2d(x + classes, y, 4, 2, 1)})
            if i < 2:
                part["norm"] = nn.InstanceNorm2d(y, affine=True)
                nn.init.normal_(part["norm"].weight, 1.0, 0.3)
                nn.init.normal_(part["norm"].bias, 0.0, 0.3)
            self.up.append(part)

    def forward(self, x, classes):
        y = torch.cat([x, hot(classes, self.classes, x.shape[2:])], 1)
        for conv in self.down:
            y = F.leaky_relu(conv(y), 0.2)
        for block in self.block:
            y = block(y)
        for part in self.up:
            y = part["conv"](torch.cat([y, hot(classes, self.classes, y.shape[2:])], 1))
            if "norm" in part:
                y = F.relu(part["norm"](y))
        return y


class Critic(nn.Module):
    def __init__(self, classes=3, widths=(3, 4, 5, 6), frames=32):
        super().__init__()
        self.classes = classes
        channels = [1 + classes, *widths]
        self.conv = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1) for a, b in zip(channels, widths))
        self.head = nn.Linear(widths[-1] * (frames // 16) * 8, 1)

    def forward(self, x, classes):
        y = torch.cat([x, hot(classes, self.classes, x.shape[2:])], 1)
        for conv in self.conv:
            y = F.leaky_relu(conv(y), 0.2)
        return self.head(y.flatten(1))[:, 0]


torch.manual_seed(2021)

# Viewmaker: the change, and a view with its gradient.
x = torch.randn(2, 1, 32, 128)
planes = [torch.rand(2, 1, 32, 128), torch.rand(2, 1, 8, 32), torch.rand(2, 1, 8, 32)]
net = Viewmaker()
save("viewmaker", net.named())
io["view.x"], io["view.noise"] = x, torch.cat([p.flatten(1) for p in planes], 1)
io["view.epsilon"], io["view.up"] = torch.tensor([0.05, 0.3]), torch.randn(2, 1, 32, 128)
change = net(x, planes)
io["view.change"] = change
view = x + io["view.epsilon"][:, None, None, None] * change / (change.abs().mean((1, 2, 3), keepdim=True) + 1e-4)
io["view"] = view
parameters = dict(net.named_parameters())
gradients = torch.autograd.grad((view * io["view.up"]).sum(), parameters.values())
for name in ["down.0.conv.weight", "block.2.1.norm.weight", "last.bias"]:
    io[f"view.gradient.{name}"] = dict(zip(parameters, gradients))[name]

# Contrastive losses, as sums over pairs.
B, t = 5, 0.07
outputs = torch.randn(2 * B, 7)
outputs[B:] += 0.5 * outputs[:B]
io["nce.outputs"] = outputs
unit = F.normalize(outputs, dim=1)
s = unit @ unit.T
released = sum(-(s[i, B + i] / t - torch.log(torch.stack([torch.exp(s[i, j] / t) for j in range(2 * B)]).mean())) for i in range(B)) / B
pairs = 0.0
for i in range(2 * B):
    others = torch.stack([torch.exp(s[i, j] / t) for j in range(2 * B) if j != i])
    pairs = pairs - torch.log(torch.exp(s[i, (i + B) % (2 * B)] / t) / others.sum())
io["nce.released"], io["nce.nt-xent"] = released, pairs / (2 * B)
io["nce.pairs"] = nn.CosineSimilarity()(outputs[:B], outputs[B:])

# StarGAN.
x = torch.randn(3, 1, 32, 128)
own, target = torch.tensor([0, 1, 2]), torch.tensor([2, 1, 0])
generator, critic = Generator(), Critic()
save("stargan_generator", generator.state_dict())
save("stargan_critic", critic.state_dict())
made = generator(x, target)
io["gan.x"], io["gan.own"], io["gan.target"] = x, own, target
io["gan.made"], io["gan.logits"] = made, critic(x, own)
io["gan.cycle"] = nn.L1Loss()(generator(made, own), x)
io["gan.identity"] = nn.L1Loss()(generator(x, own), x)
share = torch.rand(3)
io["gan.share"] = share
w = share[:, None, None, None]
between = (w * x + (1 - w) * made).detach().requires_grad_()
(by,) = torch.autograd.grad(critic(between, target).sum(), between, create_graph=True)
penalty = ((by.flatten(1).norm(dim=1) - 1) ** 2).mean()
io["gan.penalty"] = penalty
parameters = dict(critic.named_parameters())
gradients = torch.autograd.grad(penalty, parameters.values(), allow_unused=True)
for name, gradient in zip(parameters, gradients):
    if name in ["conv.0.weight", "conv.3.weight", "head.weight"]:
        io[f"gan.penalty.{name}"] = gradient

save("rivals", io)
