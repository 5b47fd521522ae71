"""How many trials a second does the search itself allow, and how fast is its journal replayed?

    python experiments/benchmarks/trivial_trials.py [--trials 10000] [--searchers random hyperopt]

Trials of one measurement that costs nothing, on two workers: what is left is suggesting,
journalling, Ray Tune's controller and the way to the workers and back. Prints one line of JSON for
each searcher with the rate of each thousand trials, and one with the seconds that it takes to bring
state, searcher and scheduler to the end of that journal, as `resume` does.

The speed of a shared machine changes within minutes. So a fixed piece of work is timed each second,
by the processor time of its thread, and the rates are given twice: by the clock, and as they would
be if that piece had always taken its median.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import threading
import time
from itertools import pairwise
from pathlib import Path

import raysearch as rs
from raysearch.driving import plan_of
from raysearch.engine import Engine
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from raysearch.run_dir.journal import MemoryJournal


def train(config, report):
    """Report how far the configuration is from the best one."""
    report({"distance": (config["x"] - 0.3) ** 2 + (config["y"] - 0.7) ** 2})


def main() -> None:
    """Search once with each searcher."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--searchers", nargs="+", default=["random", "hyperopt"])
    arguments = parser.parse_args()
    for searcher in arguments.searchers:
        run_dir = Path(tempfile.mkdtemp()) / "run"
        search = rs.Search(
            train,
            space={"x": rs.Float(0.0, 1.0), "y": rs.Float(0.0, 1.0)},
            objective=rs.Objective(metric="distance", direction="minimize"),
            searcher=searcher,
            scheduler="none",
            fidelity=rs.Fidelity(max_epochs=1),
            budget=rs.Budget(trials=arguments.trials),
            resources=rs.Resources(cpus=1),
            parallel=2,
            run_dir=run_dir,
        )
        with Yardstick() as yardstick:
            search.run(listeners=())
        print(json.dumps({"searcher": searcher, **rates(run_dir, yardstick)}), flush=True)
        print(json.dumps({"searcher": searcher, **replay(search)}), flush=True)


class Yardstick:
    """Time a fixed piece of work each second, while the block runs."""

    STEPS = 30_000

    def __init__(self) -> None:
        self._timed: list[tuple[float, float]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Yardstick:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()

    def slowness(self, begin: float, end: float) -> float:
        """Return how long the piece took between two times, as a multiple of its median."""
        within = [taken_s for at, taken_s in self._timed if begin <= at <= end]
        median_s = statistics.median(taken_s for _, taken_s in self._timed)
        return statistics.median(within) / median_s if within else 1.0

    def _run(self) -> None:
        while not self._over.wait(1.0):
            begun_s = time.thread_time()
            sum(step % 7 for step in range(self.STEPS))
            self._timed.append((time.time(), time.thread_time() - begun_s))


def rates(run_dir: Path, yardstick: Yardstick) -> dict[str, object]:
    """Return trials per second over all and for each thousand, the latter at equal speed too."""
    ends = [event.at for event in RunDir(run_dir).events() if isinstance(event, ev.TrialEnded)]
    marks = [*ends[:-1:1000], ends[-1]]
    sizes = [1000] * (len(marks) - 2) + [(len(ends) - 1) % 1000 or 1000]
    spans = list(pairwise(marks))
    by_clock = [n / (end - begin) for n, (begin, end) in zip(sizes, spans, strict=True)]
    slowness = [yardstick.slowness(begin, end) for begin, end in spans]
    return {
        "trials": len(ends),
        "trials_per_s": round(len(ends) / (ends[-1] - ends[0]), 1),
        "by_thousand": [round(rate, 1) for rate in by_clock],
        "slowness": [round(factor, 2) for factor in slowness],
        "by_thousand_at_equal_speed": [
            round(rate * factor, 1) for rate, factor in zip(by_clock, slowness, strict=True)
        ],
    }


def replay(search: rs.Search) -> dict[str, object]:
    """Return how long replaying the journal takes, in a process that has all imported."""
    experiment = search.experiment
    begun_s = time.monotonic()
    engine = Engine(
        plan=plan_of(experiment),
        space=experiment.space,
        searcher=experiment.make_searcher(),
        scheduler=experiment.make_scheduler(),
        journal=MemoryJournal(),
    )
    engine.replay(search.run_dir.events())
    return {"trials": len(engine.state.trials), "replay_s": round(time.monotonic() - begun_s, 2)}


if __name__ == "__main__":
    main()
