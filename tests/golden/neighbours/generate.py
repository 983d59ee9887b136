"""Nearest neighbours within a class, by scikit-learn: `python3 generate.py > cases.json` (numpy 2, scikit-learn 1).

Each case: points, their classes, how many neighbours; and of each point the others of its class, nearest first.
"""

import json

import numpy as np
from sklearn.neighbors import NearestNeighbors

random = np.random.default_rng(1)
cases = []
for n, dimensions, classes, count in [(12, 4, 3, 5), (30, 128, 2, 5), (7, 2, 7, 5), (9, 3, 1, 8)]:
    # Values of few digits are the same numbers in JSON and in single precision.
    points = np.round(random.normal(size=(n, dimensions)) * 8) / 8
    labels = random.integers(classes, size=n)
    nearest = []
    for i in range(n):
        others = [j for j in range(n) if j != i and labels[j] == labels[i]]
        if not others:
            nearest.append([])
            continue
        k = min(count, len(others))
        found = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(points[others])
        distances, at = found.kneighbors(points[i : i + 1])
        assert len(set(np.round(distances[0], 9))) == k, "a tie has no order"
        nearest.append([others[a] for a in at[0]])
    cases.append({"points": points.tolist(), "labels": labels.tolist(), "count": count, "nearest": nearest})
print(json.dumps(cases))
