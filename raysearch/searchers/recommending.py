"""Which of the trials should be handed over, if values are noisy and a model has an opinion?

The best observed value is mostly lucky: of many trials that are about as good, the one with the
most luck has it. A model that smooths over neighbours is less easily fooled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from raysearch.counting import counted
from raysearch.gaussian.kernel import Array
from raysearch.searchers.surrogate import Known
from raysearch.searchers.vectors import Vectors
from raysearch.trial import Objective, Recommendation, Trial, trial_id

ROUGHNESS = 0.1
"""Variance of what is a configuration's own and no luck, relative to that of all trials' values.

Without it, a choice among 100 noisy trials of seven tables had a regret of 0.102; with 0.02 to 0.2,
0.090 to 0.102 (six seeds each, not resolved). It is there for values that are exact: their noise is
less than this, and the best observed is chosen.
"""


def recommended(
    trials: Sequence[Trial], *, known: Known | None, vectors: Vectors, objective: Objective
) -> Recommendation | None:
    """Return the trial with the best posterior mean, with the reason in words.

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
    means, deviations = _expected(trials, known=known, vectors=vectors)  # (S, M)
    mean = means.mean(axis=0)
    chosen = int(np.argmin(mean))
    variance = (deviations[:, chosen] ** 2).mean() + means[:, chosen].var()
    expected = known.targets.loss(float(mean[chosen]))
    if expected is None:  # not so, as there is a measure
        return None
    return Recommendation(
        number=trials[chosen].number,
        reason=_reason(
            trials,
            trials[chosen],
            expected=objective.value(expected),
            deviation=math.sqrt(variance) / known.targets.per_loss,
            objective=objective,
        ),
    )


def _expected(trials: Sequence[Trial], *, known: Known, vectors: Vectors) -> tuple[Array, Array]:
    """Return mean and standard deviation of each trial's value without luck, twice (S, M)."""
    rows = np.stack([vectors.encode(trial.configuration) for trial in trials])
    means, deviations = known.process.posterior(vectors.features(rows))
    position = {number: index for index, number in enumerate(known.numbers)}
    shown = [index for index, trial in enumerate(trials) if trial.number in position]
    of = [position[trials[index].number] for index in shown]
    with_own = known.process.posterior_at_data(roughness=ROUGHNESS)
    means[:, shown], deviations[:, shown] = with_own[0][:, of], with_own[1][:, of]
    return means, deviations


def _reason(
    trials: Sequence[Trial],
    chosen: Trial,
    *,
    expected: float,
    deviation: float,
    objective: Objective,
) -> str:
    best = min(trials, key=lambda trial: trial.rank_key(objective))
    extreme = "lowest" if objective.direction == "minimize" else "highest"
    n_trials = counted(len(trials), "completed trial")
    value = best.value(objective)
    observed = "" if value is None else f" ({value:.4g})"
    compared = (
        f"it is the best observed as well{observed}"
        if best.number == chosen.number
        else f"the best observed is trial {trial_id(best.number)}{observed}"
    )
    return f"{extreme} posterior mean {expected:.4g} ± {deviation:.2g} among {n_trials}; {compared}"
