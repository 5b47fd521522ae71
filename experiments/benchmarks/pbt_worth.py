"""Is population-based training worth it where the best hyperparameters change during training?

    python experiments/benchmarks/pbt_worth.py [--what toy digits] [--seeds 10]

`toy`: the toy problem of the PBT paper (Jaderberg et al., 2017, figure 2). What is to be maximised
is Q(x) = 1.2 - x0^2 - x1^2, but training sees the surrogate 1.2 - h0 x0^2 - h1 x1^2, whose
hyperparameters h say which of the two coordinates it improves at all. As in the paper, a member
begins with one of them only: h0 is drawn from 0 to 1 and h1 is 1 - h0 at the start, while PBT may
change either. Simulated time, no Ray: 12 members, 40 epochs of 4 steps, PBT against random search
with the same epochs.

`digits`: experiments/pbt.yaml, a small CNN whose learning rates begin far too low, as it stands and
with `scheduler: none`: the same trials and the same epochs. Beside them Ray Tune's own PBT with the
usual recipe for Lightning, `trainer.fit(ckpt_path=...)`, on the same network, data and space
(pbt_recipe.py), which says which learning rates were asked for, and which were in use.

Seeds are 0, 1, ... in this order, fixed before anything was measured. Prints one JSON line for each
run, and one for each comparison: how often PBT ended better, and the chance of that if it were no
better (one-sided Wilcoxon signed-rank test).
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scipy.stats import wilcoxon

from raysearch.engine.lineage import Stretch
from raysearch.engine.plan import Plan
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
RECIPE = Path(__file__).with_name("pbt_recipe.py")


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


def digits(seed: int) -> dict[str, Any]:
    """Return validation accuracies on digits: of PBT, without it, and of Ray's by the recipe."""
    line: dict[str, Any] = {"what": "digits", "seed": seed}
    for name, settings in {"pbt": [], "random": ["scheduler=none"]}.items():
        with tempfile.TemporaryDirectory() as folder:
            run = [f"--run-dir={folder}/run", "--json", "refit=false", f"seed={seed}", *settings]
            found = _document([sys.executable, "-m", "raysearch", "run", str(EXPERIMENT), *run])
        line[name] = max(trial["values"]["val/accuracy"] or 0.0 for trial in found["trials"])
        line[f"{name}_epochs"] = found["totals"]["epochs"]
    recipe = _document([sys.executable, str(RECIPE), "--seed", str(seed)])
    return {**line, **{f"ray_{key}": value for key, value in recipe.items()}}


def _document(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--what", nargs="+", choices=("toy", "digits"), default=["toy"])
    parser.add_argument("--seeds", type=int, default=10)
    given = parser.parse_args()
    measures = {"toy": toy, "digits": digits}
    for what in given.what:
        lines = []
        for seed in range(given.seeds):
            lines.append(measures[what](seed))
            print(json.dumps(lines[-1]), flush=True)
        print(json.dumps(compared(what, lines)), flush=True)


if __name__ == "__main__":
    main()
