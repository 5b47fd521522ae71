"""How did the configurations of a real search fare? Its learning curves, for another search.

A configuration that was not tried fares as the one that is most like it, and a trial that was
stopped would have stayed where it was. So what this tells is how long a search takes and what it
costs, rather than which configuration wins it.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from raysearch.errors import ConfigurationError
from raysearch.searchers.tried import key
from raysearch.simulation.curves import Curve
from raysearch.space import Space
from raysearch.trial import Configuration, Measurement, Trial, TrialStatus


class RecordedCurves:
    """The learning curves of trials.

    Args:
        trials: Of a search of the same space; those that measured nothing are left out, unless
            they failed.
        space: The search space.
        metrics: Those that are reported.

    Raises:
        ConfigurationError: No trial has measured anything.

    Example:
        >>> from raysearch.space import Int
        >>> measured = Measurement(epoch=1, step=1, values={"val/loss": 0.5}, seconds=2.0)
        >>> trial = Trial(id="0000", number=0, configuration={"n": 3}, measurements=(measured,))
        >>> curves = RecordedCurves([trial], space=Space({"n": Int(1, 9)}), metrics=["val/loss"])
        >>> curve = curves.curve({"n": 4}, n_epochs=3)
        >>> curve.values, curve.seconds
        ({'val/loss': [0.5, 0.5, 0.5]}, 2.0)
    """

    def __init__(self, trials: Iterable[Trial], *, space: Space, metrics: Sequence[str]) -> None:
        self._space = space
        self._metrics = tuple(metrics)
        inside = [trial for trial in trials if space.contains(trial.configuration)]
        # of several folds, whose seconds their mean sums up, the first
        curves = {t.id: t.folds[0] if t.folds else t.measurements for t in inside}
        seconds = {trial: seconds_of_epoch(curve) for trial, curve in curves.items()}
        known = [found for found in seconds.values() if found is not None]
        if not known:
            raise ConfigurationError(
                "the run has no trial of this search space that measured an epoch, so nothing is "
                "known of how long one takes. Give another run, or epoch_seconds."
            )
        self.typical_seconds = statistics.median(known)
        """Of an epoch."""
        self._trials = [
            trial
            for trial in inside
            if seconds[trial.id] is not None or trial.status is TrialStatus.FAILED
        ]
        self._seconds = [seconds[trial.id] or self.typical_seconds for trial in self._trials]
        self._place = {key(t.configuration): n for n, t in enumerate(self._trials)}
        self._vectors = np.stack([space.encode(trial.configuration) for trial in self._trials])

    def curve(self, configuration: Configuration, *, n_epochs: int) -> Curve:
        """Return the curve of the trial with this configuration, or of the one most like it."""
        place = self._place.get(key(configuration))
        if place is None:
            apart = self._vectors - self._space.encode(configuration)
            differs = np.isnan(self._vectors) != np.isnan(self._space.encode(configuration))
            apart = np.where(differs, 1.0, np.nan_to_num(apart))  # active in one of them alone
            place = int(np.argmin(np.square(apart).sum(axis=1)))
        trial, seconds = self._trials[place], self._seconds[place]
        has_failed = trial.status is TrialStatus.FAILED
        fails_in = trial.epochs + 1 if has_failed and trial.epochs < n_epochs else None
        n_known = n_epochs if fails_in is None else trial.epochs
        return Curve(
            values={metric: self._values(trial, metric, n_known) for metric in self._metrics},
            seconds=seconds,
            raises_in=fails_in,
        )

    @staticmethod
    def _values(trial: Trial, metric: str, n_epochs: int) -> list[float]:
        """Return what a trial measured epoch by epoch, and its last value from then on."""
        found = {m.epoch: m.values.get(metric) for m in trial.measurements}
        values, last = [], math.nan
        for epoch in range(1, n_epochs + 1):
            value = found.get(epoch, last)
            last = math.nan if value is None else value
            values.append(last)
        return values


def seconds_of_epoch(measurements: Sequence[Measurement]) -> float | None:
    """Return how long an epoch of a trial took, in seconds; None where it measured none.

    The median, since the first epoch may be the slowest, and others wait for the machine.
    """
    if not measurements:
        return None
    first = measurements[0].seconds / measurements[0].epoch
    spans = [(b.seconds - a.seconds) / (b.epoch - a.epoch) for a, b in pairwise(measurements)]
    found = statistics.median(spans) if spans else first
    return found if found > 0 else None
