"""Golden values of src/core/metrics.rs and src/core/calibration.rs from scikit-learn and torchmetrics.

python tests/golden/metrics/generate.py > tests/golden/metrics/cases.json
numpy, torch, scikit-learn 1.9, torchmetrics 1.9.
"""

import json

import numpy as np
import torch
from sklearn.metrics import accuracy_score, balanced_accuracy_score, brier_score_loss, f1_score
from torchmetrics.functional.classification import multiclass_calibration_error

rng = np.random.default_rng(20261129)
BINS = 15


def guo(confidence, right):
    """`_ECELoss` of Guo et al.'s temperature_scaling, with numpy: bins (low, high]."""
    edges = np.linspace(0, 1, BINS + 1)
    # What linspace makes of 0.6 and so on is not the double nearest to it.
    edges = np.round(edges, 12)
    ece = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            ece += abs(confidence[inside].mean() - right[inside].mean()) * inside.mean()
    return ece


def case(p, y, torch_too=True):
    """`p` has six digits, as predictions.csv."""
    k = p.shape[1]
    said, confidence = p.argmax(1), p.max(1)
    ece = guo(confidence, (said == y).astype(float))
    if torch_too:
        other = multiclass_calibration_error(torch.tensor(p), torch.tensor(y), num_classes=k, n_bins=BINS, norm="l1").item()
        assert np.isclose(ece, other, atol=1e-9), (ece, other)
    one_hot = np.eye(k)[y]
    brier = brier_score_loss(one_hot, p, scale_by_half=False) if k > 2 else brier_score_loss(y, p, scale_by_half=False)
    assert np.isclose(brier, ((p - one_hot) ** 2).sum(1).mean())
    return {
        "probabilities": p.tolist(), "truth": y.tolist(), "predicted": said.tolist(), "classes": k,
        "ece": ece, "brier": brier,
        "accuracy": accuracy_score(y, said), "uar": balanced_accuracy_score(y, said),
        "macro_f1": f1_score(y, said, average="macro"), "weighted_f1": f1_score(y, said, average="weighted"),
    }


def drawn(n, k, sharpness, skew=0.0):
    y = rng.choice(k, n, p=np.array([1 + skew] + [1] * (k - 1)) / (k + skew))
    logits = rng.normal(0, 1, (n, k)) + 0.8 * np.eye(k)[y]
    p = np.exp(sharpness * logits)
    p = p / p.sum(1, keepdims=True)
    # Six digits that sum to one, and away from the ends of the bins.
    p = np.round(np.clip(p, 1e-6, 1), 6)
    p[:, -1] = np.round(1 - p[:, :-1].sum(1), 6)
    p = np.clip(p, 0, 1)
    c = p.max(1) * BINS
    keep = (np.abs(c - np.round(c)) > 1e-3) & (p.sum(1) == 1)
    return p[keep], y[keep]


cases = [case(*drawn(n, k, s, skew)) for n, k, s, skew in
         [(40, 4, 1.0, 0), (200, 4, 2.5, 3), (300, 2, 0.6, 1), (60, 7, 1.5, 5), (12, 3, 0.2, 0)]]
# A class that is neither true nor predicted, and one that is never right.
p, y = drawn(80, 4, 1.2)
p, y = p[(p.argmax(1) != 3) & (y != 3)], y[(p.argmax(1) != 3) & (y != 3)]
cases.append(case(p, y))
# Confidences on the ends of bins: torchmetrics has bins [low, high) there and one of its own for 1.
p = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.95, 0.05, 0.0], [0.6, 0.2, 0.2], [0.2, 0.6, 0.2], [0.4, 0.3, 0.3],
              [0.61, 0.19, 0.2], [0.1, 0.1, 0.8], [0.1, 0.11, 0.79], [0.0, 0.0, 1.0]])
cases.append(case(p, np.array([0, 0, 1, 0, 0, 1, 0, 2, 0, 2]), torch_too=False))
print(json.dumps(cases, default=float))
