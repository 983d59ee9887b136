"""`seraug` and `python -m seraug`: becomes the program of this package."""

import importlib.util
import os
import sys
from pathlib import Path

from seraug import PROGRAM


def main() -> None:
    # The worker looks for torch beside this package; where another folder of this Python has it, the loader is told.
    torch = importlib.util.find_spec("torch")
    folder = Path(torch.origin).parent if torch and torch.origin else None
    if folder and folder != PROGRAM.parents[2] / "torch":
        others = [path for path in [os.environ.get("LD_LIBRARY_PATH")] if path]
        os.environ["LD_LIBRARY_PATH"] = ":".join([str(folder / "lib"), *others])
    # Its name without the folder, because a run records the command.
    os.execv(PROGRAM, ["seraug", *sys.argv[1:]])


if __name__ == "__main__":
    main()
