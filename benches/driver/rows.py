"""What is measured: every row of the tables, with its target."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """A piece of work, once on each side of a round."""

    id: str
    title: str
    kind: str  # of the peer
    request: dict  # of both sides
    ours: dict = field(default_factory=dict)  # of our side alone
    at_least: float | None = None  # ratio, peer's seconds over ours
    at_most: float | None = None  # our seconds
    floor: str | None = None  # a function of flops.py
    first: float | None = None  # seconds that the peer's first answer may take

    @property
    def precision(self) -> str:
        """Of our networks."""
        return self.ours.get("precision", "f32")

    @property
    def peer(self) -> str:
        """The peer as a reader knows it."""
        name = titled(self.kind)
        return name.replace("f32", "tf32") if self.precision == "tf32" else name


ITERATION = {"work": "iteration", "batch": 32, "frames": 512}
CLASSIFIER = {"work": "classifier", "batch": 32}
INFERENCE = {"work": "inference"}
TITLES = {
    "iteration": "augmentor iteration",
    "classifier": "VGG19 training",
    "inference": "augmenting + classifying",
}
SPEECH = {"librosa": "librosa", "torch": "torch.stft + matmul", "torchaudio": "torchaudio"}
# A first answer of torch.compile that takes longer is an error, not a wait.
COMPILING = 400
MAPS = {"opentsne": "openTSNE", "sklearn": "scikit-learn"}


def networks(quick: bool, device: str) -> list[Row]:
    """The three works on networks, in every kind of the peer."""
    gpu = device != "cpu"
    if quick:
        sizes = {"iteration": {"batch": 4, "frames": 128}, "classifier": {"batch": 4}, "inference": {"utterances": 2}}
    elif gpu:
        sizes = {"iteration": {"units": 50}, "classifier": {"steps": 50}, "inference": {"utterances": 256}}
    else:
        sizes = {"iteration": {"units": 1}, "classifier": {"steps": 1}, "inference": {"utterances": 16}}
    # (our precision, the peer's kind): the first is what the target is of.
    if gpu:
        pairs = [("bf16", "eager"), ("bf16", "compile"), ("bf16", "bf16"), ("tf32", "eager"), ("f32", "eager")]
        pairs += [("f32", "channels_last")]
        targets = {"iteration": 4.0, "classifier": 3.0, "inference": 3.0}
    else:
        pairs = [("f32", "eager"), ("f32", "channels_last"), ("f32", "compile")]
        targets = {"iteration": 2.0, "classifier": 2.0, "inference": 2.0}
    if quick:
        pairs = pairs[:1]
    rows = []
    for base in (ITERATION, CLASSIFIER, INFERENCE):
        work = base["work"]
        request = base | sizes[work] | {"device": device, "threads": 2}
        for i, (precision, kind) in enumerate(pairs):
            rows.append(
                Row(
                    id=f"{work}-{precision}-{kind}",
                    title=TITLES[work] + (f", {precision}" if gpu else ""),
                    kind=kind,
                    request=request,
                    ours={"precision": precision},
                    at_least=targets[work] if i == 0 else None,
                    floor=work,
                    first=COMPILING if kind == "compile" else None,
                )
            )
        if work == "iteration" and not gpu:
            title, one = f"{TITLES[work]}, one thread", request | {"threads": 1}
            rows.append(Row(f"{work}-f32-eager-1t", title, "eager", one, {"precision": "f32"}, floor=work))
    return rows


def presets(quick: bool) -> list[Row]:
    """The two works of training at the sizes of the presets for two cores, on one thread: never on a GPU."""
    rows = []
    for preset, frames, batch, many in (("small", 128, 32, 10), ("tiny", 64, 16, 40)):
        units = 2 if quick else many
        of = {"preset": preset, "threads": 1, "device": "cpu"}
        iteration = {"work": "iteration", "batch": 8, "frames": frames, "units": units}
        classifier = {"work": "classifier", "batch": batch, "steps": 3 * units}
        for request, title in ((iteration, TITLES["iteration"]), (classifier, "VGG training")):
            for kind in ("eager", "channels_last"):
                rows.append(
                    Row(
                        id=f"{preset}-{request['work']}-{kind}",
                        title=f"{preset}: {title}, one thread",
                        kind=kind,
                        request=request | of,
                        at_least=3.0,
                    )
                )
    return rows


def corpus(quick: bool) -> dict:
    """The request whose corpus is also that of whole runs: IEMOCAP's size."""
    sizes = {"seconds": 60, "utterances": 20} if quick else {"seconds": 25000, "utterances": 5531}
    return {"work": "corpus", "threads": 2, "rate": 16000} | sizes


def data(quick: bool) -> list[Row]:
    """Log-mel, corpus and t-SNE: never on a GPU."""
    mel = {"work": "mel", "threads": 1} | ({"clips": 6} if quick else {})
    tsne = {"work": "tsne", "threads": 1, "points": 60 if quick else 480, "dims": 128}
    wanted = {"librosa": 4.0, "torch": 2.0, "opentsne": 1.0}
    rows = [Row(f"mel-{kind}", "log-mel, one thread", kind, mel, at_least=wanted.get(kind)) for kind in SPEECH]
    rows.append(Row("corpus-librosa", "import + features of 25 000 s", "librosa", corpus(quick), at_most=20.0))
    rows += [Row(f"tsne-{kind}", "t-SNE of 480 x 128", kind, tsne, at_least=wanted.get(kind)) for kind in MAPS]
    return rows


def sizes(quick: bool, device: str) -> list[Row]:
    """Cost against size. The number behind the last dash of an id is the size."""
    batches, frames, utterances = (8, 16, 32, 64, 128), (128, 256, 512, 1024), (500, 1581, 5000, 15811, 50000)
    base = ITERATION | {"device": device, "threads": 2, "units": 1 if device == "cpu" else 20}
    if quick:
        batches, frames, utterances, base = (2, 4, 8), (64, 128, 256), (10, 20, 40), base | {"batch": 2, "frames": 64}
    rows = [Row(f"size-batch-{n}", "batch", "eager", base | {"batch": n}) for n in batches]
    rows += [Row(f"size-frames-{n}", "frames", "eager", base | {"frames": n}) for n in frames]
    if device == "cpu":
        rows += [
            Row(f"size-utterances-{n}", "utterances", "librosa", corpus(quick) | {"utterances": n, "seconds": n / 2})
            for n in utterances
        ]
    return rows


def titled(kind: str) -> str:
    """The peer's kind as a reader knows it."""
    torch = {"eager": "eager f32", "channels_last": "eager, channels-last", "compile": "torch.compile",
             "bf16": "bf16 autocast", "torch_import": "import torch"}  # fmt: skip
    return {**torch, **SPEECH, **MAPS}.get(kind, kind)
