"""`seraug audit` in Python: what leaks from the training into the test of a split."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Union

from seraug._frames import Table, file_of
from seraug._program import Error, Word, ask, option
from seraug._runs import Folder

#: Parts that a split may be given by.
PARTS = ("train", "validation", "test")
#: One table or several.
Tables = Union[Table, Sequence[Table]]
#: Lists that say themselves what is trained on and tested, or one for each part.
Split = Union[Tables, Mapping[str, Tables]]


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
    #: The answer as the program gave it: also what was checked without a finding, and what could not be checked.
    raw: dict[str, Any] = field(repr=False)


def audit(
    split: Split,
    *,
    corpus: str | None = None,
    audio: Folder | None = None,
    allow: Union[str, Sequence[str]] = (),
    options: Sequence[Word] = (),
) -> Audit:
    """Holds a split against the leakage checks of `seraug audit` (docs/cli.md says what each option means).

    `split` is a list with a column of parts or folds, or several; or a dict with a list, or several, for each of train, validation and
    test. A list is a path or a frame of pandas or polars. `allow` names the codes of leaks that are accepted, `options` are further
    words of the command line, such as `["--speaker", "who"]` for the column of the speaker.

    A leak is an answer, not an error. Raises `Error` for lists that cannot be read or do not say what is trained on and tested.
    """
    words: list[Word] = ["audit"]
    words += [option("allow", code) for code in ([allow] if isinstance(allow, str) else allow)]
    words += [option(key, value) for key, value in {"corpus": corpus, "audio": audio}.items() if value is not None]
    if isinstance(split, Mapping):
        parts = dict(split)
        if unknown := [part for part in parts if part not in PARTS]:
            raise Error(f"part `{unknown[0]}`: expected {', '.join(PARTS)}")
    else:
        parts = {"split": split}
    with tempfile.TemporaryDirectory() as folder:
        for part, lists in parts.items():
            several = lists if isinstance(lists, Sequence) and not isinstance(lists, str) else [lists]
            for number, table in enumerate(several, start=1):
                words.append(option(part, file_of(table, Path(folder, str(number)), part)))
        answer, code = ask([*words, *options], codes=(0, 4), temporary=folder)
    findings = [
        Finding(found["code"], found["severity"], found["count"], tuple(found["examples"]), found)
        for found in answer["findings"]
    ]
    return Audit(passed=code == 0, findings=tuple(findings), raw=answer)
