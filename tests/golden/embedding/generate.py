"""points.csv: 90 made-up points and a map of them; measures.json: what scikit-learn says of both.

Run in this folder: python generate.py (numpy, scipy, scikit-learn).
"""

import csv
import json

import numpy as np
from scipy.optimize import brentq
from scipy.spatial.distance import pdist, squareform
from sklearn.manifold import TSNE, trustworthiness
from sklearn.manifold._t_sne import _joint_probabilities, _kl_divergence
from sklearn.metrics import silhouette_score
from sklearn.neighbors import NearestNeighbors

PERPLEXITY = 89 / 3  # a third of the neighbours is less than 30
rng = np.random.default_rng(5)
names = ["neutral", "angry", "sad"]
rows = []
for c, size in enumerate([14, 10, 6]):
    centre = rng.normal(size=8) * 0.8
    for i in range(size):
        original = centre + rng.normal(size=8)
        rows.append((f"{names[c]}-{i}", c, "original", original))
        for _ in range(2):
            rows.append((f"{names[c]}-{i}", c, "augmentation", original + rng.normal(size=8) * 0.7))
rows.sort(key=lambda row: row[2], reverse=True)
r = np.round(np.array([row[3] for row in rows]), 6)
place = np.round(r @ rng.normal(size=(8, 2)) * 3 + rng.normal(size=(len(r), 2)), 6)
classes = np.array([row[1] for row in rows])
kinds = np.array([row[2] for row in rows])
ids = np.array([row[0] for row in rows])


def exact_joint(points, perplexity):
    """P with each Gaussian's width solved for, in float64."""
    squared = squareform(pdist(points, "sqeuclidean"))
    p = np.zeros_like(squared)
    for i in range(len(points)):
        others = np.arange(len(points)) != i
        d = squared[i, others] - squared[i, others].min()

        def weights(log_beta):
            w = np.exp(-np.exp(log_beta) * d)
            return w / w.sum()

        def excess(log_beta):
            w = weights(log_beta)
            w = w[w > 0]
            return -(w * np.log(w)).sum() - np.log(perplexity)

        p[i, others] = weights(brentq(excess, -20, 20, xtol=1e-14))
    return (p + p.T) / (2 * len(points))


def divergence(joint, points):
    w = 1 / (1 + squareform(pdist(points, "sqeuclidean")))
    np.fill_diagonal(w, 0)
    q = w / w.sum()
    some = joint > 0
    return float((joint[some] * np.log(joint[some] / q[some])).sum())


def share(kind, k=5):
    right = []
    originals = kinds == "original"
    for i in np.flatnonzero(kinds == kind):
        others = np.flatnonzero(originals & (ids != ids[i]))
        found = NearestNeighbors(n_neighbors=k).fit(r[others]).kneighbors(r[i : i + 1])[1][0]
        near = classes[others[found]].tolist()
        most = max(near.count(c) for c in near)
        right.append(next(c for c in near if near.count(c) == most) == classes[i])
    return float(np.mean(right))


joint = exact_joint(r, PERPLEXITY)
distances = squareform(pdist(r, "sqeuclidean")).astype(np.float32)
theirs = _joint_probabilities(distances, PERPLEXITY, verbose=0)
best = min(
    TSNE(method="exact", init="random", perplexity=PERPLEXITY, learning_rate=200, random_state=s).fit(r).kl_divergence_
    for s in range(5)
)
measures = {
    "perplexity": PERPLEXITY,
    "kl": divergence(joint, place),
    "kl_sklearn": float(_kl_divergence(place.ravel(), theirs, 1, len(r), 2)[0]),
    "kl_of_tsne": float(best),
    "trustworthiness": float(trustworthiness(r, place, n_neighbors=5)),
    "silhouette_r": float(silhouette_score(r, classes)),
    "silhouette_map": float(silhouette_score(place, classes)),
    "augmentations": share("augmentation"),
    "originals": share("original"),
}
with open("points.csv", "w", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["utterance", "class", "kind"] + [f"r{d}" for d in range(8)] + ["x", "y"])
    for row, values, (x, y) in zip(rows, r.tolist(), place.tolist()):
        writer.writerow([row[0], names[row[1]], row[2], *values, x, y])
with open("measures.json", "w") as file:
    file.write(json.dumps(measures, indent=1) + "\n")
