"""Golden values of src/statistics from scipy, statsmodels and scikit-learn.

python tests/golden/statistics/generate.py > tests/golden/statistics/cases.json
numpy, scipy 1.17, statsmodels 0.15, scikit-learn.
"""

import json

import numpy as np
import scipy.stats as st
from sklearn.metrics import balanced_accuracy_score
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

rng = np.random.default_rng(20261123)


def corrected(differences, ratio):
    """scikit-learn, "Statistical comparison of models using grid search": corrected_std, compute_corrected_ttest."""
    kr = len(differences)
    se = np.sqrt(np.var(differences, ddof=1) * (1 / kr + ratio))
    t = np.mean(differences) / se
    low, high = st.t.interval(0.95, kr - 1, loc=np.mean(differences), scale=se)
    return {"se": se, "t": t, "p": 2 * st.t.sf(abs(t), kr - 1), "low": low, "high": high}


def biserial(differences):
    d = differences[differences != 0]
    ranks = st.rankdata(np.abs(d))
    return (ranks[d > 0].sum() - ranks[d < 0].sum()) / ranks.sum()


def paired():
    samples = [
        [1.5, -0.5],
        [3.1, 2.2, 0.4, 5.0, 1.9],
        [0.2, -0.1, 0.4, -0.3, 0.5, 0.6],
        list(np.round(rng.normal(2, 4, 10), 6)),
        list(np.round(rng.normal(1, 3, 25), 6)),
        # Ties and zeros, few and many.
        [1.0, -1.0, 2.0, 2.0, 0.0, 3.0],
        [0.0, 1.0, 2.0, -3.0, 4.0],
        list(np.round(rng.normal(0.8, 2, 20))),
        list(np.round(rng.normal(0.3, 2, 13))),
        list(np.round(rng.normal(1, 3, 50), 6)),
        list(np.round(rng.normal(1, 3, 60), 6)),
        list(np.round(rng.normal(3, 0.5, 30), 6)),
    ]
    cases = []
    for values in samples:
        d = np.array(values, float)
        plain = st.ttest_1samp(d, 0)
        again = corrected(d, 0)
        assert np.isclose(plain.pvalue, again["p"]) and np.isclose(plain.statistic, again["t"])
        w = st.wilcoxon(d)
        cases.append({
            "differences": values,
            "plain": again,
            "corrected": corrected(d, 0.25),
            "wilcoxon": {"statistic": w.statistic, "p": w.pvalue},
            "dz": d.mean() / d.std(ddof=1),
            "biserial": biserial(d),
        })
    return cases


def discordant():
    cases = []
    for b, c in [(0, 1), (3, 3), (5, 12), (0, 24), (11, 12), (10, 15), (20, 5), (40, 40), (100, 141), (900, 1000)]:
        r = mcnemar([[50, b], [c, 60]], exact=b + c < 25, correction=True)
        cases.append({"first": b, "second": c, "p": r.pvalue})
    return cases


def several():
    lists = [[0.04], [0.01, 0.04, 0.03], [0.5, 0.5, 0.001, 0.9], [0.02, 0.02, 0.02], list(rng.uniform(0, 0.2, 12))]
    return [{"p": p, "adjusted": list(multipletests(p, method="holm")[1])} for p in lists]


def powers():
    solve = TTestPower().solve_power
    return [{"n": n, "delta": float(solve(nobs=n, alpha=0.05, power=0.8)) * n**0.5} for n in [3, 4, 5, 6, 10, 25, 100, 500]]


# The generator of src/core/rng.rs, written again.
M = (1 << 64) - 1


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M
    return z ^ (z >> 31)


def root(seed):
    return mix(seed ^ 0x5345524155470001)


def child(seed, name):
    h = 0xCBF29CE484222325
    for b in name.encode():
        h = ((h ^ b) * 0x100000001B3) & M
    return mix(seed ^ mix(h))


def at(seed, index):
    return mix((seed + mix(index ^ 0x9E3779B97F4A7C15)) & M)


def bits(seed, count):
    out = []
    for block in range((count + 3) // 4):
        c, k = [block & 0xFFFFFFFF, block >> 32, 0, 0], [seed & 0xFFFFFFFF, seed >> 32]
        for r in range(10):
            if r:
                k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
            p0, p1 = c[0] * 0xD2511F53, c[2] * 0xCD9E8D57
            c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & 0xFFFFFFFF, (p0 >> 32) ^ c[3] ^ k[1], p0 & 0xFFFFFFFF]
        out += c
    return out[:count]


def speakers():
    """Rows of (speaker, truth, first, second); the last class is one speaker's alone, so that resamples lack it."""
    rows = []
    for s in range(8):
        skill = rng.normal(0, 0.15)
        for _ in range(30):
            truth = int(rng.integers(0, 3))
            guess = [truth if rng.uniform() < p + skill else int(rng.integers(0, 3)) for p in (0.5, 0.6)]
            rows.append((s, truth, *guess))
    rows += [(3, 3, 3, 0)] * 4 + [(3, 3, 0, 3)] * 6
    a = np.array(rows)

    def difference(chosen):
        take = np.concatenate([np.flatnonzero(a[:, 0] == s) for s in chosen])
        truth, first, second = a[take, 1], a[take, 2], a[take, 3]
        return balanced_accuracy_score(truth, second) - balanced_accuracy_score(truth, first)

    seed = child(root(0), "speakers")
    values = []
    import warnings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i in range(2000):
            values.append(difference([(b * 8) >> 32 for b in bits(at(seed, i), 8)]))
    low, high = np.percentile(values, [2.5, 97.5])
    return {"rows": [list(map(int, r)) for r in rows], "difference": difference(range(8)), "low": low, "high": high}


print(json.dumps({"paired": paired(), "mcnemar": discordant(), "holm": several(), "power": powers(),
                  "bootstrap": speakers()}, indent=1, default=float))
