"""Does a recipe that is chosen on validation data hold its bound on other data, by which rule?

    python experiments/benchmarks/compression_rule.py [--rounds 400]

Recipes are made up. Each has a size, drawn evenly on a log scale, and a loss of accuracy that is
the larger, on average, the smaller it is. Each example has a chance of its own to be lost, or won,
in a training, next to none for most: so examples and trainings both have their luck. Of 16 recipes
one is chosen by the drop alone ("drop"), by the drop and a standard error ("error"), or by
these of three trainings ("trained again", as `compress` does). It is trained once more, and meets a
test. Prints a JSON line for each rule and number of examples.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass

import numpy as np

from raysearch.compression.bound import DROP_ERROR, LATENCY, LATENCY_1, SIZE, Bound
from raysearch.compression.confirming import MOST
from raysearch.compression.losing import drop_error
from raysearch.training.outcomes import Outcomes
from raysearch.trial import Objective

N_RECIPES, TRAININGS = 16, 3
WRONG, MAX_DROP = 0.01, 0.00495
"""Share of the examples that the original has wrong, and what may be lost."""
BORDER = 0.05
"""Of the Beta distribution of chances: the smaller, the fewer examples have all of them."""
METRIC = "val/accuracy"
BOUND = Bound.of(
    Objective(metric=METRIC, direction="maximize"),
    {METRIC: 1 - WRONG, SIZE: 1.0, LATENCY: 1.0, LATENCY_1: 1.0},
    max_drop=MAX_DROP,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A recipe: its size, and what it does to examples."""

    size: float
    drop: float
    """What it loses in truth."""
    won: float
    """Share of the examples that it has right and the original wrong."""

    def chances(self, is_wrong: np.ndarray, *, rng: np.random.Generator) -> np.ndarray:
        """Return how likely a training has each example wrong, (n,)."""
        lost = _beta((self.won + self.drop) / (1 - WRONG), n=len(is_wrong), rng=rng)
        won = _beta(self.won / WRONG, n=len(is_wrong), rng=rng)
        return np.where(is_wrong, 1 - won, lost)


def _beta(mean: float, *, n: int, rng: np.random.Generator) -> np.ndarray:
    mean = min(max(mean, 1e-4), 0.9)
    return rng.beta(BORDER, BORDER * (1 / mean - 1), size=n)


def drawn(rng: np.random.Generator) -> Recipe:
    """Return a recipe."""
    size = float(np.exp(rng.uniform(np.log(0.04), np.log(0.6))))
    typical = 0.0012 * max(0.0, np.log(0.5 / size)) ** 1.7
    drop = float(typical * np.exp(rng.normal(0, 0.6)))
    return Recipe(size=size, drop=drop, won=0.001 + 0.3 * drop)


def outcomes(is_wrong: np.ndarray) -> Outcomes:
    """Return what a model does that has some examples wrong."""
    n = len(is_wrong)
    return Outcomes(
        task="classification",
        truth=np.zeros(n, dtype=int),
        chosen=is_wrong.astype(int),
        losses=np.zeros(n),
    )


def cost(
    recipe: Recipe, trainings: list[np.ndarray], *, original: np.ndarray, has_error: bool
) -> float:
    """Return what a recipe costs after some trainings, each told by what it has wrong."""
    drop = float(np.mean(trainings) - original.mean())
    values: dict[str, float | None] = {
        METRIC: 1 - WRONG - drop,
        SIZE: recipe.size,
        LATENCY: 0.5,
        LATENCY_1: 0.7,
    }
    if has_error:
        others = [outcomes(each) for each in trainings]
        values[DROP_ERROR] = drop_error(outcomes(original), others, metric=METRIC)
    return BOUND.cost(values)


def chosen(recipes: list[Recipe], *, n: int, rule: str, rng: np.random.Generator) -> Recipe:
    """Return the recipe that a rule chooses by n validation examples."""
    n_trainings = TRAININGS if rule == "trained again" else 1
    original = rng.random(n) < WRONG
    chances = [recipe.chances(original, rng=rng) for recipe in recipes]
    known = [[rng.random(n) < each] for each in chances]

    def cost_of(place: int) -> float:
        has_error = rule != "drop"
        return cost(recipes[place], known[place], original=original, has_error=has_error)

    costs = [cost_of(place) for place in range(len(recipes))]
    for _ in range(MOST):
        best = int(np.argmin(costs))
        if len(known[best]) >= n_trainings:
            break
        known[best].append(rng.random(n) < chances[best])
        costs[best] = cost_of(best)
    return recipes[int(np.argmin(costs))]


def lost_on_test(recipe: Recipe, *, n: int, rng: np.random.Generator) -> float:
    """Return what a recipe loses, trained once more, on n other examples."""
    original = rng.random(n) < WRONG
    made = rng.random(n) < recipe.chances(original, rng=rng)
    return float(made.mean() - original.mean())


def main() -> None:
    """Print a line for each rule."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=400, help="choices by each rule")
    given = parser.parse_args()
    for n in (359, 1500):
        for rule in ("drop", "error", "trained again"):
            rng = np.random.default_rng(0)
            taken = [
                chosen([drawn(rng) for _ in range(N_RECIPES)], n=n, rule=rule, rng=rng)
                for _ in range(given.rounds)
            ]
            losses = np.array([lost_on_test(recipe, n=n, rng=rng) for recipe in taken])
            drops = np.array([recipe.drop for recipe in taken])
            line = {
                "bound held on test": np.mean(losses <= MAX_DROP + 1e-9),
                "bound held in truth": np.mean(drops <= MAX_DROP),
                "drop in truth": drops.mean(),
                "size": np.mean([recipe.size for recipe in taken]),
            }
            told = {name: round(float(value), 4) for name, value in line.items()}
            print(json.dumps({"examples": n, "rule": rule, **told}))


if __name__ == "__main__":
    main()
