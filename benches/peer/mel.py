"""Log-mel spectrograms of the clips that benches/work/mel.rs wrote, from samples in memory. `kind`: librosa, torch
(torch.stft, a matrix product, log10; window and filters made once) or torchaudio (MelSpectrogram, AmplitudeToDB)."""

import time
from functools import cache
from pathlib import Path

import librosa
import soundfile
import torch

from settings import FLOOR_DB, HOP, MELS, N_FFT, RATE, WINDOW, librosa_log_mel


@cache
def clips(folder):
    paths = sorted(Path(folder).glob("*.wav"))
    if not paths:
        raise FileNotFoundError(f"no clips in {folder}; ask our side first, which writes them")
    return [soundfile.read(path, dtype="float32")[0] for path in paths]


@cache
def tensors(folder):
    return [torch.from_numpy(y) for y in clips(folder)]


@cache
def torch_parts():
    filters = librosa.filters.mel(sr=RATE, n_fft=N_FFT, n_mels=MELS, htk=False, norm="slaney")
    return torch.hann_window(WINDOW), torch.from_numpy(filters)


def by_torch(y):
    window, filters = torch_parts()
    spectrum = torch.stft(
        y, N_FFT, HOP, WINDOW, window=window, center=True, pad_mode="constant", return_complex=True
    )
    # Faster than spectrum.abs() ** 2, which takes a root to square it.
    power = spectrum.real.square() + spectrum.imag.square()
    db = 10 * (filters @ power).clamp_min(1e-10).log10()
    return torch.maximum(db, db.max() - FLOOR_DB)


@cache
def torchaudio_parts():
    import torchaudio.transforms as T

    mel = T.MelSpectrogram(
        RATE, N_FFT, WINDOW, HOP, n_mels=MELS, power=2.0, norm="slaney", mel_scale="slaney", pad_mode="constant"
    )
    return torch.nn.Sequential(mel, T.AmplitudeToDB("power", FLOOR_DB))


WAYS = {
    "librosa": (clips, librosa_log_mel),
    "torch": (tensors, by_torch),
    "torchaudio": (tensors, lambda y: torchaudio_parts()(y)),
}
warm = set()


def run(request):
    folder, kind = request["folder"], request.get("kind", "librosa")
    inputs, way = WAYS[kind]
    torch.set_num_threads(request.get("threads", 1))
    with torch.inference_mode():
        if (folder, kind) not in warm:
            warm.add((folder, kind))
            for y in inputs(folder):
                way(y)
        begun = time.perf_counter()
        check = sum(float(way(y)[0, 0]) for y in inputs(folder))
        seconds = time.perf_counter() - begun
    return {"seconds": seconds, "units": sum(map(len, clips(folder))) / RATE, "check": check}
