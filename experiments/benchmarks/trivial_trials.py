"""How many trials a second does the search itself allow, and how fast is its journal replayed?

    python experiments/benchmarks/trivial_trials.py [--trials 10000] [--searchers random hyperopt]

Trials of one measurement that costs nothing, on two workers: what is left is suggesting,
journalling, Ray Tune's controller and the way to the workers and back. Prints one line of JSON for
each searcher with the rate of each thousand trials, and one with the seconds that it takes to bring
state, searcher and scheduler to the end of that journal, as `resume` does.
"""

from __future__ import annotations

import argparse
import json
import tempfile
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
        search.run(listeners=())
        print(json.dumps({"searcher": searcher, **rates(run_dir)}), flush=True)
        print(json.dumps({"searcher": searcher, **replay(search)}), flush=True)


def rates(run_dir: Path) -> dict[str, object]:
    """Return trials per second, over all and for each thousand."""
    ends = [event.at for event in RunDir(run_dir).events() if isinstance(event, ev.TrialEnded)]
    marks = [*ends[::1000], ends[-1]]
    sizes = [1000] * (len(marks) - 2) + [(len(ends) - 1) % 1000 or 1000]
    spans = [end - begin for begin, end in pairwise(marks)]
    return {
        "trials": len(ends),
        "trials_per_s": round(len(ends) / (ends[-1] - ends[0]), 1),
        "by_thousand": [round(n / s, 1) for n, s in zip(sizes, spans, strict=False) if s],
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
