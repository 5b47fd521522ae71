"""What was good about a parameter: which of its values went with good trials, and of how many?

The range of a number is cut into `PARTS` parts of equal size on its own scale; of a choice each
value is one. What is told of a part are the values that its trials reached, so it is what was seen,
averaged over whatever else was different in them, and not what a change of this parameter alone
would do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from raysearch.space import Domain, Float, Int, Parameter
from raysearch.trial import Objective, Trial, Value

PARTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some values of a parameter, with what its trials reached."""

    low: Value
    high: Value
    """The smallest and the largest value that its trials had; the same of a choice."""
    n_trials: int
    """At least 1."""
    median: float
    lower: float
    upper: float
    """The quartiles."""


def parts(
    parameter: Parameter, trials: Iterable[Trial], *, objective: Objective
) -> tuple[Part, ...]:
    """Return what trials reached in each part of a parameter's range, in order of its values.

    Args:
        parameter: Of the space.
        trials: Those in which it is not active are left out.
        objective: What is improved.
    """
    domain = parameter.domain
    seen: dict[int, list[tuple[Value, float]]] = {}
    for trial in trials:
        reached = trial.value(objective)
        if reached is not None and is_active(parameter, trial):
            value = trial.configuration[parameter.key]
            seen.setdefault(_part(domain, value), []).append((value, reached))
    found = []
    for _, pairs in sorted(seen.items()):
        values = sorted((value for value, _ in pairs), key=domain.to_unit)
        ordered = sorted(reached for _, reached in pairs)
        found.append(
            Part(
                low=values[0],
                high=values[-1],
                n_trials=len(ordered),
                median=median(ordered),
                lower=_quantile(ordered, 0.25),
                upper=_quantile(ordered, 0.75),
            )
        )
    return tuple(found)


def best_part(found: Sequence[Part], *, objective: Objective, at_least: int = 3) -> Part | None:
    """Return the part with the best median among those of enough trials; None if there is none."""
    enough = [part for part in found if part.n_trials >= at_least]
    return min(enough, key=lambda part: objective.loss(part.median), default=None)


def is_active(parameter: Parameter, trial: Trial) -> bool:
    """Return whether a trial has a legal value of the parameter."""
    configuration = trial.configuration
    return (
        parameter.key in configuration
        and parameter.is_active(configuration)
        and parameter.domain.contains(configuration[parameter.key])
    )


def is_cut(domain: Domain) -> bool:
    """Return whether the domain is cut into parts of several values each."""
    size = domain.size()
    return isinstance(domain, Int | Float) and (size is None or size > PARTS)


def _part(domain: Domain, value: Value) -> int:
    if is_cut(domain):
        return min(PARTS - 1, int(domain.to_unit(value) * PARTS))
    return list(domain.grid()).index(value)


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])
