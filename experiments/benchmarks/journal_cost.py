"""Which share of a search does its journal cost, each write flushed to disk?

    python experiments/benchmarks/journal_cost.py [budget.trials=16 ...]

Runs experiments/digits.yaml in this process, with the view and TensorBoard's files as a user has
them, then refit and test, and adds up the time that the driver waits for `Journal.append`: making
lines of the events, writing, flushing. Prints one line of JSON: seconds in all, those of the
journal and their share, its writes with their median and longest, its bytes. Workers train while
the driver waits, so that the search is longer by less than that share.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import raysearch as rs
from raysearch.run_dir import Journal
from raysearch.run_dir.events import Event

EXPERIMENT = Path(__file__).resolve().parents[1] / "digits.yaml"


def main() -> None:
    """Run the search once, with the settings of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="settings to change")
    overrides = parser.parse_args().overrides
    run_dir = Path(tempfile.mkdtemp()) / "run"
    search = rs.Search.from_file(EXPERIMENT, overrides=overrides, run_dir=run_dir)
    spans = timed_appends()
    begun_s = time.monotonic()
    with Path(os.devnull).open("w") as nowhere:
        results = search.run_to_end(progress=nowhere)
    total_s = time.monotonic() - begun_s
    segments = (run_dir / "journal").glob("*.jsonl")
    figures = {
        "trials": len(results.state.trials),
        "epochs": results.state.epochs,
        "total_s": round(total_s, 1),
        "search_s": round(results.state.seconds, 1),
        "journal_s": round(sum(spans), 3),
        "share_of_search": round(sum(spans) / results.state.seconds, 4),
        "writes": len(spans),
        "median_ms": round(1000 * statistics.median(spans), 2),
        "longest_ms": round(1000 * max(spans), 1),
        "journal_bytes": sum(segment.stat().st_size for segment in segments),
    }
    print(json.dumps(figures))


def timed_appends() -> list[float]:
    """Return a list to which each write to a journal adds the seconds that it took, from now on."""
    spans: list[float] = []
    append = Journal.append

    def timed(journal: Journal, events: Iterable[Event]) -> None:
        begun_s = time.perf_counter()
        append(journal, events)
        spans.append(time.perf_counter() - begun_s)

    Journal.append = timed  # type: ignore[method-assign]  # only here, to measure it
    return spans


if __name__ == "__main__":
    main()
