"""The arithmetic of the works, from the sizes of the preset `paper`: floating-point operations (a multiply-accumulate is
two) and parameters. Convolutions, products and recurrences only; activations, pools and softmaxes are not counted."""

from dataclasses import dataclass

MELS = 128


@dataclass
class Net:
    """Multiply-accumulates of one sample's forward pass, of its first layer alone, and parameters."""

    macs: int = 0
    first: int = 0
    parameters: int = 0

    def layer(self, outputs: int, taps: int, weights: int, biases: int) -> None:
        """`outputs` values, each a sum of `taps` products."""
        self.first = self.first or outputs * taps
        self.macs += outputs * taps
        self.parameters += weights + biases

    @property
    def weights_backward(self) -> int:
        """Gradients of weights and of what lies between layers, none of the input."""
        return 2 * self.macs - self.first


def halvings(net: Net, frames: int, widths) -> tuple[int, int]:
    """4x4 convolutions of stride 2: what is left of frames and bands."""
    h, w, channels = frames, MELS, 1
    for out in widths:
        h, w = h // 2, w // 2
        net.layer(h * w * out, channels * 16, out * channels * 16, out)
        channels = out
    return h, w


def encoder(frames: int) -> Net:
    """The first half of the augmentor."""
    net = Net()
    halvings(net, frames, (32, 64, 128))
    return net


def augmentor(frames: int) -> Net:
    net, z, decoder = encoder(frames), 128, 32
    # From 1x1 to frames/4 x 32: a matrix product.
    points = (frames // 4) * (MELS // 4)
    net.layer(decoder * points, 2 * z, 2 * z * decoder * points, decoder)
    # 4x4 of stride 4: each output is reached by one tap a channel.
    net.layer(frames * MELS, decoder, decoder * 16, 0)
    return net


def sequence(frames: int, widths, units: int = 128) -> Net:
    net = Net()
    steps, bands = halvings(net, frames, widths)
    inputs = widths[-1] * bands
    net.layer(steps * 4 * units, inputs + units, 4 * units * (inputs + units), 8 * units)
    net.layer(2 * steps, units, units, 0)  # attention: scores and their sum
    return net


def discriminator(frames: int) -> Net:
    net = sequence(frames, (32, 64, 128, 128))
    net.layer(1, 128, 128, 1)
    return net


def representation(frames: int) -> Net:
    return sequence(frames, (32, 64, 128, 128, 128))


def vgg19(classes: int = 4) -> Net:
    net, side, channels = Net(), 128, 1
    for width, depth in zip((64, 128, 256, 512, 512), (2, 2, 4, 4, 4)):
        for _ in range(depth):
            net.layer(side * side * width, 9 * channels, 9 * channels * width, width)
            channels = width
        side //= 2
    for inputs, outputs in ((512 * 49, 4096), (4096, 4096), (4096, classes)):
        net.layer(outputs, inputs, inputs * outputs, outputs)
    return net


@dataclass
class Work:
    """Of one unit: operations, and bytes of parameters that have to be moved."""

    operations: float
    bytes: float
    terms: str


# Adam reads and writes parameters and both moments and reads the gradient, which the backward pass wrote; forward and
# backward passes read the parameters once each: ten floats a parameter.
STEP = 40


def iteration(request: dict) -> Work:
    b, frames = request["batch"], request["frames"]
    a, d, r = augmentor(frames), discriminator(frames), representation(frames)
    rep = 3 * (r.macs + r.weights_backward)
    dis = a.macs + 2 * (d.macs + d.weights_backward)
    # Two noises for each window, which is encoded once. R is frozen: gradients of its inputs alone.
    e = encoder(frames)
    var = 2 * (a.macs + a.weights_backward + 2 * r.macs) - e.macs - e.weights_backward
    gan = 2 * r.macs + 2 * (a.macs + a.weights_backward + 2 * r.macs) + 2 * d.macs
    steps = STEP * (r.parameters + d.parameters + 2 * a.parameters)
    # What the phases read of frozen networks: A of D; R of VAR, twice; R, R twice and D twice of the last.
    frozen = 4 * (a.parameters + 2 * r.parameters + 3 * r.parameters + 2 * d.parameters)
    return Work(
        2 * b * (rep + dis + var + gan),
        steps + frozen,
        "batch x (REP 3(R + dR) + D (A + 2(D + dD)) + VAR 2(A + dA + 2R) - (E + dE) + GAN, EMO, BAL (2R + 2(A + dA + 2R) + 2D))",
    )


def classifier(request: dict) -> Work:
    net = vgg19()
    # A unit is a segment; the parameters move once a step.
    return Work(2 * (net.macs + net.weights_backward), STEP * net.parameters / request["batch"], "V + dV")


def inference(request: dict) -> Work:
    a, v = augmentor(512), vgg19()
    batches = request.get("utterances", 16) / 32
    moved = 4 * (4 * a.parameters * batches + v.parameters * 4 * batches)
    operations = 2 * (4 * a.macs - 3 * encoder(512).macs + 4 * v.macs)
    return Work(operations, moved / request.get("utterances", 16), "4A - 3E + 4V")


WORKS = {"iteration": iteration, "classifier": classifier, "inference": inference}
NETS = {
    "A, augmentor": lambda: augmentor(512),
    "E, its encoder": lambda: encoder(512),
    "D, discriminator": lambda: discriminator(512),
    "R, representation learner": lambda: representation(512),
    "V, VGG19": vgg19,
}
