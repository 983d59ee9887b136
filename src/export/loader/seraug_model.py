"""A classifier exported by seraug, in PyTorch (with the package safetensors).

    model = seraug_model.Model("FOLDER")
    probabilities, predicted, of_segments = model(waveform)  # float32 [samples], mono at 16 kHz
"""

import json
import pathlib

import torch
from safetensors.torch import load_file


def mel_filters(bands, n_fft, scale, rate=16000):
    """librosa.filters.mel(norm="slaney"), [n_fft // 2 + 1, bands]."""
    if scale == "htk":
        to_mel, to_hz = lambda f: 2595 * torch.log10(1 + f / 700), lambda m: 700 * (10 ** (m / 2595) - 1)
    else:
        step = torch.log(torch.tensor(6.4, dtype=torch.float64)) / 27
        to_mel = lambda f: torch.where(f < 1000, f * 3 / 200, 15 + torch.log(f.clamp(min=1) / 1000) / step)
        to_hz = lambda m: torch.where(m < 15, m * 200 / 3, 1000 * torch.exp((m - 15) * step))
    top = to_mel(torch.tensor(rate / 2, dtype=torch.float64))
    edges = to_hz(torch.arange(bands + 2, dtype=torch.float64) * top / (bands + 1))
    hz = torch.arange(n_fft // 2 + 1, dtype=torch.float64)[:, None] * rate / n_fft
    low, mid, high = edges[:-2], edges[1:-1], edges[2:]
    height = torch.minimum((hz - low) / (mid - low), (high - hz) / (high - mid)).clamp(min=0)
    return (height * 2 / (high - low)).float()


class Model(torch.nn.Module):
    def __init__(self, folder):
        super().__init__()
        folder = pathlib.Path(folder)
        self.config = json.loads((folder / "config.json").read_text())
        self.labels = list(json.loads((folder / "labels.json").read_text()).values())
        self.front, self.spec = self.config["features"], self.config["classifier"]
        vgg = self.vgg = self.spec["network"]["vgg"]
        layers, channels, nn = [], 1, torch.nn
        for width, depth in zip(vgg["widths"], vgg["depths"]):
            for _ in range(depth):
                layers.append(nn.Conv2d(channels, width, 3, padding=1))
                layers += [nn.BatchNorm2d(width)] if vgg["batch-norm"] else []
                layers.append(nn.ReLU())
                channels = width
            layers.append(nn.MaxPool2d(2))
        self.features, head = nn.Sequential(*layers), vgg["head"]
        linear = [nn.Linear(channels * vgg["pooled"] ** 2, head), nn.Linear(head, head), nn.Linear(head, len(self.labels))]
        self.classifier = nn.Sequential(linear[0], nn.ReLU(), nn.Dropout(), linear[1], nn.ReLU(), nn.Dropout(), linear[2])
        missing = self.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
        assert all(key.endswith("num_batches_tracked") for key in missing.missing_keys) and not missing.unexpected_keys
        self.filters = mel_filters(self.front["mels"], self.front["n-fft"], self.front["mel-scale"])
        self.eval()

    def log_mel(self, waveform):
        """[frames, mels] in dB, clipped under the peak."""
        window, hop = (self.front[name] * 16 for name in ("window-ms", "hop-ms"))
        spectrum = torch.stft(waveform, self.front["n-fft"], hop, window, torch.hann_window(window), pad_mode="constant", return_complex=True)
        db = 10 * torch.log10((spectrum.abs() ** 2).T.matmul(self.filters).clamp(min=1e-10))
        return db.clamp(min=db.max() - self.front["floor-db"])

    def segments(self, mel):
        """Standardised, [segments, 1, frames, mels]; the last is filled up with the floor."""
        x = (mel - self.config["mean"]) / self.config["deviation"]
        frames, hop, length = self.spec["segment-frames"], self.spec["segment-hop"], len(mel)
        later = -(-max(length - frames, 0) // hop)
        later -= later > 0 and length - later * hop < self.spec.get("min-own-frames", 1)
        x = torch.cat([x, x.min().expand(1, x.shape[1])])
        return torch.stack([x[(torch.arange(frames) + i * hop).clamp(max=length)] for i in range(later + 1)])[:, None]

    @torch.no_grad()
    def forward(self, waveform):
        x = torch.nn.functional.avg_pool2d(self.segments(self.log_mel(waveform)), self.vgg["shrink"])
        x = torch.nn.functional.adaptive_avg_pool2d(self.features(x), self.vgg["pooled"])
        logs = self.classifier(x.flatten(1)).double().log_softmax(1)
        votes = torch.bincount(logs.argmax(1), minlength=len(self.labels))
        best = torch.where(votes == votes.max(), logs.sum(0), -torch.inf).argmax()
        return logs.exp().mean(0), self.labels[best], logs.exp()
