"""Goldens of `seraug audit` on the fold lists of EmoBox, straight from its files: writes emobox.json beside this file.

    python3 tests/golden/audit/generate.py EMOBOX

EMOBOX has emodb/fold_1/emodb_train_fold_1.jsonl and so on (emo-box/EmoBox, revision 08280f2). For each fold: utterances of
training and test, then for speakers, texts and utterances how many of the test are in training too, and of how many.
"""

import json
import pathlib
import sys

# What a name says: 03a02Wb is speaker 03 and text a02; in 03-01-07-02-02-02-11 the statement is the fifth number, the actor the last.
SPEAKER = {"emodb": lambda name: name[:2], "ravdess": lambda name: name.split("-")[6]}
TEXT = {"emodb": lambda name: name[2:5], "ravdess": lambda name: name.split("-")[4]}


def names(path):
    return [pathlib.PurePosixPath(json.loads(line)["wav"]).stem for line in path.open()]


def fold(folder, corpus, number):
    train, test = (names(folder / f"{corpus}_{part}_fold_{number}.jsonl") for part in ("train", "test"))
    both = lambda of: [len(set(map(of, train)) & set(map(of, test))), len(set(map(of, test)))]
    return {
        "fold": str(number),
        "train": len(train),
        "test": len(test),
        "speakers": both(SPEAKER[corpus]),
        "texts": both(TEXT[corpus]),
        "utterances": both(lambda name: name),
    }


root = pathlib.Path(sys.argv[1])
golden = {
    corpus: [
        fold(folder, corpus, number)
        for number, folder in sorted((int(f.name[5:]), f) for f in (root / corpus).glob("fold_*"))
    ]
    for corpus in SPEAKER
}
lines = lambda folds: ",\n".join("    " + json.dumps(fold) for fold in folds)
text = ",\n".join(f'  "{corpus}": [\n{lines(folds)}\n  ]' for corpus, folds in golden.items())
pathlib.Path(__file__).with_name("emobox.json").write_text(f"{{\n{text}\n}}\n")
