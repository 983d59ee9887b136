"""Predictions of scikit-learn classifiers, and what scikit-learn, scipy and statsmodels say of them: tests/cli/score.rs.

python tests/golden/score/generate.py tests/golden/score
scikit-learn 1.9, scipy 1.17, statsmodels 0.15, pandas. The data are scikit-learn's wine; speakers are invented, twelve of them, each tested in one
of six folds. predictions.csv has two systems with probabilities and one without; truth.csv says what is true.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.stats as st
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, recall_score
from sklearn.model_selection import GroupKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from statsmodels.stats.contingency_tables import mcnemar

rng = np.random.default_rng(20261129)
wine = load_wine()
x, y = wine.data + rng.normal(0, 2.5, wine.data.shape) * wine.data.std(0), wine.target
names = np.array(["Barolo", "Grignolino", "Barbera"])
speakers = np.array([f"s{i % 12:02d}" for i in range(len(y))])
ids = np.array([f"wav/{i:03d}.wav" for i in range(len(y))])
systems = {
    "logistic": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
    "bayes": GaussianNB(),
    "neighbours": make_pipeline(StandardScaler(), KNeighborsClassifier(1)),
}

folds = np.zeros(len(y), int)
rows, predicted = [], {}
for fold, (train, test) in enumerate(GroupKFold(6).split(x, y, speakers), 1):
    folds[test] = fold
    for name, model in systems.items():
        model.fit(x[train], y[train])
        answers, probabilities = model.predict(x[test]), model.predict_proba(x[test])
        predicted.setdefault(name, np.zeros(len(y), int))[test] = answers
        for at, answer, p in zip(test, answers, probabilities):
            p = dict(zip((f"p_{n}" for n in names), p)) if name != "neighbours" else {}
            rows.append({"model": name, "fold": fold, "utt_id": f"{at:03d}", "pred": names[answer], **p})

out = Path(sys.argv[1])
pd.DataFrame(rows).to_csv(out / "predictions.csv", index=False, float_format="%.9f")
gender = ["female" if int(s[1:]) % 2 else "male" for s in speakers]
truth = {"file": ids, "emotion": names[y], "speaker": speakers, "gender": gender}
pd.DataFrame(truth).to_csv(out / "truth.csv", index=False)


def over_folds(metric, name):
    return [metric(y[folds == f], predicted[name][folds == f]) for f in range(1, 7)]


def recall(at, name):
    return recall_score(y[at], predicted[name][at], average="macro")


def interval(values):
    half = st.t.ppf(0.975, len(values) - 1) * st.sem(values)
    return {"mean": 100 * np.mean(values), "half": 100 * half}


metrics = {
    "uar": lambda t, p: recall_score(t, p, average="macro"),
    "macro_f1": lambda t, p: f1_score(t, p, average="macro"),
    "weighted_f1": lambda t, p: f1_score(t, p, average="weighted"),
    "accuracy": accuracy_score,
}
golden = {"systems": {}, "pairs": {}, "gender": {}}
for name in systems:
    golden["systems"][name] = {m: interval(over_folds(f, name)) for m, f in metrics.items()}
    golden["gender"][name] = {g: 100 * recall(np.array(gender) == g, name) for g in ["female", "male"]}

of_speaker = [np.flatnonzero(speakers == s) for s in sorted(set(speakers))]
for a, b in [("logistic", "bayes"), ("logistic", "neighbours"), ("bayes", "neighbours")]:
    test = st.ttest_rel(over_folds(metrics["uar"], b), over_folds(metrics["uar"], a))
    right_a, right_b = predicted[a] == y, predicted[b] == y
    table = [[np.sum(right_a & right_b), np.sum(right_a & ~right_b)], [np.sum(~right_a & right_b), np.sum(~right_a & ~right_b)]]

    def difference(drawn):
        at = np.concatenate([of_speaker[int(s)] for s in drawn])
        return 100 * (recall(at, b) - recall(at, a))

    drawn = st.bootstrap(
        (np.arange(len(of_speaker)),), difference, n_resamples=4000, vectorized=False, method="percentile", rng=rng
    ).confidence_interval
    golden["pairs"][f"{a} {b}"] = {
        "p": test.pvalue,
        "p_mcnemar": mcnemar(table, exact=bool(table[0][1] + table[1][0] < 25)).pvalue,
        "speakers_difference": difference(range(len(of_speaker))),
        "speakers_low": drawn.low,
        "speakers_high": drawn.high,
    }
print(json.dumps(golden, indent=1), file=open(out / "golden.json", "w"))
