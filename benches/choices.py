#!/usr/bin/env python3
"""`just open-choices`: one open choice of FIDELITY.md after the other, on training speakers alone (experiments/open/choices-emodb.toml).

Runs the defaults, then each choice, and prints the table of docs/dev/open-choices.md: what AUG gains by the choice, and what it gains
over plain copies with it. Trained stages are kept in RESULTS/.store, so that an interrupted call is repeated.

    python3 benches/choices.py SERAUG --corpora DIR [--results DIR] [--seeds 1,2] [--only NAME ...]"""

import argparse
import csv
import json
import subprocess
from pathlib import Path

SPEC = "experiments/open/choices-emodb.toml"


def copies(number):
    """Of every condition: AUG is compared with as many plain copies."""
    generators = {"copies": "copies", "untrained": "triplet-gan", "aug": "triplet-gan"}
    return [f"condition.{name}.augment.{kind}.copies={number}" for name, kind in generators.items()]


# Name, and the fields that it sets. One choice differs from the defaults in one thing.
CHOICES = {
    "latent = map": ["augmentor.latent=map"],
    "noise = input": ["augmentor.noise=input"],
    "epsilon 0.3 to 0.6": ["augmentor.epsilon=[0.3,0.6]"],
    "copies = 10": copies(10),
    "copies = 20": copies(20),
    "a discriminator of half the widths": ["discriminator.widths=[8,16,32,32]", "discriminator.lstm=32"],
    "r of 32 units": ["representation.lstm=32"],
    "distance = mean": ["augmentor.distance=mean", "augmentor.margin=0.0546875"],
    "optimisers = per-phase": ["augmentor.optimisers=per-phase"],
    "iterations x 2": ["augmentor.iterations=1200"],
}


def run(args, sets):
    """The directory of a finished run with these fields set."""
    command = [args.seraug, "run", SPEC, "--corpora", args.corpora, "--results", args.results, "--seeds", args.seeds]
    for field in sets:
        command += ["--set", field]
    done = subprocess.run([*command, "--json", "--quiet"], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)["run"]


def over_copies(run):
    """AUG less copies in the mean recall of the reduced classes: the mean over folds, each averaged over its seeds."""
    values = {}
    with open(Path(run) / "outcomes.csv", newline="") as file:
        for row in csv.DictReader(file):
            values[row["condition"], row["fold"], row["seed"]] = 100 * float(row["mean_recall_reduced"])
    pairs = [(fold, value - values["copies", fold, seed]) for (c, fold, seed), value in values.items() if c == "aug"]
    folds = sorted({fold for fold, _ in pairs})
    means = [sum(d for f, d in pairs if f == fold) / sum(f == fold for f, _ in pairs) for fold in folds]
    return sum(means) / len(means)


def against(args, default, other):
    """The statistics of AUG with the choice less AUG without."""
    done = subprocess.run([args.seraug, "compare", default, other, "--json"], check=True, stdout=subprocess.PIPE)
    rows = json.loads(done.stdout)["against"][0]["statistics"]
    return next(row for row in rows if row["first"].startswith("L_Total"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("seraug")
    parser.add_argument("--corpora", default="corpora")
    parser.add_argument("--results", default="results/choices")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--only", nargs="*", choices=list(CHOICES))
    args = parser.parse_args()
    default = run(args, [])
    print("| choice | AUG, choice − default | 95 % interval | AUG − copies |\n| --- | --- | --- | --- |")
    print(f"| the defaults | | | {over_copies(default):+.1f} |", flush=True)
    for name in args.only or CHOICES:
        other = run(args, CHOICES[name])
        row = against(args, default, other)
        interval = f"{row['low']:.1f} to {row['high']:.1f}" if row.get("low") is not None else "–"
        print(f"| {name} | {row['difference']:+.1f} | {interval} | {over_copies(other):+.1f} |", flush=True)


main()
