"""Golden log-mel spectrograms, float32 [frames, mels], from librosa 0.11.

    python tests/golden/mel/generate.py CORPORA

The signals are formulas that tests/cli/mel.rs repeats; of EMO-DB only every fourth mel frame of three files is
kept. librosa runs in float64; in float32 it gives the same within 1e-5 dB, as is printed.
"""

import sys
from pathlib import Path

import librosa
import numpy as np
import soundfile

HERE = Path(__file__).parent


def decaying_noise(n):
    x, out = 1, np.empty(n)
    for i in range(n):
        x = (1103515245 * x + 12345) % 2**31
        d = 1 - i / n
        d2 = d * d
        out[i] = (x / 2**30 - 1) * (d2 * d2)
    return out.astype(np.float32)


def log_mel(y, window=800, hop=400, n_fft=1024, mels=128, htk=False, floor=80.0, dtype=np.float64):
    power = librosa.feature.melspectrogram(
        y=y.astype(dtype), sr=16000, n_fft=n_fft, win_length=window, hop_length=hop, window="hann", center=True,
        pad_mode="constant", power=2, n_mels=mels, htk=htk, norm="slaney", dtype=dtype,
    )
    return librosa.power_to_db(power, top_db=floor).T


def save(name, y, every=1, **settings):
    db = log_mel(y, **settings)
    own = np.abs(db - log_mel(y, dtype=np.float32, **settings)).max()
    kept = np.ascontiguousarray(db[::every], dtype=np.float32)
    np.save(HERE / f"{name}.npy", kept)
    print(f"{name}: {kept.shape}, librosa float32 differs by {own:.1e} dB")


save("default", decaying_noise(16000))
save("htk-800", decaying_noise(8000), htk=True, n_fft=800)
save("speech-25ms", decaying_noise(6000), window=400, hop=160, n_fft=2048, mels=40, floor=60.0)
save("shorter-than-a-window", decaying_noise(100))
save("one-sample-beside-the-window", decaying_noise(4000), n_fft=802)
for name in ["03a01Fa", "08a02Ab", "16b10Wb"]:
    found = next((Path(sys.argv[1]) / "emodb" / "wav").glob(f"{name}.*"))
    samples, rate = soundfile.read(found, dtype="float32")
    assert rate == 16000 and samples.ndim == 1
    save(f"emodb-{name}", samples, every=4)
