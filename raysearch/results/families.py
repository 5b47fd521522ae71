"""How do the families of a search compare: what is the best of each, and how sure is that?

The interval beside a family's best value answers one of two questions, at 95 %.

*examples*: where the objective is the share of validation examples that are right, and their number
is known. What does that share say about new examples of the same kind? The score interval of
Wilson: with p of n right and z = 1.96, its ends are

    (p + z^2 / 2n  -+  z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n).

It takes the examples for independent draws, and the trained network for given. All families are
measured on the same examples, so two whose intervals overlap may still differ; but a gap of a few
examples is no difference.

*trials*: with any other objective. How much is the best value one lucky trial? The family's trials
are drawn again, as many, with replacement: in 95 of 100 such searches the best would be at least as
good as the worse end. The better end is the best value itself, since nothing better was seen. It
takes the trials for independent draws, which is true of random search; a method that learns from
trials, and a scheduler that stops them early, make it too narrow or too wide. It says nothing of
the validation examples.

Neither is corrected for the choice of the best among many, which makes the value too good: what a
winner is worth, the test split says. Nor are families given the same number of trials: a searcher
that learns gives more to what looks better.

References:
    Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 1927.
    Brown, Cai and DasGupta, "Interval Estimation for a Binomial Proportion", Statistical Science
    2001 (why not p -+ z s).
    Dodge et al., "Show Your Work: Improved Reporting of Experimental Results", EMNLP 2019 (the best
    of n trials as a statistic).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from raysearch.experiment.spaces import MODEL
from raysearch.results.found import Found
from raysearch.results.kinds import family_names
from raysearch.trial import Trial

LEVEL = 0.95
"""How sure an interval is."""

_Z = 1.959963984540054
"""The standard normal distribution has this share between -z and z."""

_SHARES = re.compile(r"(val(id(ation)?)?[/_.])?(accuracy|acc|exact_match)")
"""Metrics that are the share of the validation examples that are right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Where a family's best value lies."""

    low: float
    high: float
    of: Literal["examples", "trials"]
    """Which question it answers; see the module."""
    n: int
    """How many examples or trials it is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a search found in one family."""

    family: str
    n_trials: int
    """All of them, those that failed included."""
    best: Trial | None = None
    """None if no trial of it has a finite value."""
    value: float | None = None
    """Of the best trial, at its best epoch."""
    interval: Interval | None = None
    """None where there is no value, or a single trial and no number of examples."""


def standings(found: Found) -> tuple[Standing, ...]:
    """Return how each family of a search stands, the best first; those without a value last."""
    names = family_names(found.state.settings)

    def family(trial: Trial) -> str:
        return (
            str(trial.best_configuration(found.objective).get(MODEL))
            if len(names) > 1
            else names[0]
        )

    ranked: dict[str, list[Trial]] = {}
    for trial in found.ranking():
        ranked.setdefault(family(trial), []).append(trial)
    n_trials = Counter(family(trial) for trial in found.state.trials.values())
    return tuple(
        _standing(name, ranked.get(name, []), n_trials=n_trials[name], found=found)
        for name in dict.fromkeys([*ranked, *names])
    )


def _standing(name: str, ranked: Sequence[Trial], *, n_trials: int, found: Found) -> Standing:
    if not ranked:
        return Standing(family=name, n_trials=n_trials)
    objective, best = found.objective, ranked[0]
    values = [v for trial in ranked if (v := trial.value(objective)) is not None]
    measured = best.best(objective)
    n_examples = measured.n_validated if measured else None
    interval = _best_of(values)
    if n_examples and _SHARES.fullmatch(objective.metric) and 0 <= values[0] <= 1:
        interval = _share(values[0], n=n_examples)
    return Standing(family=name, n_trials=n_trials, best=best, value=values[0], interval=interval)


def _share(p: float, *, n: int) -> Interval:
    """Return the score interval of a share.

    Example:
        >>> interval = _share(0.9, n=100)
        >>> round(interval.low, 4), round(interval.high, 4)
        (0.8256, 0.9448)
    """
    centre, squared = p + _Z**2 / (2 * n), _Z**2 / n
    half = _Z * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
    low, high = (centre - half) / (1 + squared), (centre + half) / (1 + squared)
    return Interval(low=max(0.0, low), high=min(1.0, high), of="examples", n=n)


def _best_of(values: Sequence[float]) -> Interval | None:
    """Return where the best of as many trials would lie; None for a single one.

    Of n values drawn from n, none is among the k best with the probability (1 - k/n)^n.

    Args:
        values: Of the trials, best first.

    Example:
        >>> interval = _best_of([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
        >>> interval.low, interval.high
        (0.7, 0.9)
    """
    n = len(values)
    if n == 1:
        return None
    k = next(k for k in range(1, n + 1) if (1 - k / n) ** n <= 1 - LEVEL)
    low, high = sorted((values[0], values[k - 1]))
    return Interval(low=low, high=high, of="trials", n=n)


def family_documents(found: Found) -> list[dict[str, Any]]:
    """Return the list "families" of the document that `results RUN --json` prints."""
    return [
        {
            "family": stand.family,
            "trials": stand.n_trials,
            "best": stand.best.id if stand.best else None,
            "value": stand.value,
            "interval": stand.interval and _interval_document(stand.interval),
        }
        for stand in standings(found)
    ]


def _interval_document(interval: Interval) -> dict[str, Any]:
    ends = {"low": interval.low, "high": interval.high}
    return {**ends, "level": LEVEL, "of": interval.of, "n": interval.n}
