"""Golden inversions of a log-mel, from librosa 0.11.

    python tests/golden/inversion/generate.py

speech-like.npy: the log-mel, float32 [frames, mels], of a made-up voice (harmonics that glide, three syllables with formants, a
hiss). magnitudes.npy: what librosa.feature.inverse.mel_to_stft makes of it, float32 [frames, bins]. zero-phase.npy: librosa.griffinlim
of those magnitudes with every phase 0 to begin with, float32 [samples, 1]. quality.json: how far librosa's own inversion, from random
phases, is from the log-mel, by the measures of tests/cli/inversion.rs.
"""

import json
from pathlib import Path

import librosa
import numpy as np

HERE = Path(__file__).parent
STFT = dict(n_fft=1024, hop_length=400, win_length=800, window="hann", center=True, pad_mode="constant")


def voice(n=16000, rate=16000):
    t = np.arange(n) / rate
    pitch = 130 + 60 * t
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    sound = np.zeros(n)
    for syllable, formants in enumerate([(700, 1200, 2600), (300, 2200, 3000), (500, 900, 2500)]):
        envelope = np.exp(-0.5 * ((t - 0.2 - 0.3 * syllable) / 0.07) ** 2)
        for h in range(1, 40):
            hz = h * pitch
            gain = sum(np.exp(-0.5 * ((hz - f) / 120) ** 2) for f in formants) + 0.02
            sound += envelope * gain * np.sin(h * phase) / h**0.5
    hiss = np.random.default_rng(1).standard_normal(n) * np.exp(-0.5 * ((t - 0.95) / 0.03) ** 2)
    sound = sound / np.abs(sound).max() * 0.5 + 0.05 * hiss + 1e-4 * np.random.default_rng(2).standard_normal(n)
    return sound


def mel_power(y):
    return librosa.feature.melspectrogram(y=y, sr=16000, power=2, n_mels=128, htk=False, norm="slaney", dtype=np.float64, **STFT)


def log_mel(y):
    return librosa.power_to_db(mel_power(y), top_db=80.0).T


def off(a, b):
    """Mean difference in dB where `b` is within 40 dB of its peak."""
    return float(np.abs(a - b)[b > b.max() - 40].mean())


def convergence(a, b):
    """|A - B| / |B| of mel magnitudes."""
    a, b = (np.sqrt(10 ** (x / 10)) for x in (a, b))
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


wanted = log_mel(voice()).astype(np.float32)
np.save(HERE / "speech-like.npy", np.ascontiguousarray(wanted))
power = 10 ** (wanted.T.astype(np.float64) / 10)
magnitudes = librosa.feature.inverse.mel_to_stft(power, sr=16000, n_fft=1024, power=2.0, htk=False, norm="slaney")
basis = librosa.filters.mel(sr=16000, n_fft=1024, n_mels=128, htk=False, norm="slaney", dtype=np.float64)
residual = float(np.linalg.norm(basis @ magnitudes**2 - power) / np.linalg.norm(power))
stored = np.ascontiguousarray(magnitudes.T, dtype=np.float32)
np.save(HERE / "magnitudes.npy", stored)
limits = {k: v for k, v in STFT.items() if k != "center"}
zero = librosa.griffinlim(stored.T.astype(np.float64), n_iter=32, momentum=0.99, init=None, center=True, **limits)
np.save(HERE / "zero-phase.npy", zero.astype(np.float32)[:, None])
found = [
    log_mel(librosa.griffinlim(magnitudes, n_iter=32, momentum=0.99, init="random", random_state=seed, center=True, **limits))
    for seed in range(8)
]
quality = {
    "mel-residual": residual,
    "decibels": float(np.mean([off(f, wanted) for f in found])),
    "convergence": float(np.mean([convergence(f, wanted) for f in found])),
}
(HERE / "quality.json").write_text(json.dumps(quality, indent=1) + "\n")
print(quality, zero.shape, [round(convergence(f, wanted), 4) for f in found])
