"""Cells of linear classifiers on corpora that `just trials render` made: no training noise, and hundreds of corpora in minutes.

python benches/trials/linear.py CORPORA reports/trials/cells
numpy, scipy, scikit-learn. Features: means and deviations over time of 40 log-mels.

As in the trained trials, 80 % of each class but neutral are removed from training, another choice for each seed. linear-folds.csv:
ten speakers, five folds of a woman and a man. linear-few.csv: two corpora of each, of two women and two men, a fold each. Conditions: `logistic` (logistic regression with class weights) and `discriminant` (shrunk linear discriminant analysis).
"""

import csv
import sys
from pathlib import Path

import numpy as np
from scipy.io import wavfile
from scipy.signal import stft
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

CLASSES = ["neutral", "angry", "sad", "happy"]
SEEDS = [1, 2, 3]


def filters(bands=40, size=512, rate=16000):
    mel = lambda hz: 2595 * np.log10(1 + hz / 700)
    edges = 700 * (10 ** (np.linspace(mel(50), mel(rate / 2), bands + 2) / 2595) - 1)
    hz = np.arange(size // 2 + 1) * rate / size
    rise = (hz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - hz) / (edges[2:] - edges[1:-1])[:, None]
    return np.clip(np.minimum(rise, fall), 0, None)


FILTERS = filters()


def features(path):
    rate, samples = wavfile.read(path)
    power = np.abs(stft(samples / 32768, rate, nperseg=512, noverlap=352)[2]) ** 2
    mels = 10 * np.log10(FILTERS @ power + 1e-10)
    return np.concatenate([mels.mean(1), mels.std(1)])


def corpus(folder):
    rows = list(csv.DictReader(open(folder / "table.csv")))
    x = np.array([features(folder / r["path"]) for r in rows])
    y = np.array([CLASSES.index(r["emotion"]) for r in rows])
    return x, y, np.array([r["speaker"] for r in rows])


def classifiers():
    alike = np.full(len(CLASSES), 1 / len(CLASSES))
    kinds = {
        "logistic": LogisticRegression(C=0.1, max_iter=1000, class_weight="balanced"),
        "discriminant": LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=alike),
    }
    return {name: make_pipeline(StandardScaler(), model) for name, model in kinds.items()}


def cells(name, x, y, who, folds, key):
    """Rows of a corpus of these folds of speakers."""
    everybody = [speaker for fold in folds for speaker in fold]
    for seed in SEEDS:
        for number, held in enumerate(folds):
            rng = np.random.default_rng([*key, seed, number])
            train = []
            for k in range(len(CLASSES)):
                pool = np.flatnonzero((y == k) & np.isin(who, everybody) & ~np.isin(who, held))
                train.append(pool if k == 0 else rng.permutation(pool)[: round(0.2 * len(pool))])
            train = np.concatenate(train)
            for condition, model in classifiers().items():
                model.fit(x[train], y[train])
                for speaker in held:
                    counts = []
                    for k in range(1, len(CLASSES)):
                        of = (who == speaker) & (y == k)
                        counts.append(f"{(model.predict(x[of]) == k).sum()}/{of.sum()}")
                    yield [name, condition, number + 1, seed, len(train), np.isin(who, held).sum(), speaker, *counts]


def main(corpora, out):
    files = {name: open(out / f"{name}.csv", "w") for name in ["linear-folds", "linear-few"]}
    for file in files.values():
        print("corpus,condition,fold,seed,n_train,n_test,speaker," + ",".join(CLASSES[1:]), file=file)
    for folder in sorted(p.parent for p in corpora.glob("*/table.csv")):
        x, y, who = corpus(folder)
        number = int(folder.name.removeprefix("fresh-")) - 1
        women, men = np.array(sorted(set(who))).reshape(2, 5)
        whole = [(folder.name, list(zip(women, men)))]
        few = [(f"{folder.name}{half}", [[s] for s in [*women[at], *men[at]]])
               for half, at in [("a", slice(0, 2)), ("b", slice(2, 4))]]
        for file, kinds in [("linear-folds", whole), ("linear-few", few)]:
            for kind, (name, folds) in enumerate(kinds):
                for row in cells(name, x, y, who, folds, [number, kind, len(folds)]):
                    print(",".join(map(str, row)), file=files[file])


main(Path(sys.argv[1]), Path(sys.argv[2]))
