"""Import and features of the corpus that benches/work/corpus.rs wrote, from nothing: SHA-256 of every file, soundfile,
librosa (soxr where the rate is another), numpy.save; processes in place of threads."""

import csv
import hashlib
import multiprocessing
import os
import shutil
import time
from functools import cache
from pathlib import Path

import numpy as np

from settings import RATE, librosa_log_mel


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def features(job):
    import librosa
    import soundfile

    path, target = job
    y, rate = soundfile.read(path, dtype="float32", always_2d=True)
    y = y.mean(axis=1)
    if rate != RATE:
        y = librosa.resample(y, orig_sr=rate, target_sr=RATE)
    mel = np.ascontiguousarray(librosa_log_mel(y).T, dtype=np.float32)
    np.save(target, mel)
    # Not the array: a pipe between processes would be timed too.
    return len(mel)


def warm(_):
    rng = np.random.default_rng(0)
    y = rng.standard_normal(RATE).astype(np.float32)
    import librosa

    librosa.resample(y, orig_sr=48000, target_sr=RATE)
    librosa_log_mel(y)


@cache
def pool(threads):
    # One thread a process: there are as many processes as threads are asked for.
    os.environ["OMP_NUM_THREADS"] = "1"
    made = multiprocessing.get_context("spawn").Pool(threads)
    made.map(warm, range(8 * threads), chunksize=1)
    return made


def run(request):
    seconds, n, rate = request.get("seconds", 25000), request.get("utterances", 10000), request.get("rate", 16000)
    folder = Path(request["folder"]) / f"{seconds:g}-{n}-{rate}"
    workers = pool(request.get("threads", 2))
    cache_folder = folder / "cache-peer"
    shutil.rmtree(cache_folder, ignore_errors=True)
    begun = time.perf_counter()
    root = folder / "bench"
    with open(root / "table.csv", newline="") as file:
        paths = [root / row["path"] for row in csv.DictReader(file)]
    digests = workers.map(digest, paths, chunksize=16)
    imported = time.perf_counter() - begun
    for two in sorted({d[:2] for d in digests}):
        (cache_folder / two).mkdir(parents=True, exist_ok=True)
    jobs = [(path, cache_folder / d[:2] / f"{d}.npy") for path, d in zip(paths, digests)]
    frames = sum(workers.imap(features, jobs, chunksize=16))
    total = time.perf_counter() - begun
    return {
        "seconds": total, "units": seconds, "import": imported, "features": total - imported,
        "frames": frames,
    }
