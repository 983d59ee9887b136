"""Goldens of the judge's measures: writes cases.json beside this file.

    pip install numpy scipy scikit-learn prdc
    python tests/golden/judge/generate.py

numpy 2.4, scipy 1.17, scikit-learn 1.9; density and coverage by prdc 0.2 (Naeem et al., MIT licence).
"""

import json
import pathlib

import numpy as np
from prdc import compute_prdc
from scipy.spatial.distance import cdist, pdist, squareform
from scipy.stats import mannwhitneyu, norm, permutation_test
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(20261129)


def mmd2(x, y, gamma):
    """Unbiased, as equation 3 of Gretton et al. 2012."""
    n, m = len(x), len(y)
    kx, ky, kxy = rbf_kernel(x, x, gamma), rbf_kernel(y, y, gamma), rbf_kernel(x, y, gamma)
    return (
        (kx.sum() - np.trace(kx)) / (n * (n - 1))
        + (ky.sum() - np.trace(ky)) / (m * (m - 1))
        - 2 * kxy.mean()
    )


def regression(**settings):
    return make_pipeline(StandardScaler(), LogisticRegression(tol=1e-10, max_iter=10000, **settings))


def mann_whitney(ours, theirs, cells):
    """z of each cell from scipy's two-sided p and the side of U, pooled by the variances with the correction for ties."""
    off = variance = 0.0
    for cell in range(cells):
        x = np.array([d for c, d in ours if c == cell])
        y = np.array([d for c, d in theirs if c == cell])
        if len(x) == 0 or len(y) == 0:
            continue
        test = mannwhitneyu(x, y, method="asymptotic", use_continuity=False)
        u, mean = test.statistic, len(x) * len(y) / 2
        z = np.sign(u - mean) * norm.isf(test.pvalue / 2)
        off += u - mean
        variance += ((u - mean) / z) ** 2
    return off / np.sqrt(variance)


def case(n, m, d, shift, scale):
    reference = rng.normal(size=(m, d)) * np.linspace(0.5, 2, d)
    generated = (shift + scale * rng.normal(size=(n, d))) * np.linspace(0.5, 2, d)
    both = np.concatenate([generated, reference])
    labels = np.array([1] * n + [0] * m)
    median = np.median(pdist(both))
    gamma = 0.5 / median**2
    folds = np.concatenate([rng.permutation(np.arange(k) % 5) for k in (n, m)])
    split = [(np.flatnonzero(folds != f), np.flatnonzero(folds == f)) for f in range(5)]
    hits = sum(
        (regression().fit(both[a], labels[a]).predict(both[b]) == labels[b]).sum() for a, b in split
    )
    neighbour = cross_val_score(KNeighborsClassifier(1), both, labels, cv=LeaveOneOut()).mean()
    prdc = compute_prdc(reference, generated, nearest_k=5)
    found = {
        "generated": generated.tolist(),
        "reference": reference.tolist(),
        "mmd2": mmd2(generated, reference, gamma),
        "folds": folds.tolist(),
        "classifier": hits / (n + m),
        "neighbour": neighbour,
        "density": prdc["density"],
        "coverage": prdc["coverage"],
        "spread": pdist(generated).mean() / pdist(reference).mean(),
    }
    if n + m <= 14:
        # All divisions, to hold 1000 random ones against.
        statistic = lambda a, b: mmd2(both[a], both[b], gamma)
        index = np.arange(n + m)
        exact = permutation_test(
            (index[:n], index[n:]), statistic, vectorized=False, n_resamples=np.inf, alternative="greater"
        )
        found["exact_p"] = exact.pvalue
    return found


def copying(n, m, t, near):
    """Distances to training points in the cells of scikit-learn's k-means."""
    training = np.concatenate([rng.normal(size=(t, 3)) + at for at in (0, 40, -40)])
    reference = np.concatenate([rng.normal(size=(m, 3)) + at for at in (0, 40, -40)])
    source = training[rng.integers(len(training), size=3 * n)]
    generated = source + near * rng.normal(size=source.shape)
    cells = KMeans(3, n_init=10, random_state=0).fit(training)
    of = lambda x: list(zip(cells.predict(x).tolist(), cdist(x, training).min(1).tolist()))
    z = mann_whitney(of(generated), of(reference), 3)
    return {
        "training": training.tolist(),
        "reference": reference.tolist(),
        "generated": generated.tolist(),
        "z": z,
        "p": 2 * norm.sf(abs(z)),
    }


def tied():
    """Distances with ties in two cells, one of them without a second set."""
    ours = [(0, 1.0), (0, 2.0), (0, 2.0), (1, 0.0), (1, 0.0), (1, 3.0), (2, 1.0)]
    theirs = [(0, 2.0), (0, 3.0), (0, 4.0), (1, 0.0), (1, 2.0), (1, 5.0)]
    return {"ours": ours, "theirs": theirs, "z": mann_whitney(ours, theirs, 3)}


def logistic(n, d, classes, balanced):
    labels = np.concatenate([np.arange(classes), rng.integers(classes, size=n - classes)])
    if balanced:
        labels[: n // 2] = 0
        labels[:classes] = np.arange(classes)
    points = rng.normal(size=(n, d)) * 3 + np.outer(labels, np.linspace(-1, 1, d)) + 5
    points[:, 0] = 7.0
    fitted = regression(class_weight="balanced" if balanced else None).fit(points, labels)
    test = rng.normal(size=(6, d)) * 3 + 5
    scores = fitted.decision_function(test)
    if classes == 2:
        scores = np.stack([0 * scores, scores], 1)
    return {
        "points": points.tolist(),
        "labels": labels.tolist(),
        "classes": classes,
        "balanced": balanced,
        "test": test.tolist(),
        "scores": scores.tolist(),
        "predicted": fitted.predict(test).tolist(),
    }


def ripple():
    """Utterances with a pattern over time, one over bands and a slope; the ripples of their mean, as docs/judge.md has them."""
    own = np.random.default_rng(20261130)
    mels = 24
    made = [
        20 * own.normal(size=(n, mels))
        + 3 * np.cos(np.arange(n) * np.pi / 2)[:, None]
        - np.arange(n)[:, None]
        + 4 * (np.arange(mels) % 2)
        for n in (40, 51, 64, 48, 9)
    ]
    around = np.array([0.5, 1, 1, 1, 1, 1, 1, 1, 0.5]) / 8

    def pattern(x):
        above = x[4:-4] - np.apply_along_axis(np.convolve, 0, x, around, mode="valid")
        phase = np.arange(4, len(x) - 4) % 8
        return np.stack([above[phase == p].mean(0) if p in phase else np.zeros(x.shape[1]) for p in range(8)])

    depth = lambda patterns: np.sqrt(np.mean(patterns, 0).var(0).mean())
    return {
        "mels": mels,
        "frames": [x.ravel().tolist() for x in made],
        "time": depth([pattern(x) for x in made]),
        "bands": depth([pattern(x.mean(0)[:, None]) for x in made]),
    }


cases = {
    "two_sets": [
        case(20, 20, 4, 0.0, 1.0),
        case(24, 17, 6, 0.6, 0.8),
        case(30, 30, 2, 0.0, 0.2),
        case(7, 7, 3, 0.4, 1.0),
        # More columns than points, as in the space of the bands.
        case(15, 15, 40, 0.5, 1.0),
    ],
    "copying": [copying(7, 8, 12, 0.05), copying(7, 8, 12, 0.9), copying(6, 9, 10, 4.0)],
    "tied": tied(),
    "logistic": [
        logistic(30, 3, 2, False),
        logistic(40, 5, 3, True),
        logistic(25, 40, 4, False),
        logistic(24, 30, 2, True),
    ],
    "ripple": ripple(),
}
path = pathlib.Path(__file__).with_name("cases.json")
rounded = json.loads(json.dumps(cases), parse_float=lambda v: float(f"{float(v):.12g}"))
path.write_text(json.dumps(rounded, separators=(",", ":")) + "\n")
