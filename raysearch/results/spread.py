"""How far do models apart that differ in nothing but their seeds?"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from raysearch.engine.handover import Handover
from raysearch.run_dir import events as ev

Values = Mapping[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What the models of several seeds reached on the same split."""

    values: tuple[Values, ...]
    """Metric -> value for each model, at least one, a handed-over one's first; None where a value
    was not finite."""
    added_after_test: int = 0
    """How many of them were trained after the test split had been opened for the others. Whoever
    adds seeds until he likes the mean has chosen by it."""

    @property
    def n(self) -> int:
        """Models that were tested."""
        return len(self.values)

    @property
    def mean(self) -> dict[str, float | None]:
        """Metric -> mean; None where a model has no finite value, which is not left out."""
        return self._over_models(statistics.fmean)

    @property
    def std(self) -> dict[str, float | None]:
        """Metric -> sample standard deviation (n - 1); None as for `mean`, and for one model."""
        return self._over_models(statistics.stdev)

    def of(self, metric: str) -> tuple[float | None, float | None]:
        """Return mean and standard deviation of a metric, each as above."""
        return self.mean.get(metric), self.std.get(metric)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "n": self.n,
            "values": [dict(values) for values in self.values],
            "mean": self.mean,
            "std": self.std,
            "added_after_test": self.added_after_test,
        }

    def _over_models(self, of: Callable[[Sequence[float]], float]) -> dict[str, float | None]:
        names = dict.fromkeys(name for values in self.values for name in values)
        return {name: _finite(of, [values.get(name) for values in self.values]) for name in names}


def _finite(of: Callable[[Sequence[float]], float], values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    try:
        return of(known)
    except (OverflowError, statistics.StatisticsError):  # near the largest float; of one value
        return None


def spread_of(handover: Handover, model: ev.Refitted) -> Spread | None:
    """Return what the seeds of a model reached on the test split; None unless several did."""
    opening = handover.result_of(model)
    if opening is None or opening.values is None or not opening.others:
        return None
    return Spread(
        values=(opening.values, *opening.others),
        added_after_test=handover.added_after_test(model),
    )
