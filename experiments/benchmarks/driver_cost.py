"""What does a trial cost the driver, Ray apart, and does that grow with the number of trials?

    python experiments/benchmarks/driver_cost.py [--trials 10000] [--searchers random hyperopt grid]

The engine of a real search, with its journal on disk and two trials under way at a time, is told
what workers would tell it: a trial has started, it measured, it is over. Nothing is trained, and
there is no Ray, so what is left is suggesting, deciding, journalling and, with `--views`, the plain
lines and TensorBoard's files. Prints one line of JSON for each searcher and scheduler: milliseconds
a trial, and those of the processor, for each thousand; the share of the journal, and its writes a
trial; seconds to replay the run directory as `resume` does, and to open its results. Times are of
the clock, so other jobs on the machine lengthen them; the processor's are not.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import raysearch as rs
from raysearch.driving import plan_of, versions
from raysearch.engine import Engine
from raysearch.engine.state import Listener
from raysearch.experiment import Experiment
from raysearch.live import TensorBoardWriter
from raysearch.live.plain import PlainView
from raysearch.live.progress import Heading
from raysearch.results import Results
from raysearch.run_dir import Journal, RunDir
from raysearch.run_dir.events import Event
from raysearch.run_dir.journal import EventSink, MemoryJournal
from raysearch.trial import DecisionKind, Measurement, SearchStatus

AT_ONCE = 2
"""Trials under way at a time."""
ROUND = 1000
"""Trials between two marks."""
SHOWN_SHARE = 0.01
"""Parts with less of the time are left out of the shares."""


def main() -> None:
    """Drive one search with each searcher under each scheduler."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--searchers", nargs="+", default=["random", "hyperopt", "grid"])
    parser.add_argument("--schedulers", nargs="+", default=["none", "asha"])
    parser.add_argument("--views", action="store_true", help="with plain lines and TensorBoard")
    parser.add_argument("--profile", action="store_true", help="with where the time goes")
    arguments = parser.parse_args()
    for searcher in arguments.searchers:
        for scheduler in arguments.schedulers:
            run_dir = RunDir(Path(tempfile.mkdtemp()) / "run")
            experiment = _experiment(searcher, scheduler, trials=arguments.trials)
            listeners = _views(experiment, run_dir=run_dir) if arguments.views else ()
            figures = drive(experiment, run_dir=run_dir, listeners=listeners)
            figures |= reopen(experiment, run_dir=run_dir)
            if arguments.profile:
                figures["shares"] = shares(experiment, with_views=arguments.views)
            print(json.dumps({"searcher": searcher, "scheduler": scheduler, **figures}), flush=True)


@dataclass(slots=True)
class TimedJournal:
    """Passes events on to a journal and adds up how long that takes."""

    journal: Journal
    writes: int = 0
    seconds: float = 0.0

    def append(self, events: Sequence[Event]) -> None:
        """Keep the events."""
        begun_s = time.perf_counter()
        self.journal.append(events)
        self.seconds += time.perf_counter() - begun_s
        self.writes += 1

    def afterwards(self, action: Callable[[], None]) -> None:
        """Do it."""
        action()


@dataclass(slots=True)
class Marks:
    """Times of the clock and of the processor after each round of trials, in seconds."""

    clock: list[float] = field(default_factory=lambda: [time.perf_counter()])
    processor: list[float] = field(default_factory=lambda: [time.process_time()])

    def add(self) -> None:
        """Take both times."""
        self.clock.append(time.perf_counter())
        self.processor.append(time.process_time())


def drive(
    experiment: Experiment, *, run_dir: RunDir, listeners: Sequence[Listener]
) -> dict[str, object]:
    """Run the search to its end; return what its trials cost."""
    with run_dir.writing() as on_disk:
        journal = TimedJournal(on_disk)
        engine = _engine(experiment, journal=journal, listeners=listeners)
        space = experiment.space.to_json()
        engine.start(settings=experiment.settings, space=space, versions=versions())
        marks, n_ended = Marks(), 0
        live: deque[str] = deque()
        while not engine.stop_reason or live:
            while len(live) < AT_ONCE and (trial := engine.next_trial()) is not None:
                engine.attempt_started(trial.id, worker="nowhere:0")
                live.append(trial.id)
            if not live:
                break  # the searcher has nothing left to suggest
            is_over = _report(engine, trial=live[0])
            n_ended += is_over
            live.popleft() if is_over else live.rotate(-1)
            if is_over and n_ended % ROUND == 0:
                marks.add()
        engine.end(SearchStatus.FINISHED, reason=engine.stop_reason)
    spans = [_milliseconds(times) for times in (marks.clock, marks.processor)]
    total_s = time.perf_counter() - marks.clock[0]
    return {
        "trials": n_ended,
        "measurements": engine.state.epochs,
        "ms_by_thousand": spans[0],
        "cpu_ms_by_thousand": spans[1],
        "journal_share": round(journal.seconds / total_s, 3),
        "writes_per_trial": round(journal.writes / n_ended, 2),
        "ms_per_write": round(1000 * journal.seconds / journal.writes, 3),
    }


def shares(experiment: Experiment, *, with_views: bool) -> dict[str, float]:
    """Return which share of a search's time is spent in each part, what it calls not included."""
    run_dir = RunDir(Path(tempfile.mkdtemp()) / "run")
    listeners = _views(experiment, run_dir=run_dir) if with_views else ()
    profiler = cProfile.Profile()
    profiler.runcall(drive, experiment, run_dir=run_dir, listeners=listeners)
    found: dict[str, float] = {}
    for (file, _, function), (_, _, own_s, _, _) in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined]
        part = _part(file, function)
        found[part] = found.get(part, 0.0) + own_s
    total_s = sum(found.values())
    largest = sorted(found.items(), key=lambda item: -item[1])
    return {part: round(s / total_s, 3) for part, s in largest if s / total_s >= SHOWN_SHARE}


def _part(file: str, function: str) -> str:
    """Return the part of raysearch, or the library, that a function is of."""
    words = Path(file).parts
    if "raysearch" in words:
        return ".".join(words[words.index("raysearch") :][:2]).removesuffix(".py")
    if "site-packages" in words:
        return words[words.index("site-packages") + 1]
    return "flush to disk" if "fsync" in function else "Python"


def _report(engine: Engine, *, trial: str) -> bool:
    """Report the trial's next epoch; return whether it is over."""
    known = engine.state.trials[trial]
    epoch, configuration = known.epochs + 1, known.configuration
    distance = (configuration["x"] - 0.3) ** 2 + (configuration["y"] - 0.7) ** 2
    measurement = Measurement(
        epoch=epoch, step=epoch, values={"distance": distance + 1 / epoch}, seconds=0.001 * epoch
    )
    return engine.measured(trial, measurement).kind is DecisionKind.STOP


def _milliseconds(times: Sequence[float]) -> list[float]:
    """Return milliseconds a trial in each round."""
    return [round(1000 * (after - before) / ROUND, 2) for before, after in pairwise(times)]


def reopen(experiment: Experiment, *, run_dir: RunDir) -> dict[str, float]:
    """Return how long it takes to know all of it again: to go on, and to read its results."""
    begun_s = time.perf_counter()
    engine = _engine(experiment, journal=MemoryJournal(), listeners=())
    engine.replay(run_dir.events())
    replayed_s = time.perf_counter()
    results = Results.open(run_dir.path)
    results.ranking()
    results.to_json()
    opened_s = time.perf_counter()
    return {
        "replay_s": round(replayed_s - begun_s, 2),
        "results_s": round(opened_s - replayed_s, 2),
    }


def _experiment(searcher: str, scheduler: str, *, trials: int) -> Experiment:
    side = int(trials**0.5) + 1  # values of each parameter, so that a grid suffices
    search = rs.Search(
        train,
        space={"x": rs.Float(0.0, 1.0), "y": rs.Float(0.0, 1.0)},
        objective=rs.Objective(metric="distance", direction="minimize"),
        searcher={"name": "grid", "resolution": side} if searcher == "grid" else searcher,
        scheduler=scheduler,
        fidelity=rs.Fidelity(max_epochs=1 if scheduler == "none" else 9),
        budget=rs.Budget(trials=trials),
        parallel=AT_ONCE,
    )
    return search.experiment


def train(config, report):
    """Stand for what would be trained; never called."""
    report({"distance": config["x"] + config["y"]})


def _engine(experiment: Experiment, *, journal: EventSink, listeners: Sequence[Listener]) -> Engine:
    return Engine(
        plan=plan_of(experiment),
        space=experiment.space,
        searcher=experiment.make_searcher(),
        scheduler=experiment.make_scheduler(),
        journal=journal,
        listeners=listeners,
    )


def _views(experiment: Experiment, *, run_dir: RunDir) -> list[Listener]:
    nowhere = Path(os.devnull).open("w")  # noqa: SIM115  open until the process ends
    heading = Heading(name="driver", run_dir=str(run_dir.path), plan=plan_of(experiment))
    writer = TensorBoardWriter(
        run_dir.tensorboard, objective=experiment.objective, space=experiment.space
    )
    return [PlainView(nowhere, heading=heading), writer]


if __name__ == "__main__":
    main()
