"""Golden values of src/report/stats from scipy, statsmodels and scikit-learn.

python tests/golden/statistics/generate.py > tests/golden/statistics/cases.json
numpy, pandas, scipy 1.17, statsmodels 0.15, scikit-learn.
"""

import json
import warnings

import numpy as np
import pandas as pd
import scipy.optimize
import scipy.stats as st
import statsmodels.api as sm
from sklearn.metrics import balanced_accuracy_score
from statsmodels.regression.mixed_linear_model import MixedLM
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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i in range(2000):
            values.append(difference([(b * 8) >> 32 for b in bits(at(seed, i), 8)]))
    low, high = np.percentile(values, [2.5, 97.5])
    return {"rows": [list(map(int, r)) for r in rows], "difference": difference(range(8)), "low": low, "high": high}


def groups():
    """Rows of (speaker, truth, predicted) of two groups of other speakers; the UAR of each, and their difference."""
    own = np.random.default_rng(20261130)

    def rows(speakers, first, skill):
        out = []
        for s in range(speakers):
            p = skill + own.normal(0, 0.15)
            for _ in range(24):
                truth = int(own.integers(0, 3))
                out.append((first + s, truth, truth if own.uniform() < p else int(own.integers(0, 3))))
        return out

    women, men = rows(7, 0, 0.65), rows(9, 7, 0.5)
    # The last class is one speaker's alone, so that resamples lack it.
    women += [(2, 3, 3)] * 3 + [(2, 3, 0)] * 2
    a, b = np.array(women), np.array(men)

    def uar(of, chosen):
        take = np.concatenate([np.flatnonzero(of[:, 0] == s) for s in chosen])
        return balanced_accuracy_score(of[take, 1], of[take, 2])

    seed = child(root(0), "speakers")
    alone, between = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i in range(2000):
            drawn = bits(at(seed, i), 16)
            alone.append(uar(a, [(x * 7) >> 32 for x in drawn[:7]]))
            # The men first, as they are subtracted.
            less = uar(b, [7 + ((x * 9) >> 32) for x in drawn[:9]])
            between.append(uar(a, [(x * 7) >> 32 for x in drawn[9:]]) - less)
    interval = lambda values: dict(zip(["low", "high"], np.percentile(values, [2.5, 97.5])))
    return {"women": [list(r) for r in women], "men": [list(r) for r in men],
            "alone": {"uar": uar(a, range(7)), **interval(alone)},
            "difference": {"uar": uar(a, range(7)) - uar(b, range(7, 16)), **interval(between)}}


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


def tested(folds, per_fold, classes, lacking=()):
    """Rows of (fold, speaker, truth, right[0], right[1]) of speakers with unlike numbers of utterances."""
    rows = []
    for s in range(folds * per_fold):
        skill, gain = rng.normal(0, 0.15), rng.normal(0.1, 0.15)
        for k in range(classes):
            if (s, k) in lacking:
                continue
            for _ in range(int(rng.integers(3, 12))):
                right = [int(rng.uniform() < 0.5 + skill), int(rng.uniform() < 0.5 + skill + gain)]
                rows.append((s // per_fold, s, k, *right))
    return np.array(rows)


def recall(a, side):
    """Mean over folds of the mean recall, by scikit-learn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        of = [a[a[:, 0] == f] for f in np.unique(a[:, 0])]
        # A wrong prediction is of a class that nobody has.
        return np.mean([balanced_accuracy_score(f[:, 2], np.where(f[:, 3 + side] == 1, f[:, 2], 99)) for f in of])


def clustered(a):
    """The difference and its standard error by a weighted regression of the utterances' differences on their classes, errors
    clustered by speaker (statsmodels; Liang and Zeger)."""
    classes, folds = np.unique(a[:, 2]), np.unique(a[:, 0])
    x = (a[:, 2][:, None] == classes).astype(float)
    weight = np.zeros(len(a))
    level = np.zeros(len(classes))
    for f in folds:
        present = np.unique(a[a[:, 0] == f, 2])
        for k in present:
            take = (a[:, 0] == f) & (a[:, 2] == k)
            weight[take] = 1 / (take.sum() * len(present) * len(folds))
            level[classes == k] += 1 / (len(present) * len(folds))
    fit = sm.WLS(a[:, 4] - a[:, 3], x, weights=weight).fit(
        cov_type="cluster", cov_kwds={"groups": a[:, 1], "use_correction": False})
    n = len(np.unique(a[:, 1]))
    se = np.sqrt(level @ fit.cov_params() @ level * n / (n - 1))
    return level @ fit.params, se, n


def exchanged(a, shift, by_speaker):
    """scipy's p value over exchanges of the two conditions for whole speakers; with a shift, over signs."""
    n = len(np.unique(a[:, 1]))
    if shift is None:
        def statistic(first, second, axis=-1):
            # Which condition is meant for each speaker, after the exchange.
            values = []
            for f, s in zip(np.atleast_2d(first), np.atleast_2d(second)):
                b = a.copy()
                b[:, 3] = a[np.arange(len(a)), 3 + f[a[:, 1]].astype(int)]
                b[:, 4] = a[np.arange(len(a)), 3 + s[a[:, 1]].astype(int)]
                values.append(recall(b, 1) - recall(b, 0))
            return np.array(values) if first.ndim > 1 else values[0]
        data = (np.zeros(n), np.ones(n))
    else:
        statistic, data = (lambda d, axis=-1: d.sum(axis)), (by_speaker - shift * parts(a),)
    return st.permutation_test(data, statistic, permutation_type="samples", n_resamples=np.inf, vectorized=True).pvalue


def parts(a):
    """The part of each speaker in the whole."""
    share = np.zeros(len(np.unique(a[:, 1])))
    folds = np.unique(a[:, 0])
    for f in folds:
        of = a[a[:, 0] == f]
        present, count = np.unique(of[:, 2], return_counts=True)
        for k, n in zip(present, count):
            np.add.at(share, of[of[:, 2] == k, 1], 1 / (n * len(present) * len(folds)))
    return share


def over_speakers():
    """Folds of several speakers; the second corpus lacks classes of some speakers, the third one of a whole fold."""
    corpora = [tested(8, 1, 3), tested(5, 2, 4, {(0, 1), (3, 2), (4, 0)}), tested(3, 3, 3, {(0, 2), (1, 2), (2, 2)}), tested(4, 1, 2)]
    cases = []
    for a in corpora:
        difference, se, n = clustered(a)
        assert np.isclose(difference, recall(a, 1) - recall(a, 0))
        case = {"rows": a.tolist(), "difference": difference, "tests": []}
        for ratio in (0.0, 0.125):
            wide = se * np.sqrt(1 + n * ratio)
            low, high = st.t.interval(0.95, n - 1, loc=difference, scale=wide)
            case["tests"].append({"ratio": ratio, "se": wide, "p": 2 * st.t.sf(abs(difference / wide), n - 1), "low": low, "high": high})
        # What a speaker adds: the rest with its predictions exchanged, once subtracted.
        gains = []
        for s in range(n):
            b = a.copy()
            b[b[:, 1] == s, 3] = b[b[:, 1] == s, 4]
            gains.append(difference - (recall(b, 1) - recall(b, 0)))
        case["permutation"] = exchanged(a, None, None)
        # Around the difference, where an interval may end.
        shifts = np.round(np.linspace(difference - 0.3, difference + 0.3, 24), 6)
        case["shifts"] = [{"shift": s, "p": exchanged(a, s, np.array(gains))} for s in shifts]
        cases.append(case)
    return cases


def mixed():
    """Speakers by seeds, by statsmodels: crossed random effects in one group, restricted likelihood."""
    cases = []
    for speakers, seeds, between, drift in [(10, 5, 4.0, 3.0), (6, 3, 8.0, 0.0), (8, 4, 0.0, 2.0), (10, 2, 0.0, 0.0)]:
        while True:
            d = (1.5 + rng.normal(0, between, speakers)[:, None] + rng.normal(0, drift, seeds)[None, :]
                 + rng.normal(0, 3, (speakers, seeds)))
            d = np.round(d, 6)
            frame = pd.DataFrame([(s, r, d[s, r]) for s in range(speakers) for r in range(seeds)], columns=["s", "r", "d"])
            squares = [np.var(d.mean(1), ddof=1) * seeds, np.var(d.mean(0), ddof=1) * speakers]
            rest = d - d.mean(1, keepdims=True) - d.mean(0, keepdims=True) + d.mean()
            error = (rest**2).sum() / ((speakers - 1) * (seeds - 1))
            total = d.var(ddof=1)
            # A case of each kind: both variances positive, only one, none (where the mean squares are those of one sample).
            if [q > (error if between or drift else total) for q in squares] == [between > 0, drift > 0]:
                break
        parts = {"s": "0 + C(s)", "r": "0 + C(r)"}
        kept = {k: v for k, v, at in [("s", parts["s"], between), ("r", parts["r"], drift)] if at > 0}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if kept:
                fit = MixedLM.from_formula("d ~ 1", frame, groups=np.ones(len(frame)), vc_formula=kept).fit(
                    reml=True, method=["powell", "lbfgs"], ftol=1e-14, gtol=1e-10)
                values = dict(zip(sorted(kept), fit.vcomp))
                found = [values.get("s", 0.0), values.get("r", 0.0), fit.scale]
                mean, se = fit.fe_params.iloc[0], fit.bse_fe.iloc[0]
            else:
                fit = sm.OLS(frame["d"], np.ones(len(frame))).fit()
                found, mean, se = [0.0, 0.0, fit.scale], fit.params.iloc[0], fit.bse.iloc[0]
        cases.append({"differences": d.tolist(), "mean": mean, "se": se, "variances": found})
    return cases


print(json.dumps({"paired": paired(), "mcnemar": discordant(), "holm": several(), "power": powers(),
                  "bootstrap": speakers(), "pooled": pooled(), "equivalence": equivalences(), "fieller": ratios(),
                  "over_speakers": over_speakers(), "mixed": mixed(), "groups": groups()}, indent=1, default=float))
