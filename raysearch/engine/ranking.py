"""Which trial is the best, if some were cut off in the middle of their training?

A trial is worth what it reached at its best epoch, whatever became of it afterwards. But one that
was cut off by the clock or by a person has shown a few epochs of its training, perhaps only one,
and the best of many noisy beginnings looks better than it is. So such a trial does not come before
the best one that was trained to its end, where there is one. Nor does one that was trained on fewer
folds than others: some folds are easier than others.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from raysearch.trial import Objective, Trial, TrialStatus

IN_TRAINING = frozenset({TrialStatus.PENDING, TrialStatus.RUNNING, TrialStatus.INTERRUPTED})
"""Statuses of trials whose training is to go on: nobody has judged them yet."""


def ranked(trials: Iterable[Trial], *, objective: Objective) -> list[Trial]:
    """Return the trials that reached a finite value, best first.

    Rejected trials are left out: a constraint rules them out, whatever they reached. Of equal
    values the one reached in fewer epochs comes first, those of its line before it counted, then
    the one with the lower number.

    Example:
        >>> from raysearch.trial import Measurement
        >>> accuracy = Objective(metric="val/accuracy", direction="maximize")
        >>> def trial(number, value, status):
        ...     last = Measurement(epoch=1, step=9, values={"val/accuracy": value}, seconds=1.0)
        ...     return Trial(id=str(number), number=number, configuration={}, status=status,
        ...                  measurements=(last,))
        >>> trials = [trial(0, 0.8, TrialStatus.COMPLETED), trial(1, 0.9, TrialStatus.COMPLETED),
        ...           trial(2, 0.95, TrialStatus.INTERRUPTED), trial(3, 0.85, TrialStatus.RUNNING)]
        >>> [trial.id for trial in ranked(trials, objective=accuracy)]
        ['1', '2', '3', '0']
        >>> [trial.id for trial in ranked(trials[2:], objective=accuracy)]
        ['2', '3']
    """
    found = [
        (trial, trial.rank_key(objective))
        for trial in trials
        if trial.status is not TrialStatus.REJECTED and trial.best(objective) is not None
    ]
    most = max((trial.fold for trial, _ in found), default=0)
    completed = (
        key[0]
        for trial, key in found
        if trial.status is TrialStatus.COMPLETED and trial.fold == most
    )
    whole = (key[0] for trial, key in found if trial.fold == most > 0)  # if none is completed
    best = min(completed, default=min(whole, default=-math.inf))

    def order(item: tuple[Trial, tuple[float, int, int]]) -> tuple[float, bool, float, int, int]:
        trial, key = item
        is_cut_off = trial.status in IN_TRAINING or trial.fold < most
        return max(key[0], best) if is_cut_off else key[0], is_cut_off, *key

    return [trial for trial, _ in sorted(found, key=order)]
