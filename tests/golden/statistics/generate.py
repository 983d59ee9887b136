"""Golden values of src/statistics from scipy, statsmodels and scikit-learn.

python tests/golden/statistics/generate.py > tests/golden/statistics/cases.json
numpy, scipy 1.17, statsmodels 0.15, scikit-learn.
"""

import json

import numpy as np
import scipy.optimize
import scipy.stats as st
from sklearn.metrics import balanced_accuracy_score
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import DescrStatsW

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


# Trials of BCG vaccination against tuberculosis (Colditz et al., JAMA 271, 1994; `dat.bcg` of metafor): vaccinated with and
# without the disease, then the others.
BCG = [(4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619), (33, 5036, 47, 5761),
       (180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892), (29, 7470, 45, 7232), (17, 1699, 65, 1600),
       (186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825)]
# Kacker (Metrologia 41, 2004), with what metafor 2.4's rma(method="PM") gives for it, as in statsmodels' tests (exk1_metafor).
KACKER = ([61.0, 61.4, 62.21, 62.3, 62.34, 62.6, 62.7, 62.84, 65.9],
          [0.2025, 1.21, 0.09, 0.2025, 0.3844, 0.5625, 0.0676, 0.0225, 1.8225])
METAFOR = {"estimate": 62.4076199113286, "se": 0.338030602684471, "tau2": 0.705395309224248, "q": 24.801897741835,
           "q_p": 0.00167935146372742}


def pooled():
    """statsmodels' Paule-Mandel and Hartung-Knapp; its own tolerance of the iteration is 1e-5."""
    a, b, c, d = np.array(BCG, float).T
    ratios = list(np.log(a / (a + b)) - np.log(c / (c + d)))
    bcg = (ratios, list(np.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))))
    samples = [
        bcg,
        (KACKER[0], list(np.sqrt(KACKER[1]))),
        # Four corpora: far apart, and as near as their standard errors say, where tau2 is 0.
        ([4.1, -1.3, 2.2, 0.4], [1.1, 1.6, 0.9, 2.4]),
        ([1.2, 0.9, 1.4, 1.0], [0.8, 1.5, 2.0, 1.1]),
        ([3.0, -0.5, 1.8], [1.0, 1.2, 0.4]),
        ([5.0, 0.5], [0.6, 1.0]),
        ([0.7, 0.6], [0.6, 1.0]),
        (list(np.round(rng.normal(1, 3, 8), 6)), list(np.round(rng.uniform(0.5, 3, 8), 6))),
    ]
    cases = []
    for estimates, errors in samples:
        y, se = np.array(estimates), np.array(errors)
        r = combine_effects(y, se**2, method_re="iterated", atol=1e-13, maxiter=1000)
        k = len(y)
        if estimates is KACKER[0]:
            found = {"estimate": r.mean_effect_re, "se": r.sd_eff_w_re_hksj, "tau2": r.tau2, "q": r.q,
                     "q_p": st.chi2.sf(r.q, k - 1)}
            assert all(np.isclose(found[n], METAFOR[n], rtol=1e-9) for n in METAFOR), found
        # Knapp and Hartung (2003): not smaller than the standard error without their factor.
        used = max(r.sd_eff_w_re_hksj, r.sd_eff_w_re)
        spread = np.sqrt(r.tau2 + used**2)
        intervals = {share: st.t.interval(share, k - 1, loc=r.mean_effect_re, scale=used) for share in (0.9, 0.95)}
        cases.append({
            "estimates": estimates, "errors": errors, "estimate": r.mean_effect_re, "tau2": r.tau2,
            "se_hartung_knapp": r.sd_eff_w_re_hksj, "se": used, "weights": list(r.weights_rel_re), "q": r.q,
            "q_p": st.chi2.sf(r.q, k - 1), "i2": max(0.0, r.i2), "p": 2 * st.t.sf(abs(r.mean_effect_re / used), k - 1),
            "low": intervals[0.95][0], "high": intervals[0.95][1], "low90": intervals[0.9][0], "high90": intervals[0.9][1],
            # Higgins, Thompson and Spiegelhalter (2009), with scipy's t.
            "prediction": list(st.t.interval(0.95, k - 2, loc=r.mean_effect_re, scale=spread)) if k > 2 else None,
        })
    return cases


def equivalences():
    cases = []
    for values, margin in [([0.4, -0.2, 0.7, 0.1, 0.3], 2.0), ([3.1, 2.2, 0.4, 5.0, 1.9], 2.0), ([1.5, -0.5], 2.0),
                           (list(np.round(rng.normal(-1, 1, 10), 6)), 2.0), (list(np.round(rng.normal(-4, 1, 6), 6)), 0.5)]:
        d = DescrStatsW(np.array(values))
        low, high = d.tconfint_mean(alpha=0.1)
        p = d.ttost_mean(-margin, margin)[0]
        cases.append({"mean": d.mean, "se": d.std_mean, "df": len(values) - 1, "margin": margin, "p": p, "low": low,
                      "high": high})
    return cases


def ratios():
    """Fieller's interval as the ratios r at which scipy's t-test of numerator - r * denominator has a p of 0.05."""
    cases = []
    for n, numerator, denominator, spread in [(10, 4, 12, 3), (6, 1, 9, 2), (4, 6, 8, 1), (5, -2, 10, 4), (5, 3, 2, 6)]:
        shared = rng.normal(0, spread, n)
        y = np.round(denominator + shared + rng.normal(0, spread / 2, n), 6)
        x = np.round(numerator + shared / 2 + rng.normal(0, spread / 2, n), 6)
        ratio = x.mean() / y.mean()
        beyond = lambda r: st.ttest_1samp(x - r * y, 0).pvalue - 0.05
        case = {"numerator": list(x), "denominator": list(y), "ratio": ratio, "low": None, "high": None}
        # Bounded where the denominator itself is told from zero.
        if st.ttest_1samp(y, 0).pvalue < 0.05:
            case["low"] = scipy.optimize.brentq(beyond, ratio - 100, ratio, xtol=1e-13)
            case["high"] = scipy.optimize.brentq(beyond, ratio, ratio + 100, xtol=1e-13)
        cases.append(case)
    assert cases[-1]["low"] is None and all(c["low"] is not None for c in cases[:-1])
    return cases


print(json.dumps({"paired": paired(), "mcnemar": discordant(), "holm": several(), "power": powers(),
                  "bootstrap": speakers(), "pooled": pooled(), "equivalence": equivalences(), "fieller": ratios()},
                 indent=1, default=float))
