"""seraug reproduces a paper on speech emotion recognition; the programs do the work, this package says where they are."""

from importlib.metadata import version
from pathlib import Path

__version__ = version("seraug")

#: The program `seraug`; seraug-worker, which needs torch, stands beside it.
PROGRAM = Path(__file__).parent / "bin" / "seraug"
