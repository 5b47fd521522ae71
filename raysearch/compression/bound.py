"""How much may a model lose by being made smaller, and what is a smaller one worth?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from raysearch import pareto
from raysearch.experiment.compress import SIZE_AIM, SPEED_AIM
from raysearch.trial import Measurement, Objective, Trial

SIZE, LATENCY, LATENCY_1, COST = "size_bytes", "latency_ms", "latency_ms_1", "cost"
"""What is measured of an ONNX file beside the metrics: its bytes, the median time of a batch and of
a single example, and what the search minimises."""

DROP_ERROR = "drop_error"
"""The standard error of how much quality is lost, in units of the metric; see `losing`."""

NOTHING_GAINED = 1.5
"""A cost from which on nothing is gained, or too much lost."""

DEFAULT_SHARE = 0.005
"""How much of the original's value may be lost, unless told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aims:
    """What a recipe shall reach; one that reaches both is better than any that does not."""

    size: float = SIZE_AIM
    """Bytes at most, as a share of the original's; above 0."""
    speed: float = SPEED_AIM
    """How many times as fast a batch is at least; above 0."""

    def missed(self, *, size: float, batch: float) -> float:
        """Return how far they are missed: 0 if both are reached, 1 for the original, at most 1.

        Args:
            size: Bytes, as a share of the original's.
            batch: Time of a batch, as a share of the original's.

        Example:
            >>> [Aims().missed(size=s, batch=b) for s, b in ((0.2, 0.5), (1.0, 1.0), (2.0, 1.0))]
            [0.0, 1.0, 1.0]
        """
        missed = max(1.0, size / self.size) * max(1.0, batch * self.speed)
        if missed <= 1.0:
            return 0.0
        of_original = max(1.0, 1.0 / self.size) * max(1.0, self.speed)
        return 1.0 if missed >= of_original else math.log(missed) / math.log(of_original)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What the original is, how much of its quality may be lost, and what shall be gained."""

    objective: Objective
    original: Mapping[str, float | None]
    """Its metrics, size and latencies."""
    max_drop: float
    """In units of the metric, at least 0."""
    aims: Aims = field(default_factory=Aims)

    @classmethod
    def of(
        cls,
        objective: Objective,
        original: Mapping[str, float | None],
        *,
        max_drop: float | None,
        aims: Aims | None = None,
    ) -> Bound:
        """Return the bound; without `max_drop` it is a two hundredth of the original's value."""
        if max_drop is None:
            max_drop = DEFAULT_SHARE * abs(original[objective.metric] or 0.0)
        return cls(objective=objective, original=original, max_drop=max_drop, aims=aims or Aims())

    def drop(self, values: Mapping[str, float | None]) -> float:
        """Return how much worse the quality is, below 0 where it is better.

        Example:
            >>> accuracy = Objective(metric="val/accuracy", direction="maximize")
            >>> bound = Bound(objective=accuracy, original={"val/accuracy": 0.75}, max_drop=0.1)
            >>> bound.drop({"val/accuracy": 0.5}), bound.drop({"val/accuracy": None})
            (0.25, inf)
        """
        metric = self.objective.metric
        now = self.objective.loss(values.get(metric))
        return now - self.objective.loss(self.original[metric])

    def most(self, values: Mapping[str, float | None]) -> float:
        """Return what is lost, and a standard error more, where that is known."""
        return self.drop(values) + (values.get(DROP_ERROR) or 0.0)

    def holds(self, values: Mapping[str, float | None]) -> bool:
        """Return whether no more is lost than may be, rounding aside."""
        return self.drop(values) <= self.max_drop + 1e-9

    def is_sure(self, values: Mapping[str, float | None]) -> bool:
        """Return whether no more is lost than may be, and a standard error more still holds.

        Example:
            >>> accuracy = Objective(metric="val/accuracy", direction="maximize")
            >>> bound = Bound(objective=accuracy, original={"val/accuracy": 0.75}, max_drop=0.1)
            >>> bound.is_sure({"val/accuracy": 0.70, "drop_error": 0.02})
            True
            >>> bound.is_sure({"val/accuracy": 0.70, "drop_error": 0.08})
            False
        """
        return self.most(values) <= self.max_drop + 1e-9

    def cost(self, values: Mapping[str, float | None]) -> float:
        """Return what the search minimises.

        Outside the bound it is 2 and more, by how much too much is lost. Within, the geometric mean
        of size and latency as shares of the original's counts, the latency of a batch and of a
        single example alike: where nothing is gained it is 1.5 to 2; between 0.5 and 1 by that and
        by how far the aims are missed; and below 0.5 where they are reached. There a model that may
        lose all that it may costs twice as much as one that loses nothing, since what is lost on
        validation data is lost on others, too.

        What is lost counts with a standard error more, where that is known: a recipe that only
        holds the bound without it costs 1 to 1.5, more than any that is sure to hold it, and is
        chosen only where none is. It is the one-standard-error rule, turned to a bound.

        References:
            Breiman, Friedman, Olshen and Stone, "Classification and Regression Trees", 1984,
            section 3.4.3 (the rule).
        """
        if not self.holds(values):
            scale = max(abs(self.original[self.objective.metric] or 0.0), 1e-12)
            return 2.0 + min(8.0, (self.drop(values) - self.max_drop) / scale)
        size, batch, single = (
            _share(values, self.original, name) for name in (SIZE, LATENCY, LATENCY_1)
        )
        mean = min(2.0, math.sqrt(size * math.sqrt(batch * single)))
        if mean >= 1.0:
            return 1.0 + mean / 2
        lost = max(0.0, self.most(values)) / self.max_drop if self.max_drop else 0.0
        worth = mean * (1 + min(1.0, lost)) / 2
        missed = self.aims.missed(size=size, batch=batch)
        cost = worth / 2 if missed == 0.0 else 0.5 + (worth + missed) / 4
        return cost if self.is_sure(values) else 1.0 + cost / 2


def _share(
    values: Mapping[str, float | None], original: Mapping[str, float | None], name: str
) -> float:
    return (values.get(name) or math.inf) / (original.get(name) or math.inf)


def front(trials: list[Trial], *, objective: Objective) -> list[Trial]:
    """Return the trials that none beats in size, latency and quality together, smallest first."""
    measured = [(trial, m) for trial in trials if (m := trial.last) is not None]
    points = [_point(m, objective=objective) for _, m in measured]
    found = [measured[place][0] for place in pareto.front(points)]
    return sorted(found, key=_size)


def _point(measurement: Measurement, *, objective: Objective) -> tuple[float, float, float]:
    values = measurement.values
    size, latency = values.get(SIZE), values.get(LATENCY)
    return (
        math.inf if size is None else size,
        math.inf if latency is None else latency,
        objective.loss(values.get(objective.metric)),
    )


def _size(trial: Trial) -> float:
    size = trial.last.values[SIZE] if trial.last else None
    return math.inf if size is None else size
