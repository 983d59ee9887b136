"""One iteration of the augmentor's training (paper 2.3): phases REP, D, VAR, and GAN + EMO + BAL."""

from functools import cache

import torch
from torch.nn import functional as F

from clock import timed
from kinds import Kind, kind_of
from networks import PRESETS, Augmentor, Discriminator, RepresentationLearner, count, distance, triplet


class Iteration:
    def __init__(self, preset: str, batch: int, frames: int, device: str, kind: Kind):
        sizes = PRESETS[preset]
        torch.manual_seed(1)
        self.batch, self.frames, self.device = batch, frames, device
        self.amp = kind.autocast(device)
        # The corpus lives on the device: 240 utterances of about 4.5 s.
        self.lens = torch.randint(200, 700, (240,), device=device)
        self.labels = torch.arange(240, device=device) % 4
        self.corpus = torch.randn(240, max(700, frames), 128, device=device)
        place = lambda net: kind.lay_out(net.to(device))
        self.augmentor = place(Augmentor(frames, sizes.augmentor, sizes.decoder))
        self.discriminator = place(Discriminator(sizes.discriminator, sizes.discriminator_units))
        self.representation = place(RepresentationLearner(sizes.representation))
        self.networks = (self.representation, self.discriminator, self.augmentor)
        self.adams = [torch.optim.Adam(net.parameters(), lr=1e-6) for net in self.networks]
        self.augment = kind.wrap(self.augmentor)
        self.phases = [kind.wrap(f) for f in (self.represent, self.discriminate, self.vary, self.preserve)]

    def windows(self, items):
        own = self.lens[items].clamp(max=self.frames)
        return self.corpus[items, : self.frames][:, None].contiguous(), own

    def draw(self, n):
        """Noise and intensities of n augmentations."""
        noise = torch.randn(n, self.augmentor.noise, device=self.device)
        return noise, torch.empty(n, device=self.device).uniform_(0.05, 0.3)

    def of_all(self, count):
        """`count` windows, batch by batch; utterances come again where the corpus has fewer."""
        for items in (torch.arange(count, device=self.device) % 240).split(self.batch):
            yield self.windows(items)

    def represent(self, x, own):
        r = self.representation(x, own)
        positive, anchor, negative = r.chunk(3)
        return triplet(distance(anchor, positive), distance(anchor, negative))

    def discriminate(self, x, own, augmented, own_augmented):
        logits = self.discriminator(torch.cat([x, augmented]), torch.cat([own, own_augmented]))
        original, made = logits.chunk(2)
        return F.softplus(-original).mean() + F.softplus(made).mean()

    def vary(self, x, own, noise, epsilon):
        x, own = torch.cat([x, x]), torch.cat([own, own])
        r1, r2 = self.representation(self.augmentor(x, own, noise, epsilon), own).chunk(2)
        return (r1 * r2).sum(1).mean()

    def preserve(self, positives, own_p, anchors, own_a, negatives, own_n, noise, epsilon):
        with torch.no_grad():
            frozen = self.representation(torch.cat([anchors, negatives]), torch.cat([own_a, own_n]))
        anchor, negative = frozen.chunk(2)
        own = torch.cat([own_p, own_n])
        augmented = self.augmentor(torch.cat([positives, negatives]), own, noise, epsilon)
        r_positive, r_negative = self.representation(augmented, own).chunk(2)
        gan = F.softplus(-self.discriminator(augmented.chunk(2)[0], own_p)).mean()
        positive = distance(anchor, r_positive)
        emo = triplet(positive, distance(anchor, negative))
        bal = triplet(positive, distance(anchor, r_negative))
        return gan + 10 * emo + 8 * bal

    def update(self, i, loss):
        self.adams[i].zero_grad(set_to_none=True)
        loss.backward()
        self.adams[i].step()

    def train(self, net):
        """Freezes the other two: no gradient of their parameters is computed, compiled or not."""
        for one in self.networks:
            one.requires_grad_(one is net)

    def step(self):
        b = self.batch
        classes = torch.randint(4, (b,), device=self.device)
        other = (classes + torch.randint(1, 4, (b,), device=self.device)) % 4
        of = lambda c: c + 4 * torch.randint(60, (b,), device=self.device)
        p, a, n, o = (self.windows(of(c)) for c in (classes, classes, other, classes))
        represent, discriminate, vary, preserve = self.phases
        self.train(self.representation)
        with self.amp:
            loss = represent(torch.cat([p[0], a[0], n[0]]), torch.cat([p[1], a[1], n[1]]))
        self.update(0, loss)
        self.train(self.discriminator)
        with self.amp:
            with torch.no_grad():
                augmented = self.augment(*a, *self.draw(b))
            loss = discriminate(*o, augmented, a[1])
        self.update(1, loss)
        self.train(self.augmentor)
        with self.amp:
            loss = vary(*a, *self.draw(2 * b))
        self.update(2, loss)
        with self.amp:
            loss = preserve(*p, *a, *n, *self.draw(2 * b))
        self.update(2, loss)


@cache
def built(preset, batch, frames, device, kind):
    work = Iteration(preset, batch, frames, device, kind)
    for _ in range(kind.warm_up):
        work.step()
    return work


def run(request: dict) -> dict:
    """`units` iterations of `batch` triplets of windows of `frames` frames."""
    torch.set_num_threads(request.get("threads", 2))
    device, units = request.get("device", "cpu"), request.get("units", 1)
    preset = request.get("preset", "paper")
    work = built(preset, request.get("batch", 32), request.get("frames", 512), device, kind_of(request))
    took = timed(device, lambda: [work.step() for _ in range(units)])
    return took | {"units": units, "parameters": [count(net) for net in work.networks]}
