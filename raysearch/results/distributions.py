"""From which distribution did `cross_entropy` draw, and how did it move as the search went on?

The journal has it in the origin of one suggestion in ten. Here each parameter's course is put
together, from the prior that it began with, in the values of the parameter rather than in places on
the unit interval, so that it can be drawn or told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from raysearch.searchers.distributions import WIDE, distribution_of
from raysearch.space import Domain, Parameter, Space
from raysearch.trial import Trial, Value

KIND = "cross_entropy"
"""What the origin of a suggestion says that was drawn from a distribution."""

TAIL = 0.1
"""Of the draws of a number, so many lie below `low`, and so many above `high`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """How one parameter was distributed when a trial was suggested."""

    trial: int
    """The trial's number; 0 for what the search began with."""
    updates: int
    """How many trials had moved the distribution by then."""
    centre: Value = None
    """Of a number or an ordered choice: the value at the mean of the normal distribution."""
    low: Value = None
    """Value below which a tenth of the draws lie."""
    high: Value = None
    """Value above which a tenth of the draws lie."""
    chances: tuple[tuple[Value, float], ...] = ()
    """Of any other: each value with its chance, in the order of the space. Empty for numbers."""

    @property
    def likeliest(self) -> Value:
        """The value that is drawn most often, or the one in the centre."""
        return max(self.chances, key=lambda pair: pair[1])[0] if self.chances else self.centre


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How one parameter's distribution moved."""

    parameter: str
    """Its label: the key, with conditions in brackets where the key occurs several times."""
    snapshots: tuple[Snapshot, ...]
    """In the order of the trials, the prior first; at least two."""

    @property
    def is_number(self) -> bool:
        """Whether it is a range that moves, and not the chances of single values."""
        return not self.snapshots[-1].chances


def courses_of(trials: Iterable[Trial], *, space: Mapping[str, Any]) -> tuple[Course, ...]:
    """Return the course of each parameter's distribution, in the order of the space.

    Args:
        trials: Of one search, in order of their numbers.
        space: As the journal has it (`SearchState.space`). Parameters that are not in it, as after
            a resume with another space, are left out.

    Returns:
        Empty where the journal has none: another searcher, or too few trials.

    Example:
        >>> from raysearch.space import Float, Space
        >>> space = Space({"rate": Float(0.0, 1.0)})
        >>> state = {"rate": {"mean": 0.25, "spread": 0.05, "centre": 0.25}}
        >>> origin = {"kind": "cross_entropy", "updates": 12, "state": state}
        >>> trial = Trial(id="0020", number=20, configuration={"rate": 0.3}, origin=origin)
        >>> course, = courses_of([trial], space=space.to_json())
        >>> for known in course.snapshots:
        ...     print(known.trial, known.updates, f"{known.low:.2f} to {known.high:.2f}")
        0 0 0.11 to 0.89
        20 12 0.19 to 0.31
    """
    told = [
        trial
        for trial in trials
        if trial.origin.get("kind") == KIND and isinstance(trial.origin.get("state"), Mapping)
    ]
    if not told:
        return ()
    found = [(parameter.label, _snapshots(parameter, told)) for parameter in Space.from_json(space)]
    return tuple(
        Course(parameter=label, snapshots=snapshots)
        for label, snapshots in found
        if len(snapshots) > 1
    )


def _snapshots(parameter: Parameter, told: Iterable[Trial]) -> tuple[Snapshot, ...]:
    first = distribution_of(parameter, least_spread=0.0)
    if first is None:
        return ()  # it has one value
    domain = parameter.domain
    snapshots = [_snapshot(first.to_json(domain), domain, trial=0, updates=0)]
    for trial in told:
        state = trial.origin["state"].get(parameter.label)
        if state is not None:
            updates = int(trial.origin.get("updates", 0))
            snapshots.append(_snapshot(state, domain, trial=trial.number, updates=updates))
    return tuple(snapshots)


def _snapshot(state: Mapping[str, Any], domain: Domain, *, trial: int, updates: int) -> Snapshot:
    if "chances" in state:
        chances = tuple((value, float(chance)) for value, chance in state["chances"])
        return Snapshot(trial=trial, updates=updates, chances=chances)
    mean, spread = float(state["mean"]), float(state.get("spread", WIDE))
    return Snapshot(
        trial=trial,
        updates=updates,
        centre=state["centre"],
        low=domain.from_unit(_quantile(TAIL, mean=mean, spread=spread)),
        high=domain.from_unit(_quantile(1 - TAIL, mean=mean, spread=spread)),
    )


def _quantile(share: float, *, mean: float, spread: float) -> float:
    """Return the place below which a share of a normal distribution on the unit interval lies."""
    normal = NormalDist(mean, spread)
    below, within = normal.cdf(0.0), normal.cdf(1.0) - normal.cdf(0.0)
    return min(max(normal.inv_cdf(below + share * within), 0.0), 1.0)
