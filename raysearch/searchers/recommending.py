"""Which of the trials should be handed over, if values are noisy and a model has an opinion?

The best observed value is mostly lucky: of many trials that are about as good, the one with the
most luck has it. A model that smooths over neighbours is less easily fooled.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from raysearch.counting import counted
from raysearch.searchers.surrogate import Known
from raysearch.searchers.vectors import Vectors
from raysearch.trial import Objective, Recommendation, Trial, trial_id

SAME = 1e-9
"""Bounds that are closer are of trainings of the same configuration."""

CAUTION = 1.0
"""Standard deviations by which a mean may be too good.

A bad value counts by its rank alone, so that its mean hides what a training that fails would cost:
of two means alike, that of more trainings is the safer one. On noisy tables this changes nothing
but the few choices that were very bad: of 0.9 and more, where the median configuration has 1.
"""


def recommended(
    trials: Sequence[Trial], *, known: Known | None, vectors: Vectors, objective: Objective
) -> Recommendation | None:
    """Return the trial whose posterior mean is the best even if too good by a deviation, and why.

    Of several trainings of one configuration it is the one with the best value.

    Args:
        trials: Those that can be handed over: completed, in the space, with a finite value.
        known: What the model knows; None while there is none.
        vectors: Of the space.
        objective: What is improved.

    Returns:
        None without a model, without trials, or where the model was not shown losses: then nothing
        but the order is known, and the best observed is the best.
    """
    if known is None or not trials or known.targets.per_loss is None:
        return None
    rows = np.stack([vectors.encode(trial.configuration) for trial in trials])
    means, deviations = known.process.posterior(vectors.features(rows))  # (S, M)
    mean = means.mean(axis=0)
    deviation = np.sqrt((deviations**2).mean(axis=0) + means.var(axis=0))
    bound = mean + CAUTION * deviation
    best = [trial.rank_key(objective) for trial in trials]
    lowest = np.flatnonzero(bound <= bound.min() + SAME).tolist()
    chosen = min(lowest, key=best.__getitem__)
    expected = known.targets.loss(float(mean[chosen]))
    if expected is None:  # not so, as there is a measure
        return None
    return Recommendation(
        number=trials[chosen].number,
        reason=_reason(
            trials,
            trials[chosen],
            expected=objective.value(expected),
            deviation=float(deviation[chosen]) / known.targets.per_loss,
            objective=objective,
        ),
    )


def _reason(
    trials: Sequence[Trial],
    chosen: Trial,
    *,
    expected: float,
    deviation: float,
    objective: Objective,
) -> str:
    best = min(trials, key=lambda trial: trial.rank_key(objective))
    cautious = (
        f"lowest posterior mean with its deviation, {expected:.4g} + {deviation:.2g},"
        if objective.direction == "minimize"
        else f"highest posterior mean less its deviation, {expected:.4g} - {deviation:.2g},"
    )
    n_times = sum(trial.configuration == chosen.configuration for trial in trials)
    again = f"; it was trained {n_times} times" if n_times > 1 else ""
    n_trials = counted(len(trials), "completed trial")
    value = best.value(objective)
    observed = "" if value is None else f" ({value:.4g})"
    compared = (
        f"it is the best observed as well{observed}"
        if best.number == chosen.number
        else f"the best observed is trial {trial_id(best.number)}{observed}"
    )
    return f"{cautious} among {n_trials}{again}; {compared}"
