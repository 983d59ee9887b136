"""What hatchling does for the wheel beside packing python/seraug: the programs as `cargo build --release` left them, stripped and
with a RUNPATH that leads to the torch beside the package; the speech of the quickstart; the licences of what is linked in."""

import csv
import json
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

import soundfile
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "release"
# From seraug/bin/ to site-packages/torch/lib, whose libraries know the way to those of NVIDIA's packages.
RUNPATH = "$ORIGIN/../../torch/lib"
LICENCES = ("license", "licence", "copying", "notice", "unlicense", "copyright")


class Wheel(BuildHookInterface):
    def initialize(self, version: str, build_data: dict) -> None:
        self.work = tempfile.TemporaryDirectory()
        work = Path(self.work.name)
        programs(work / "bin")
        speech(work / "speech")
        licences = work / "third-party.txt"
        licences.write_text(third_party())
        # `just wheel` replaces linux_ by the manylinux tag that auditwheel finds to be true.
        build_data["tag"] = f"py3-none-linux_{platform.machine()}"
        info = f"seraug-{self.metadata.version}.dist-info/licenses"
        build_data["force_include"].update(
            {str(work / "bin"): "seraug/bin", str(work / "speech"): "seraug/speech", str(licences): f"{info}/third-party.txt"}
        )

    def finalize(self, version: str, build_data: dict, artifact_path: str) -> None:
        self.work.cleanup()


def programs(folder: Path) -> None:
    folder.mkdir()
    for name in ("seraug", "seraug-worker"):
        if not (PROGRAMS / name).exists():
            raise SystemExit(f"{PROGRAMS / name} is missing: just build")
        subprocess.run(["strip", "-o", folder / name, PROGRAMS / name], check=True)
    subprocess.run(["patchelf", "--remove-rpath", folder / "seraug"], check=True)
    subprocess.run(["patchelf", "--set-rpath", RUNPATH, folder / "seraug-worker"], check=True)


def speech(folder: Path) -> None:
    """The recordings of the committed quickstart, from espeak-ng of the version that it was made with."""
    subprocess.run([PROGRAMS / "seraug", "--quiet", "pack-speech", folder], check=True)
    with open(folder / "index.csv", newline="") as file:
        made = {row["id"]: row["sha256"] for row in csv.DictReader(file)}
    split = max((ROOT / "results/reference/quickstart").glob("*T*Z-*")) / "split.csv"
    with open(split, newline="") as file:
        other = [row["utterance"] for row in csv.DictReader(file) if made.get(row["utterance"]) != row["sha256"]]
    if other:
        version = (folder / "version").read_text().strip()
        raise SystemExit(f"{version} does not speak {other[0]} as in {split}: build the wheel with espeak-ng 1.51, as Debian 12 has it")
    for wav in sorted(folder.rglob("*.wav")):
        samples, rate = soundfile.read(wav, dtype="int16")
        soundfile.write(wav.with_suffix(".flac"), samples, rate, subtype="PCM_16", compression_level=1.0)
        wav.unlink()
    shutil.copy(Path(__file__).with_name("speech.txt"), folder / "LICENCE.txt")


def third_party() -> str:
    """The licence texts of all that is linked into the programs, each once, with the packages that have it."""
    call = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", f"{platform.machine()}-unknown-linux-gnu"]
    metadata = json.loads(subprocess.run(call, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    packages = {p["id"]: p for p in metadata["packages"]}
    needs = {n["id"]: [d["pkg"] for d in n["deps"] if any(k["kind"] is None for k in d["dep_kinds"])] for n in metadata["resolve"]["nodes"]}
    open_, linked = [i for i, p in packages.items() if p["name"] in ("seraug", "seraug-worker") and p["source"] is None], set()
    while open_:
        package = open_.pop()
        if package not in linked:
            linked.add(package)
            open_ += needs[package]
    owners: dict[str, list[str]] = {}
    for package in sorted((packages[i] for i in linked), key=lambda p: (p["name"], p["version"])):
        folder = Path(package["manifest_path"]).parent
        if folder.is_relative_to(ROOT / "src"):
            continue
        owner = f"{package['name']} {package['version']} ({package['license'] or 'see below'})"
        files = [f for f in sorted(folder.iterdir()) if f.is_file() and f.name.lower().startswith(LICENCES)]
        for text in [f.read_text(errors="replace").strip() for f in files] or ["(no text in the package; see its licence in brackets)"]:
            owners.setdefault(text, []).append(owner)
    fonts = ROOT / "src/report/figure/fonts/LICENSE"
    owners.setdefault(fonts.read_text().strip(), []).append("DejaVu fonts, subsets in the figures")
    parts = [f"{'=' * 80}\n" + "\n".join(names) + f"\n{'-' * 80}\n{text}\n" for text, names in owners.items()]
    return "What is linked into the programs of this wheel, with its licences.\n\n" + "\n".join(parts)
