#!/usr/bin/env python3
"""`just gpu-pack`: what tests/gpu/check.sh needs on a GPU machine without Rust and network, as target/gpu-pack.tar.gz.

Programs, the bench, experiments, and features of EMO-DB. Features travel, audio does not: in place of each recording there is
a file of noise of the same name, and the cache of features has the recording's log-mel under that file's digest. Where
EMO-DB is not here, the features are made up: everything runs, and no figure means anything."""

import argparse
import csv
import hashlib
import json
import math
import os
import random
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import wave
from array import array
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "benches/driver"))

import machine  # noqa: E402
from build import Programs  # noqa: E402

TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
LIMIT = 64 << 20
SPEC = "open/table2-emodb"
# The cheapest run that has every utterance's features made.
ONE_STEP = ["preset=tiny", "protocol.leave-speakers-out.only=[1]", "seeds=[1]", "classifier.epochs=1"]
ONE_STEP += ["classifier.min-steps=1", "augmentor.iterations=1"]


def main() -> None:
    p = argparse.ArgumentParser(prog="just gpu-pack", description=__doc__)
    p.add_argument("--corpora", type=Path, default=Path(os.environ.get("SERAUG_CORPORA", ROOT / "corpora")))
    p.add_argument("--out", type=Path, default=TARGET / "gpu-pack.tar.gz")
    args = p.parse_args()
    os.chdir(ROOT)
    programs = Programs.find(TARGET)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        pack = scratch / "gpu-pack"
        copy_programs(Path(programs.seraug), Path(programs.work), pack / "bin")
        for folder in ("benches", "experiments", "tests/gpu"):
            shutil.copytree(folder, pack / folder, ignore=shutil.ignore_patterns(".venv", "__pycache__"))
        (pack / "tests/cuda").mkdir()
        for checks in ("tests/cuda-checks.sh", "tests/cuda/checks.toml"):
            shutil.copy(checks, pack / checks)
        real = (args.corpora / "emodb").is_dir()
        mels = features(programs.seraug, args.corpora, scratch) if real else made_up()
        lay_out(programs.seraug, mels, pack, scratch)
        say(f"features of {len(mels)} utterances of EMO-DB" if real else f"EMO-DB is not in {args.corpora}: features are made up")
        about = {"revision": machine.revision(), "features": "EMO-DB" if real else "made up"}
        (pack / "pack.json").write_text(json.dumps(about, indent=1) + "\n")
        args.out.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(args.out, "w:gz") as archive:
            archive.add(pack, "gpu-pack")
    size = args.out.stat().st_size
    say(f"{args.out}: {size / 2**20:.1f} MiB; there: tar xzf {args.out.name} && sh gpu-pack/tests/gpu/check.sh")
    if size > LIMIT:
        raise SystemExit(f"gpu-pack: larger than {LIMIT >> 20} MiB")


def copy_programs(seraug: Path, work: Path, to: Path) -> None:
    """Without symbols: half of their size."""
    to.mkdir(parents=True)
    for program in (seraug, seraug.with_name("seraug-worker"), work):
        name = "work" if program == work else program.name
        subprocess.run(["strip", "-o", to / name, program], check=True)
    graph = seraug.with_name("libseraug_cuda_graph.so")
    if graph.exists():
        shutil.copy(graph, to)
    else:
        say(f"no {graph.name}: CUDA graphs will not be tried; just cuda-graph builds it")


def features(seraug: str, corpora: Path, scratch: Path) -> dict[str, bytes]:
    """The .npy of each utterance of the experiment, by the stem of its file."""
    results = scratch / "results"
    found = cache_of(seraug, corpora, results)
    split = next(results.glob(f"{SPEC}/*T*/split.csv"))
    with open(split, newline="") as file:
        return {row["utterance"]: found[row["sha256"]].read_bytes() for row in csv.DictReader(file)}


def cache_of(seraug: str, corpora: Path, results: Path) -> dict[str, Path]:
    """Runs one step of the experiment on `corpora`; the files of its cache of features, by digest of the recording."""
    command = [seraug, "run", f"experiments/{SPEC}.toml", "--device", "cpu", "--corpora", corpora, "--results", results]
    command += ["--partial", "--quiet", *(f"--set={s}" for s in ONE_STEP)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"gpu-pack: the run that makes the features failed: {done.stderr.strip()}")
    return {npy.stem: npy for npy in results.glob(".store/features-*/*/*.npy")}


def made_up() -> dict[str, bytes]:
    """For every utterance that the committed run lists: waves that differ by emotion, under some noise."""
    split = next((ROOT / "results/reference" / SPEC).glob("*T*/split.csv"))
    with open(split, newline="") as file:
        names = [row["utterance"] for row in csv.DictReader(file)]
    return {name: npy(name, 60 + i * 7 % 120) for i, name in enumerate(names)}


def npy(name: str, frames: int, mels: int = 128) -> bytes:
    """float32 [frames, mels] in dB, as the cache of features has it."""
    draw, phase = random.Random(name), ord(name[5])
    wave = lambda t, m: 15 * math.sin(t / 9 + phase) * math.cos(m / 17 + phase)
    values = array("f", (wave(t, m) - 40 + draw.uniform(-3, 3) for t in range(frames) for m in range(mels)))
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({frames}, {mels}), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + values.tobytes()


def lay_out(seraug: str, mels: dict[str, bytes], pack: Path, scratch: Path) -> None:
    """corpora/emodb with files of noise, and in corpora/.store what is to stand in a store: `mels`, by those files' digests."""
    wav = pack / "corpora/emodb/wav"
    wav.mkdir(parents=True)
    digests = {}
    for name in mels:
        path = wav / f"{name}.wav"
        noise(path)
        digests[hashlib.sha256(path.read_bytes()).hexdigest()] = name
    # The program knows what the folder is called.
    cache = cache_of(seraug, pack / "corpora", scratch / "of-noise")
    for digest, name in digests.items():
        place = cache[digest]
        to = pack / "corpora/.store" / place.relative_to(scratch / "of-noise/.store")
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(mels[name])


def noise(path: Path) -> None:
    """A third of a second to one, told from every other by its name. tests/cuda-checks.sh takes it for what it is."""
    draw = random.Random(path.stem)
    samples = draw.randint(5000, 16000)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(array("h", (draw.randint(-8000, 8000) for _ in range(samples))).tobytes())


def say(text: str) -> None:
    print(f"gpu-pack: {text}", file=sys.stderr, flush=True)


main()
