"""t-SNE of the points that benches/work/tsne.rs wrote, 250 iterations with early exaggeration 12 and 750 without.
`kind`: opentsne or sklearn, as their users call them; `method` of sklearn: barnes_hut (its default) or exact.

`kl` is the exact divergence of the map at that perplexity, by the definition of src/report/analysis/embedding/measures.rs."""

import time
from pathlib import Path

import numpy as np


def distances(points):
    squares = (points**2).sum(1)
    d = squares[:, None] + squares[None, :] - 2 * points @ points.T
    np.fill_diagonal(d, 0)
    return np.maximum(d, 0)


def joint_probabilities(points, perplexity):
    d, n = distances(points), len(points)
    p = np.zeros((n, n))
    for i in range(n):
        row = np.delete(d[i], i)
        row = row - row.min()
        beta, low, high = 1.0, 0.0, np.inf
        for _ in range(200):
            w = np.exp(-beta * row)
            w /= w.sum()
            entropy = -(w[w > 0] * np.log(w[w > 0])).sum()
            if abs(entropy - np.log(perplexity)) < 1e-12:
                break
            if entropy > np.log(perplexity):
                low, beta = beta, (beta + high) / 2 if np.isfinite(high) else 2 * beta
            else:
                high, beta = beta, (beta + low) / 2
        p[i, np.arange(n) != i] = w
    return (p + p.T) / (2 * n)


def divergence(joint, places):
    q = 1 / (1 + distances(np.asarray(places, dtype=np.float64)))
    np.fill_diagonal(q, 0)
    q /= q.sum()
    some = (joint > 0) & (q > 0)
    return float((joint[some] * np.log(joint[some] / q[some])).sum())


def run(request):
    n, dims = request.get("points", 480), request.get("dims", 128)
    points = np.load(Path(request["folder"]) / f"points-{n}-{dims}.npy").astype(np.float64)
    perplexity, seed, threads = min(30, (n - 1) / 3), request.get("seed", 1), request.get("threads", 1)
    if request.get("kind", "opentsne") == "opentsne":
        from openTSNE import TSNE

        tsne = TSNE(perplexity=perplexity, early_exaggeration_iter=250, n_iter=750, n_jobs=threads, random_state=seed)
        work = tsne.fit
    else:
        from sklearn.manifold import TSNE

        method = request.get("method", "barnes_hut")
        tsne = TSNE(
            perplexity=perplexity, max_iter=1000, n_iter_without_progress=1000, min_grad_norm=0, method=method,
            n_jobs=threads, random_state=seed,
        )
        work = tsne.fit_transform
    begun = time.perf_counter()
    places = work(points)
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "units": n, "kl": divergence(joint_probabilities(points, perplexity), places)}
