"""`seraug audit` in Python: what leaks from the training into the test of a split."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Union

from seraug._frames import Table, file_of
from seraug._program import Error, Word, ask, option
from seraug._runs import Folder

#: Parts that a split may be given by, and what else they are called.
PARTS = {"train": "train", "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation", "test": "test"}
#: Endings of files that are lists; any other text in a part is the name of an utterance.
LISTS = {".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".txt", ".lst", ".list", ".scp"}
#: One table or several.
Tables = Union[Table, Sequence[Table]]
#: Lists that say themselves what is trained on and tested, or lists or names for each part.
Split = Union[Tables, Mapping[str, Union[Tables, "Names"]]]


class Names(Protocol):
    """Names of utterances, as a list, a set, a Series or an array has them."""

    def __iter__(self) -> Iterator[Any]: ...

    def __len__(self) -> int: ...


@dataclass(frozen=True)
class Finding:
    """A code that counts something."""

    #: As SPEAKER_OVERLAP; `seraug explain CODE` says why it matters and what to change.
    code: str
    #: `leak`, `warning` or `note`.
    severity: str
    #: How many there are, over all folds.
    count: int
    #: A few of them.
    examples: tuple[dict[str, Any], ...] = field(repr=False)
    #: All that the program says of it.
    raw: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Audit:
    """What `seraug audit` found."""

    #: Whether no leak was found but those that are allowed.
    passed: bool
    #: The worst first.
    findings: tuple[Finding, ...]
    #: Codes that could not be checked, and why: without speakers, passing says nothing of speakers.
    not_checked: dict[str, str]
    #: The answer as the program gave it: also what was checked without a finding, and what could not be checked.
    raw: dict[str, Any] = field(repr=False)


def audit(
    split: Split,
    *,
    corpus: str | None = None,
    audio: Folder | None = None,
    allow: Union[str, Sequence[str]] = (),
    utterance: str | None = None,
    speaker: str | None = None,
    text: str | None = None,
    emotion: str | None = None,
    part: str | None = None,
    fold: str | None = None,
    options: Sequence[Word] = (),
) -> Audit:
    """Holds a split against the leakage checks of `seraug audit` (docs/cli.md says what each option means).

    `split` is a list with a column of parts or folds, or several, or the folder of a run; or a dict with a list, or several, or the
    names of the utterances, for each of train, validation (valid, val, dev) and test. A list is a path or a frame of pandas or polars.
    `utterance`, `speaker`, `text`, `emotion`, `part` and `fold` name columns where they are called otherwise. `allow` names the codes of
    leaks that are accepted, `options` are further words of the command line, such as `["--speaker-from", "^([a-z]+)_"]`.

    A leak is an answer, not an error. Raises `Error` for lists that cannot be read or do not say what is trained on and tested.
    """
    words: list[Word] = ["audit"]
    words += [option("allow", code) for code in ([allow] if isinstance(allow, str) else allow)]
    columns = {"utterance": utterance, "speaker": speaker, "text": text, "emotion": emotion, "part": part, "fold": fold}
    chosen = {"corpus": corpus, "audio": audio, **columns}
    words += [option(key, value) for key, value in chosen.items() if value is not None]
    parts: list[tuple[str, Any]] = [("split", split)]
    if isinstance(split, Mapping):
        if unknown := [part for part in split if part not in PARTS]:
            raise Error(f"part `{unknown[0]}`: expected {', '.join(PARTS)}")
        parts = [(PARTS[part], lists) for part, lists in split.items()]
    with tempfile.TemporaryDirectory() as folder:
        for name, lists in parts:
            for number, table in enumerate(_lists(lists, Path(folder), name), start=1):
                words.append(option(name, file_of(table, Path(folder, str(number)), name)))
        answer, code = ask([*words, *options], codes=(0, 4), temporary=folder)
    findings = [
        Finding(found["code"], found["severity"], found["count"], tuple(found["examples"]), found)
        for found in answer["findings"]
    ]
    not_checked = {skipped["code"]: skipped["why"] for skipped in answer["not-checked"]}
    return Audit(passed=code == 0, findings=tuple(findings), not_checked=not_checked, raw=answer)


def _lists(given: Any, folder: Path, part: str) -> Sequence[Table]:
    """Tables and paths as they are; names of utterances of a part become a list in `folder`."""
    if isinstance(given, (str, os.PathLike)) or hasattr(given, "columns"):
        return [given]
    items = list(given)
    names = part != "split" and all(isinstance(item, (str, int)) or hasattr(item, "item") for item in items)
    if not names or any(isinstance(item, str) and Path(item).suffix.lower() in LISTS for item in items):
        return items
    if not items:
        raise Error(f"part `{part}`: no utterance in it")
    path = folder / f"{part}-names.json"
    path.write_text(json.dumps([str(item) for item in items]), encoding="utf-8")
    return [path]
