"""What is a trial worth that is trained on several folds? The mean of what they measured.

Each fold has a curve, and the trial the mean of those that are done, epoch by epoch, so that its
best epoch is the one at which it is best on average: one number of epochs for all of them, which a
refit can train. A fold whose training ended by itself counts with its last measurement from there
on.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from raysearch.run_dir import events as ev
from raysearch.run_dir.events import Event
from raysearch.trial import Measurement, Objective, Trial, TrialStatus

Curve = tuple[Measurement, ...]
"""Measurements in order of epochs."""


def folds_in(settings: Mapping[str, Any]) -> int:
    """Return on how many folds each trial is trained, as resolved settings of any version say.

    Example:
        >>> folds_in({"repeats": {"folds": 5, "risk": 0.01}}), folds_in({"repeats": False})
        (5, 1)
    """
    return int((settings.get("repeats") or {}).get("folds", 1))


def with_measurement(trial: Trial, measurement: Measurement) -> Trial:
    """Return the trial with a measurement of a new epoch of the training under way."""
    if trial.folds:
        return replace(trial, in_fold=(*trial.in_fold, measurement))
    return replace(trial, measurements=(*trial.measurements, measurement))


def with_fold_done(trial: Trial) -> Trial:
    """Return the trial with the training under way as a fold that is done."""
    folds = (*trial.folds, trial.trained)
    return replace(trial, folds=folds, in_fold=(), measurements=mean_curve(folds))


def mean_curve(folds: Sequence[Curve]) -> Curve:
    """Return the mean of curves, at each epoch that one of them has and that all have begun by.

    Metrics are means, seconds and validated examples sums. A value is None, and the measurement has
    the cause, where it is not finite in one of the folds; a metric that not all have is left out.

    Args:
        folds: At least one curve, none of them empty.

    Example:
        >>> def curve(*values):
        ...     return tuple(
        ...         Measurement(epoch=epoch, step=epoch, values={"loss": value}, seconds=epoch)
        ...         for epoch, value in enumerate(values, start=1)
        ...     )
        >>> [m.values["loss"] for m in mean_curve([curve(0.5, 0.25), curve(0.25)])]
        [0.375, 0.25]
    """
    if len(folds) == 1:
        return folds[0]
    epochs = sorted({m.epoch for curve in folds for m in curve})
    begun = max(curve[0].epoch for curve in folds)
    return tuple(
        _mean(epoch, [at_epoch(curve, epoch) for curve in folds])
        for epoch in epochs
        if epoch >= begun
    )


def at_epoch(curve: Sequence[Measurement], epoch: int) -> Measurement:
    """Return the last measurement of a curve up to an epoch, at or after its first one."""
    return next(m for m in reversed(curve) if m.epoch <= epoch)


def fold_values(trial: Trial, metric: str, *, epoch: int) -> tuple[float | None, ...]:
    """Return what each fold that is done has of a metric at an epoch of the trial's curve."""
    return tuple(at_epoch(curve, epoch).values.get(metric) for curve in trial.folds)


def news_of(
    event: Event, trial: Trial, *, objective: Objective, n_folds: int
) -> Measurement | None:
    """Return the measurement that may be a new best value, with an event about a trial, or None.

    Of a trial that is trained on several folds it is that of its best epoch, once all are done: a
    value of one fold is not to be compared with the mean of several.

    Args:
        event: What happened.
        trial: As it is after that.
        objective: What is improved.
        n_folds: On how many folds each trial is trained.
    """
    if isinstance(event, ev.Measured):
        return event.measurement if n_folds == 1 and not event.repeat else None
    is_done = isinstance(event, ev.TrialEnded) and len(trial.folds) == n_folds > 1
    if is_done and trial.status is TrialStatus.COMPLETED:
        return trial.best(objective)
    return None


def _mean(epoch: int, measured: Sequence[Measurement]) -> Measurement:
    first = measured[0]
    names = [name for name in first.values if all(name in m.values for m in measured)]
    validated = [m.n_validated for m in measured if m.n_validated is not None]
    used = [m.joules for m in measured if m.joules is not None]
    causes = [f"fold {n}: {m.cause}" for n, m in enumerate(measured, start=1) if m.cause]
    return replace(
        first,
        epoch=epoch,
        step=max(m.step for m in measured),
        values={name: _mean_value([m.values[name] for m in measured]) for name in names},
        seconds=sum(m.seconds for m in measured),
        joules=sum(used) if len(used) == len(measured) else None,
        cause="; ".join(causes) or None,
        n_validated=sum(validated) if len(validated) == len(measured) else None,
    )


def _mean_value(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    return known[0] if len(set(known)) == 1 else statistics.fmean(known)
