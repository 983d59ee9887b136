"""The peer's side of `just bench`: one line of JSON on stdin is a piece of work, one on stdout what it took."""

import importlib
import json
import sys
import traceback


def main() -> None:
    out, sys.stdout = sys.stdout, sys.stderr  # libraries print
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = importlib.import_module(request["work"]).run(request)
        except Exception as error:  # a failed measurement is a row, not the end
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        print(json.dumps(answer), file=out, flush=True)


# A pool that spawns imports this file again.
if __name__ == "__main__":
    main()
