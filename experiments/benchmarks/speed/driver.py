"""Where do the seconds of one search go, seen from its driver?

    python -m speed.driver BEGUN_AT RUN_DIR SETTING ...

Run by `phases` as a process of its own, begun at that Unix time; prints one JSON document. What is
timed is timed inside calls, so parts that run in threads beside each other overlap.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from speed.plan import EXPERIMENT
from speed.processes import ProcessorTime
from speed.stopwatch import Stopwatch


def main() -> None:
    """Run the search as the command line does, under a stopwatch."""
    begun_at, run_dir, *settings = sys.argv[1:]
    watch = Stopwatch()
    watch.mark("Python started")
    from raysearch.search import Search

    watch.mark("raysearch imported")
    search = Search.from_file(EXPERIMENT, overrides=settings, run_dir=Path(run_dir))
    watch.mark("file read")
    _watch_session(watch, search=search)
    used = ProcessorTime()
    results = search.run_to_end(progress=sys.stderr)
    results.to_json()
    watch.mark("done")
    document = {
        "wall_s": time.time() - float(begun_at),
        "timeline_s": {name: at - float(begun_at) for name, at in watch.at.items()},
        "seconds": watch.seconds,
        "calls": watch.calls,
        "processor_s": used.stop(),
    }
    print(json.dumps(document))


def _watch_session(watch: Stopwatch, *, search: Any) -> None:
    """Put the stopwatch around what a session does."""
    import ray

    import raysearch.trying
    from raysearch.live.plain import PlainView
    from raysearch.live.tensorboard import TensorBoardWriter
    from raysearch.results import Results
    from raysearch.run_dir import Journal

    watch.mark("ray imported")
    watch.watch(ray, "init", name="ray.init", marks="Ray started")
    watch.watch(raysearch.trying, "preflight", name="preflight", marks="model and data tried")
    watch.watch(Journal, "append", name="journal")
    watch.watch(TensorBoardWriter, "__call__", name="TensorBoard")
    watch.watch(PlainView, "__call__", name="plain view")
    searcher = type(search.experiment.make_searcher())
    watch.watch(searcher, "suggest", name="suggest")
    watch.watch(searcher, "prepare", name="searcher's imports")
    watch.watch(Results, "refit", name="winner", marks="winner handed over")
    watch.watch(Results, "test", name="test", marks="test tried")
    watch.watch(ray, "shutdown", name="ray.shutdown", marks="Ray shut down")


if __name__ == "__main__":
    main()
