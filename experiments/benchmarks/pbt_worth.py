"""Is population-based training worth it where the best hyperparameters change during training?

    python experiments/benchmarks/pbt_worth.py [--what toy digits] [--seeds 10] [--no-recipe]
                                               [--first-seed 0] [KEY=VALUE ...]

`toy`: the toy problem of the PBT paper (Jaderberg et al., 2017, figure 2). What is to be maximised
is Q(x) = 1.2 - x0^2 - x1^2, but training sees the surrogate 1.2 - h0 x0^2 - h1 x1^2, whose
hyperparameters h say which of the two coordinates it improves at all. As in the paper, a member
begins with one of them only: h0 is drawn from 0 to 1 and h1 is 1 - h0 at the start, while PBT may
change either. Simulated time, no Ray: 12 members, 40 epochs of 4 steps, PBT against random search
with the same epochs.

`digits`: experiments/pbt.yaml, a small CNN whose learning rates begin far too low, made smaller
(`SMALLER`), with its `pbt` and with `scheduler: none`: the same members and the same epochs. Both
are trained without Ray, in two processes at once, and end the same every time. Beside them Ray
Tune's own PBT with the usual recipe for Lightning, `trainer.fit(ckpt_path=...)`, on the same
network, data and space (pbt_recipe.py), which says which learning rates were asked for, and which
were in use. KEY=VALUE changes the experiment further.

Seeds are 0, 1, ... in this order, fixed before anything was measured; settings were chosen by
others, from 100 on. Prints one JSON line for each run, and one for each comparison: how often PBT
ended better, and the chance of that if it were no better (one-sided Wilcoxon signed-rank test).
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from scipy.stats import wilcoxon

from raysearch.engine.lineage import Stretch, lineage
from raysearch.engine.plan import Plan
from raysearch.experiment import load
from raysearch.randomness import generator
from raysearch.schedulers import Scheduler
from raysearch.schedulers.none import NoScheduler
from raysearch.schedulers.pbt import PBT
from raysearch.searchers.base import Searcher
from raysearch.simulation import Curve, simulate
from raysearch.space import Float, Space
from raysearch.trial import Configuration, Objective, Suggestion

Q = Objective(metric="Q", direction="maximize")
TOY = Space({"h0": Float(0.0, 1.0), "h1": Float(0.0, 1.0)})
START = 0.9
"""Where both coordinates begin, as in the paper."""

RATE = 0.02
"""Of a step of gradient descent."""

STEPS, EPOCHS, MEMBERS, INTERVAL = 4, 40, 12, 4
"""Steps of an epoch, epochs of a member, members, and epochs between two comparisons."""

EXPERIMENT = Path(__file__).parents[1] / "pbt.yaml"

SMALLER = (
    "fidelity.max_epochs=24",
    "scheduler.interval=2",
    "space.data.batch_size={choice: [64, 128, 256], ordered: true}",
)
"""What the experiment is changed to, so that ten seeds of both sides take minutes."""


class Toy:
    """Gradient descent on the surrogate; its weights are the two coordinates."""

    def curve(self, configuration: Configuration, *, n_epochs: int) -> Curve:
        """Return Q after each epoch with one configuration."""
        return self.continued(configuration, before=(), n_epochs=n_epochs)

    def continued(
        self, configuration: Configuration, *, before: Sequence[Stretch], n_epochs: int
    ) -> Curve:
        """Return Q after each epoch, where the first ones were trained with others."""
        done = before[-1].last if before else 0
        stretches = [*((s.last - s.first + 1, s.configuration) for s in before)]
        stretches.append((n_epochs - done, configuration))
        x, values = [START, START], list[float]()
        for n, each in stretches:
            for _ in range(n):
                x = [_trained(x[0], each["h0"]), _trained(x[1], each["h1"])]
                values.append(1.2 - x[0] ** 2 - x[1] ** 2)
        return Curve(values={"Q": values}, seconds=1.0)


def _trained(x: float, h: Any) -> float:
    return x * float((1 - 2 * RATE * h) ** STEPS)


class OneOrTheOther(Searcher):
    """Draws members that improve one coordinate at the cost of the other."""

    def __init__(self, *, seed: int) -> None:
        self._seed = seed

    def suggest(self, *, number: int, pending: Sequence[Any]) -> Suggestion:
        """Return h0 between 0 and 1, and h1 that makes up for it."""
        del pending
        h0 = round(float(generator(self._seed, role="toy", number=number).random()), 10)
        configuration = TOY.canonical({"h0": h0, "h1": round(1.0 - h0, 10)})
        return Suggestion(configuration=configuration, origin={"kind": "toy"})

    def observe(self, trial: Any) -> None:
        """Learn nothing."""


def toy(seed: int) -> dict[str, Any]:
    """Return what PBT and random search end with, as the distance of the best Q from 1.2."""
    given: dict[str, Any] = {"objective": Q, "max_epochs": EPOCHS, "seed": seed}
    policies: dict[str, Scheduler] = {
        "pbt": PBT(**given, space=TOY, population=MEMBERS, interval=INTERVAL),
        "random": NoScheduler(**given),
    }
    line: dict[str, Any] = {"what": "toy", "seed": seed}
    for name, policy in policies.items():
        done = simulate(
            Plan(objective=Q, max_epochs=EPOCHS, max_trials=MEMBERS),
            space=TOY,
            searcher=OneOrTheOther(seed=seed),
            scheduler=policy,
            curves=Toy(),
            n_workers=2,
        )
        line[name] = done.winner.value(Q)
        line[f"{name}_epochs"] = done.state.epochs
    return line


def searched_digits(changes: Sequence[str]) -> dict[str, Any]:
    """Return the best validation accuracy of experiments/pbt.yaml, changed, and what it cost."""
    from here import searched  # torch, which the toy problem does not wait for

    began_s = time.monotonic()
    experiment = load(EXPERIMENT, overrides=changes)
    with tempfile.TemporaryDirectory() as folder:
        state = searched(experiment, Path(folder)).state
    values = [trial.value(experiment.objective) for trial in state.trials.values()]
    return {
        "best": max(value or 0.0 for value in values),
        "epochs": state.epochs,
        "exploits": len(lineage(state.trials)),
        "seconds": round(time.monotonic() - began_s, 1),
    }


def digits(seeds: range, *, changes: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield, for each seed, the accuracies of PBT and of random search, and what they cost."""
    sides: dict[str, list[str]] = {"pbt": [], "random": ["scheduler=none"]}
    with ProcessPoolExecutor(max_workers=2, mp_context=get_context("spawn")) as processes:
        found = {
            (seed, name): processes.submit(searched_digits, [*changes, f"seed={seed}", *own])
            for seed in seeds
            for name, own in sides.items()
        }
        for seed in seeds:
            line = {"what": "digits", "seed": seed}
            for name in sides:
                for key, value in found[seed, name].result().items():
                    line[name if key == "best" else f"{name}_{key}"] = value
            yield line


def by_recipe(seeds: range, *, changes: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield, for each seed, what Ray's own PBT comes to by the usual recipe."""
    from pbt_recipe import recipe  # and Ray

    for seed in seeds:
        yield {"what": "recipe", "seed": seed, **recipe([*changes, f"seed={seed}"])}


def compared(what: str, lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return how often PBT ended better than random search, and the chance of that by luck."""
    gains = [line["pbt"] - line["random"] for line in lines]
    is_tie = all(gain == 0 for gain in gains)
    chance = 1.0 if is_tie else float(wilcoxon(gains, alternative="greater").pvalue)
    return {
        "what": what,
        "seeds": len(lines),
        "better": sum(gain > 0 for gain in gains),
        "mean_pbt": math.fsum(line["pbt"] for line in lines) / len(lines),
        "mean_random": math.fsum(line["random"] for line in lines) / len(lines),
        "p": chance,
    }


def main() -> None:
    """Measure what is asked for, and print it as JSON lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--what", nargs="+", choices=("toy", "digits"), default=["toy"])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--recipe", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("changes", nargs="*", metavar="KEY=VALUE", help="of the digits experiment")
    given = parser.parse_intermixed_args()
    seeds = range(given.first_seed, given.first_seed + given.seeds)
    changes = [*SMALLER, *given.changes]
    measured = {
        "toy": lambda: map(toy, seeds),
        "digits": lambda: digits(seeds, changes=changes),
    }
    for what in given.what:
        lines = []
        for line in measured[what]():
            lines.append(line)
            print(json.dumps(line), flush=True)
        print(json.dumps(compared(what, lines)), flush=True)
    if "digits" in given.what and given.recipe:
        for line in by_recipe(seeds, changes=changes):
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
