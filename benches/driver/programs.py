"""Whole processes: how long the commands take to start, and how much memory a run needs."""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import say
from records import Record
from rows import Row, corpus

# Seconds at most.
STARTS = {"start-help": 0.030, "start-plan": 0.100}
MEMORY = {
    "memory-tiny": ("tiny", "peak memory, preset tiny"),
    "memory-paper": ("paper", "peak memory, preset paper"),
}
SPEC = """title = "memory of table2"
corpus = "bench"
[classes]
neutral = ["neutral"]
angry = ["angry"]
sad = ["sad"]
happy = ["happy"]
[protocol.leave-speakers-out]
folds = 5
[reduction]
share = 0.8
keep = ["neutral"]
[[condition]]
name = "aug"
title = "AUG"
[condition.augment.triplet-gan]
losses = ["model", "var", "bal"]
copies = 4
"""
# The grid of table2: 5 folds, 2 conditions, 5 seeds.
PLAN = f"""seeds = [1, 2, 3, 4, 5]
{SPEC}
[[condition]]
name = "no-aug"
title = "NoAUG"
"""


def starts(quick: bool) -> list[Row]:
    titles = {
        "start-help": "`seraug --help`",
        "start-plan": f"`seraug plan --device cpu`, 50 cells, corpus of {corpus(quick)['utterances']} utterances",
    }
    return [Row(id, titles[id], "torch_import", {}, at_most=most) for id, most in STARTS.items()]


def start(row: Row, program: str, rounds: int, corpora: Path | None) -> list[Record]:
    """`seraug ...` and `python -c 'import torch'` in turn: what is reported is the fastest. Of `plan`, on the corpus in
    `corpora`, a first call reads every file and keeps the digests; the later ones are timed."""
    made = []
    with tempfile.TemporaryDirectory(dir=corpora.parent if corpora else None) as scratch:
        commands = {"ours": [program, "--help"], "peer": [sys.executable, "-c", "import torch"]}
        if corpora:
            spec = Path(scratch, "plan.toml")
            spec.write_text(PLAN)
            commands["ours"] = [program, "plan", str(spec), "--corpora", str(corpora), "--device", "cpu"]
            commands["ours"] += ["--results", f"{scratch}/results"]
            made.append(timed_process(row, "ours", 0, commands["ours"]))
        for i in range(1, rounds + 1):
            for side, command in commands.items():
                made.append(timed_process(row, side, i, command))
    best = {s: min((r.seconds for r in made if r.side == s and not r.error), default=0) for s in commands}
    say(f"{row.id}: ours {best['ours'] * 1e3:.1f} ms, peer {best['peer'] * 1e3:.0f} ms")
    return made


def timed_process(row: Row, side: str, round_: int, command: list[str]) -> Record:
    before, begun = cpu_of_children(), time.perf_counter()
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        return Record(row.id, side, row.kind, round_, 1, error=str(error.strerror))
    took, used = time.perf_counter() - begun, cpu_of_children() - before
    error = last_words(done.returncode, done.stderr) if done.returncode else ""
    return Record(row.id, side, row.kind, round_, 1, 1, took, used, error=error)


def last_words(code: int, stderr: str) -> str:
    words = stderr.strip().splitlines()
    return words[-1][:200] if words else f"ended with {code}"


def cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def memory(row: Row, program: str, corpora: Path, device: str, limit: float) -> Record:
    """A run of table2's layout on a corpus of IEMOCAP's size, stopped when its classifier trains: by then log-mels, both
    banks, the copies, and the larger network with its optimiser have been made. `peak` is the worker's, in bytes."""
    preset = MEMORY[row.id][0]
    made = Record(row.id, "ours", preset, 1, 1, 1)
    with tempfile.TemporaryDirectory(dir=corpora.parent) as scratch:
        spec = Path(scratch, "memory.toml")
        spec.write_text(SPEC)
        sets = ["augmentor.iterations=2", "classifier.min-steps=50", "classifier.log-every=1"]
        sets += ["preset=tiny"] if preset == "tiny" else []
        command = [program, "run", str(spec), "--corpora", str(corpora), "--results", f"{scratch}/results"]
        command += ["--device", device, "--jobs", "1", "--new", "--quiet", *(f"--set={s}" for s in sets)]
        idle, begun = device_used(device), time.perf_counter()
        run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        worker = on_device = 0
        trained = False
        while run.poll() is None and time.perf_counter() - begun < limit:
            time.sleep(1)
            # The worker is a child of seraug.
            worker = max([worker, *(peak_of(child) for child in children(run.pid))])
            on_device = max(on_device, device_used(device) - idle)
            trained = steps_of_classifier(program, f"{scratch}/results") >= 3
            if trained:
                break
        ended = run.poll()
        if ended is None:
            run.terminate()
        said = run.communicate()[1]
    made.seconds = time.perf_counter() - begun
    made.other = json.dumps({"peak": worker, "device_peak": on_device})
    if ended:
        made.error = last_words(ended, said)
    elif ended is None and not trained:
        made.error = f"no classifier trained within {limit:.0f} s"
    elif not worker:
        made.error = "the memory of its worker could not be read"
    say(f"{row.id}: {worker / 1e9:.2f} GB" + (f", {on_device / 1e9:.2f} GB of the device" if on_device else ""))
    return made


def steps_of_classifier(program: str, results: str) -> int:
    """Steps that a classifier of this run has done; more than enough when a cell is done."""
    runs = [p.parent for p in Path(results).glob("*/*/run.toml")]
    if not runs:
        return 0
    said = subprocess.run([program, "status", str(runs[0]), "--json"], capture_output=True, text=True).stdout
    cells = json.loads(said)["cells"] if said else []
    if any(c["state"] == "done" for c in cells):
        return 1 << 30
    return max((c.get("step") or 0 for c in cells if c.get("stage") == "classifier"), default=0)


def children(pid: int) -> list[int]:
    try:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        return [int(c) for t in tasks for c in (t / "children").read_text().split()]
    except OSError:
        return []


def peak_of(pid: int) -> int:
    """VmHWM in bytes; 0 when the process is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def device_used(device: str) -> int:
    """Bytes in use on the GPU, of all processes."""
    if device == "cpu":
        return 0
    index = device.partition(":")[2] or "0"
    command = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits", "-i", index]
    try:
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) << 20
    except (OSError, ValueError, subprocess.CalledProcessError):
        return 0
