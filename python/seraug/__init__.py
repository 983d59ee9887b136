"""seraug in Python: runs as frames, and the answers of the program `seraug`, which does all the work.

>>> run = seraug.load("results/quickstart/latest")
>>> run.cells, run.predictions(), run.histories(), run.tables()
>>> seraug.score(predictions).systems
>>> seraug.audit("split.csv").findings

Every number comes from a file of a run or from an answer of the program; nothing is computed here. docs/python.md has examples.
"""

from importlib.metadata import PackageNotFoundError, version

from seraug._audits import Audit, Finding, audit
from seraug._program import PROGRAM, Error, Note, run_program
from seraug._runs import Run, load
from seraug._scores import Scores, score

try:
    __version__ = version("seraug")
except PackageNotFoundError:  # imported from a checkout
    __version__ = "0+checkout"

__all__ = [
    "PROGRAM",
    "Audit",
    "Error",
    "Finding",
    "Note",
    "Run",
    "Scores",
    "__version__",
    "audit",
    "load",
    "run_program",
    "score",
]
