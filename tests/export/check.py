#!/usr/bin/env python3
"""Holds an exported model against `seraug predict`: the ONNX model by onnxruntime and the loader by PyTorch.

    seraug predict MODEL CORPUS/wav --out p.csv        # recordings of 16 kHz, mono
    python tests/export/check.py MODEL p.csv           # needs onnx, onnxruntime, soundfile; torch and safetensors for the loader

Exit code 1 where a probability differs by 1e-4 or a vote by anything."""

import csv
import json
import sys

import numpy
import onnx
import onnxruntime
import soundfile

try:
    import torch
except ImportError as reason:
    torch = None
    print(f"the loader is not checked: {reason}", file=sys.stderr)


def main():
    folder, table = sys.argv[1:]
    sys.path.insert(0, folder)
    with open(f"{folder}/labels.json") as file:
        labels = list(json.load(file).values())
    model = None
    if torch:
        from seraug_model import Model

        model = Model(folder)
        assert model.labels == labels
    onnx.checker.check_model(onnx.load(f"{folder}/model.onnx"), full_check=True)
    session = onnxruntime.InferenceSession(f"{folder}/model.onnx", providers=["CPUExecutionProvider"])
    worst, votes, rows = {"onnx": 0.0, "torch": 0.0}, {"onnx": 0, "torch": 0}, 0
    with open(table, newline="") as file:
        for row in csv.DictReader(file):
            samples, rate = soundfile.read(row["file"], dtype="float32", always_2d=True)
            assert rate == 16000, f"{row['file']}: {rate} Hz"
            samples = samples.mean(1)
            expected = numpy.array([float(row[f"p_{label}"]) for label in labels])
            p, best, of_segments = session.run(None, {"waveform": samples})
            assert of_segments.shape == (int(row["segments"]), len(expected)), row["file"]
            answers = [("onnx", p, labels[int(best)])]
            if model:
                probabilities, predicted, segments = model(torch.from_numpy(samples))
                assert len(segments) == int(row["segments"]), row["file"]
                answers.append(("torch", probabilities.numpy(), predicted))
            for name, q, label in answers:
                worst[name] = max(worst[name], float(numpy.abs(q - expected).max()))
                votes[name] += label != row["predicted"]
            rows += 1
    for name in worst if model else ["onnx"]:
        print(f"{name}: {rows} rows, largest difference of a probability {worst[name]:.1e}, {votes[name]} other votes")
    sys.exit(rows == 0 or any(w >= 1e-4 for w in worst.values()) or any(votes.values()))


main()
