#!/usr/bin/env python3
"""The same twelve clips in every format that `seraug corpus add` reads, written by the libraries that define the formats.

    python3 -m venv venv && venv/bin/pip install audformat==1.4.3 datasets==3.6.0 soundfile==0.14.0
    venv/bin/python tests/golden/formats/generate.py

The clips are tones of 0.1 s. Every folder has the same labels, speakers and parts; those below `cuts` have the same excerpts.
"""

import json
import pathlib
import shutil

import audformat
import datasets
import numpy as np
import pandas as pd
import soundfile

HERE = pathlib.Path(__file__).parent
RATE = 8000
SPEAKERS = {"anna": "female", "ben": "male"}
EMOTIONS = ["angry", "happy", "irritated"]
CLIPS = [
    (f"{s}-{e}-{n}", e, s, "train" if n == 1 else "test")
    for s in SPEAKERS
    for e in EMOTIONS
    for n in (1, 2)
]


def fresh(name):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def audio():
    folder = fresh("audio")
    for i, (name, *_) in enumerate(CLIPS):
        t = np.arange(RATE // 10) / RATE
        soundfile.write(folder / f"{name}.wav", 0.3 * np.sin(2 * np.pi * (200 + 40 * i) * t), RATE, "PCM_16")


def database(cut):
    db = audformat.Database(
        name="tones",
        source="https://example.org/tones",
        usage=audformat.define.Usage.UNRESTRICTED,
        languages=["deu"],
        author="A. Author",
        license="CC0-1.0",
    )
    db.raters["gold"] = audformat.Rater("human")
    for rater in ("r1", "r2", "r3"):
        db.raters[rater] = audformat.Rater("human")
    db.splits["train"] = audformat.Split("train")
    db.splits["test"] = audformat.Split("test")
    db["speaker"] = audformat.MiscTable(pd.Index(list(SPEAKERS), name="speaker", dtype="string"))
    db.schemes["gender"] = audformat.Scheme("str", labels=["female", "male"])
    db["speaker"]["gender"] = audformat.Column(scheme_id="gender")
    db["speaker"]["gender"].set(list(SPEAKERS.values()))
    db.schemes["emotion"] = audformat.Scheme("str", labels=EMOTIONS)
    db.schemes["speaker"] = audformat.Scheme("str", labels="speaker")
    files = [f"{name}.wav" for name, *_ in CLIPS]
    db["files"] = audformat.Table(audformat.filewise_index(files))
    db["files"]["speaker"] = audformat.Column(scheme_id="speaker")
    db["files"]["speaker"].set([speaker for _, _, speaker, _ in CLIPS])
    for part in ("train", "test"):
        rows = [(f"{name}.wav", emotion) for name, emotion, _, p in CLIPS if p == part]
        names = [name for name, _ in rows]
        # A segment to the end of a file has no end; one that begins at 0 is all of it.
        starts, ends = ([0.025] * len(rows), [pd.NaT] * len(rows)) if cut else ([0] * len(rows), [pd.NaT] * len(rows))
        starts, ends = pd.to_timedelta(starts, unit="s"), pd.to_timedelta(ends)
        if cut:
            ends = pd.to_timedelta([0.075] * (len(rows) - 1) + [pd.NaT], unit="s")
        index = audformat.segmented_index(names, starts, ends) if cut or part == "train" else audformat.filewise_index(names)
        table = db[f"emotion.{part}.gold"] = audformat.Table(index, split_id=part)
        table["emotion"] = audformat.Column(scheme_id="emotion", rater_id="gold")
        table["emotion"].set([emotion for _, emotion in rows])
    # Two of three raters agree; on the last clip none do.
    votes = db["emotion.votes"] = audformat.Table(audformat.filewise_index(files))
    others = {e: EMOTIONS[(i + 1) % 3] for i, e in enumerate(EMOTIONS)}
    labels = [emotion for _, emotion, *_ in CLIPS]
    for rater in ("r1", "r2", "r3"):
        given = [others[e] if rater == "r3" else e for e in labels]
        given[-1] = {"r1": labels[-1], "r2": others[labels[-1]], "r3": None}[rater]
        votes[f"emotion.{rater}"] = audformat.Column(scheme_id="emotion", rater_id=rater)
        votes[f"emotion.{rater}"].set(given)
    return db


def bounds(name, parts):
    """The excerpts of the database with cuts: the last clip of each part has no end."""
    last = {part: [n for n, _, _, p in CLIPS if p == part][-1] for part in ("train", "test")}
    return (0.025, None) if last[parts] == name else (0.025, 0.075)


def audformats():
    for name, cut in (("audformat", False), ("cuts/audformat", True)):
        for storage in ("csv", "parquet"):
            folder = fresh(f"{name}-{storage}")
            database(cut).save(str(folder), storage_format=storage)
            for cache in folder.glob("*.pkl"):
                cache.unlink()


def nkululeko():
    """Its lists are those of audformat.utils.read_csv, with labels beside the index."""
    rows = [(f"{name}.wav", s, SPEAKERS[s], e, p) for name, e, s, p in CLIPS]
    frame = pd.DataFrame(rows, columns=["file", "speaker", "sex", "emotion", "split"])
    frame.to_csv(fresh("nkululeko") / "tones.csv", index=False)
    cuts = [bounds(name, p) for name, _, _, p in CLIPS]
    frame.insert(1, "start", pd.to_timedelta([start for start, _ in cuts], unit="s"))
    frame.insert(2, "end", pd.to_timedelta([np.nan if end is None else end for _, end in cuts], unit="s"))
    path = fresh("cuts/nkululeko") / "tones.csv"
    frame.to_csv(path, index=False)
    audformat.utils.read_csv(str(path))


def hugging_face():
    features = datasets.Features(
        {
            "audio": datasets.Audio(sampling_rate=RATE),
            "label": datasets.ClassLabel(names=EMOTIONS),
            "speaker_id": datasets.Value("string"),
            "gender": datasets.ClassLabel(names=["male", "female"]),
        }
    )
    folder = fresh("hf-parquet") / "data"
    folder.mkdir()
    for part in ("train", "test"):
        clips = [clip for clip in CLIPS if clip[3] == part]
        data = datasets.Dataset.from_dict(
            {
                "audio": [
                    {"bytes": (HERE / "audio" / f"{name}.wav").read_bytes(), "path": f"{name}.wav"} for name, *_ in clips
                ],
                "label": [EMOTIONS.index(e) for _, e, *_ in clips],
                "speaker_id": [s for _, _, s, _ in clips],
                "gender": [["male", "female"].index(SPEAKERS[s]) for _, _, s, _ in clips],
            },
            features=features,
        )
        data.to_parquet(str(folder / f"{part}-00000-of-00001.parquet"))
    rows = [(f"{name}.wav", e, s, SPEAKERS[s], p) for name, e, s, p in CLIPS]
    frame = pd.DataFrame(rows, columns=["file_name", "label", "speaker_id", "gender", "split"])
    frame.to_csv(fresh("audio-folder-csv") / "metadata.csv", index=False)
    frame.to_json(fresh("audio-folder-jsonl") / "metadata.jsonl", orient="records", lines=True)
    frame.to_parquet(fresh("audio-folder-parquet") / "metadata.parquet", compression="zstd", index=False)


def emobox():
    folder = fresh("emobox")

    def write(path, clips):
        path.parent.mkdir(exist_ok=True)
        lines = [
            {
                "key": f"tones-{name}",
                "dataset": "tones",
                "wav": f"downloads/tones/{name}.wav",
                "type": "raw",
                "sample_rate": RATE,
                "num_frame": RATE / 10,
                "task": "category",
                "length": 0.1,
                "emo": e.title(),
                "channel": 1,
            }
            for name, e, *_ in clips
        ]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    write(folder / "tones.jsonl", CLIPS)
    (folder / "label_map.json").write_text(json.dumps({e.title(): e for e in EMOTIONS}, indent=4))
    for fold, speaker in enumerate(SPEAKERS, 1):
        inside = [c for c in CLIPS if c[2] == speaker]
        outside = [c for c in CLIPS if c[2] != speaker]
        write(folder / f"fold_{fold}" / f"tones_train_fold_{fold}.jsonl", outside)
        write(folder / f"fold_{fold}" / f"tones_test_fold_{fold}.jsonl", inside)


def kaldi():
    def lines(path, pairs):
        path.write_text("".join(f"{' '.join(map(str, pair))}\n" for pair in sorted(pairs)))

    for name, cut in (("kaldi", False), ("cuts/kaldi", True)):
        folder = fresh(name)
        for part in ("train", "test"):
            clips = [c for c in CLIPS if c[3] == part]
            place = folder / part
            place.mkdir()
            cuts = {n: bounds(n, p) for n, _, _, p in clips}
            ids = {n: f"{n}@{s}-{0.1 if e is None else e}" if cut else n for n, (s, e) in cuts.items()}
            lines(place / "wav.scp", [(n, f"{n}.wav") for n, *_ in clips])
            if cut:
                lines(place / "segments", [(ids[n], n, s, -1 if e is None else e) for n, (s, e) in cuts.items()])
            lines(place / "utt2spk", [(ids[n], s) for n, _, s, _ in clips])
            lines(place / "utt2emo", [(ids[n], e) for n, e, *_ in clips])
            lines(place / "spk2gender", [(s, g[0]) for s, g in SPEAKERS.items()])


if __name__ == "__main__":
    audio()
    audformats()
    nkululeko()
    hugging_face()
    emobox()
    kaldi()
