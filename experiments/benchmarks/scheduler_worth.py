"""How many epochs does each scheduler need to reach what random search reaches?

    python experiments/benchmarks/scheduler_worth.py [--trials 100] [--seeds 20] [--workers 4]
                                                     [--searchers random auto] [--schedulers asha]
                                                     [--share 1.0]

Simulated, on parametric learning curves, another family of them for each seed. Random search trains
so many trials to their end. Then each scheduler searches, its configurations suggested by each of
the searchers (by default drawn at random as well, but others), with a share of these epochs in all;
`none` among them shows what chance alone does. What is compared is the value, without noise, of the
model that would be handed over: of the best measurement so far, or, once a trial has been trained
in full, of the one that the searcher recommends, if it has an opinion. Prints a line of JSON for
each scheduler with each searcher: the epochs until that is as good as random search's at its end,
as a share of all its epochs (median, quartiles, mean; 1 where it is never reached), in how many of
the seeds it is reached, and the mean value at the end less random search's.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Iterator, Mapping
from typing import Any

from raysearch.engine import Plan, SearchState
from raysearch.engine.recommending import recommendation_of
from raysearch.imports import load_object
from raysearch.run_dir import events as ev
from raysearch.schedulers import SCHEDULERS, Scheduler
from raysearch.searchers import SEARCHERS, Searcher
from raysearch.simulation import ParametricCurves, Simulation, simulate
from raysearch.space import Bool, Choice, Float, Int, Space
from raysearch.trial import Objective, Trial, TrialStatus

ACCURACY = Objective(metric="val/accuracy", direction="maximize")
SPACE = Space(
    {
        "depth": Int(1, 8),
        "learning_rate": Float(1e-4, 1e-1, log=True),
        "norm": Choice(["none", "batch", "layer"]),
        "bias": Bool(),
        "optimizer": Choice(["sgd", "adam"]),
        "momentum": Float(0.0, 0.99, when={"optimizer": ["sgd"]}),
    }
)
POLICIES: dict[str, tuple[str, Mapping[str, Any]]] = {
    "none": ("none", {}),
    "median": ("median", {}),
    "asha": ("asha", {}),
    "asha promotion": ("asha", {"form": "promotion"}),
    "asha, 3 brackets": ("asha", {"brackets": 3}),
    "hyperband": ("hyperband", {}),
    "hyperband keras_tuner": ("hyperband", {"arithmetic": "keras_tuner"}),
    "successive_halving of 27": ("successive_halving", {"n_trials": 27}),
    "successive_halving of 81": ("successive_halving", {"n_trials": 81}),
}
OTHERS = 1000
"""Added to a seed for the configurations that are not random search's."""


def main() -> None:
    """Compare all schedulers with random search."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=100, help="trials of random search")
    parser.add_argument("--max-epochs", type=int, default=27, help="epochs of a whole training")
    parser.add_argument("--seeds", type=int, default=20, help="families of curves")
    parser.add_argument("--workers", type=int, default=4, help="trials in training at once")
    parser.add_argument("--searchers", nargs="+", default=["random"], choices=SEARCHERS)
    parser.add_argument("--schedulers", nargs="+", default=list(POLICIES), choices=POLICIES)
    parser.add_argument("--share", type=float, default=1.0, help="of random search's epochs")
    given = parser.parse_args()
    pairs = [(searcher, name) for searcher in given.searchers for name in given.schedulers]
    found: dict[tuple[str, str], list[tuple[float, float]]] = {pair: [] for pair in pairs}
    for seed in range(given.seeds):
        curves = ParametricCurves(SPACE, objective=ACCURACY, seed=seed)
        budget = given.trials * given.max_epochs
        plain = searched(curves, given, scheduler="none", seed=seed, epochs=budget)
        target = list(handed_over(plain, curves, judge=method("random", seed=seed)))[-1][1]
        for searcher, name in pairs:
            simulation = searched(
                curves,
                given,
                searcher=searcher,
                scheduler=name,
                seed=seed + OTHERS,
                epochs=round(given.share * budget),
            )
            judge = method(searcher, seed=seed + OTHERS)
            course = list(handed_over(simulation, curves, judge=judge))
            needed = next((epochs for epochs, value in course if value >= target), budget)
            found[searcher, name].append((min(1.0, needed / budget), course[-1][1] - target))
    for (searcher, name), results in found.items():
        print(json.dumps({"searcher": searcher, "scheduler": name, **figures(results)}), flush=True)


def searched(
    curves: ParametricCurves,
    given: argparse.Namespace,
    *,
    scheduler: str,
    seed: int,
    epochs: int,
    searcher: str = "random",
) -> Simulation:
    """Return a search with so many epochs in all."""
    policy, settings = POLICIES[scheduler]
    return simulate(
        Plan(objective=ACCURACY, max_epochs=given.max_epochs, max_total_epochs=epochs),
        space=SPACE,
        searcher=method(searcher, seed=seed),
        scheduler=made(policy, max_epochs=given.max_epochs, seed=seed, **settings),
        curves=curves,
        n_workers=given.workers,
    )


def made(policy: str, **settings: Any) -> Scheduler:
    """Return a new scheduler."""
    scheduler: Scheduler = load_object(SCHEDULERS[policy])(objective=ACCURACY, **settings)
    return scheduler


def method(name: str, *, seed: int) -> Searcher:
    """Return a new searcher."""
    searcher: Searcher = load_object(SEARCHERS[name])(SPACE, objective=ACCURACY, seed=seed)
    return searcher


def handed_over(
    simulation: Simulation, curves: ParametricCurves, *, judge: Searcher
) -> Iterator[tuple[int, float]]:
    """Yield the epochs of all trials so far and what the one that would win is worth then.

    Args:
        simulation: A search.
        curves: Of its trials.
        judge: A searcher such as it had, which is told of its trials as they end.
    """
    state, best, is_named = SearchState(), None, False
    epochs, trained = 0, dict[str, int]()
    for event in simulation.events:
        state.apply(event)
        if isinstance(event, ev.TrialEnded):
            trial = state.trials[event.trial]
            judge.observe(trial)
            named = None
            if trial.status is TrialStatus.COMPLETED:
                named = recommendation_of(
                    judge, trials=list(state.trials.values()), outside=(), objective=ACCURACY
                )
            if named is not None:
                is_named = True
                winner = next(t for t in state.trials.values() if t.number == named.number)
                yield epochs, worth(winner, curves)
        if not isinstance(event, ev.Measured):
            continue
        epochs += event.epoch - trained.get(event.trial, 0)
        trained[event.trial] = event.epoch
        value = event.values[ACCURACY.metric]
        if not is_named and ACCURACY.is_better(value, best):
            best = value
            yield epochs, worth(state.trials[event.trial], curves)


def worth(trial: Trial, curves: ParametricCurves) -> float:
    """Return the value, without noise, of a trial's best checkpoint."""
    best = trial.best(ACCURACY)
    assert best is not None
    return curves.expected(trial.configuration, epoch=best.epoch)


def figures(results: list[tuple[float, float]]) -> dict[str, float]:
    """Return what is printed of the results of all seeds."""
    shares = [share for share, _ in results]
    low, median, high = statistics.quantiles(shares, n=4, method="inclusive")
    return {
        "median_share": round(median, 3),
        "lower_quartile": round(low, 3),
        "upper_quartile": round(high, 3),
        "mean_share": round(statistics.mean(shares), 3),
        "reached": sum(share < 1 for share in shares),
        "seeds": len(results),
        "gain_at_the_end": round(statistics.mean(gain for _, gain in results), 4),
    }


if __name__ == "__main__":
    main()
