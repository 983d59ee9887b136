"""`seraug` and `python -m seraug`: becomes the program of this package."""

import os
import sys

from seraug._program import PROGRAM, environment


def main() -> None:
    # Its name without the folder, because a run records the command.
    os.execve(PROGRAM, ["seraug", *sys.argv[1:]], environment())


if __name__ == "__main__":
    main()
