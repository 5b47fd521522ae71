"""How much of a script's time does its search take?

    python experiments/benchmarks/tuners/timed.py SCRIPT MODULE

Runs the script as it is, and says after everything else, as JSON, how many seconds the `search` of
MODULE's `Hyperband` took in it.
"""

from __future__ import annotations

import functools
import importlib
import json
import runpy
import sys
import time
from typing import Any


def main() -> None:
    """Run the script with a clock in its search."""
    script, module = sys.argv[1:]
    tuner: Any = importlib.import_module(module).Hyperband
    search, took_s = tuner.search, []

    @functools.wraps(search)
    def timed(*arguments: Any, **keywords: Any) -> Any:
        begun_s = time.monotonic()
        try:
            return search(*arguments, **keywords)
        finally:
            took_s.append(time.monotonic() - begun_s)

    tuner.search = timed
    sys.argv = [script]
    runpy.run_path(script, run_name="__main__")
    print(json.dumps({"search_s": round(sum(took_s), 2)}))


if __name__ == "__main__":
    main()
