"""The other side of the bench: a line of JSON in, a line of JSON out. Ours is benches/work/main.rs."""

import importlib
import json
import sys


def main():
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = importlib.import_module(request["work"]).run(request)
        except Exception as e:  # noqa: BLE001: the driver shows it and goes on
            answer = {"error": f"{type(e).__name__}: {e}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
