"""What is said of a trial that is trained on several folds of the data?"""

from __future__ import annotations

from raysearch.live.text import short_number
from raysearch.results.fold_results import fold_spread
from raysearch.trial import Objective, Trial

MOST = 10
"""Folds whose values are listed; of more the lowest and the highest are named."""


def fold_facts(trial: Trial, *, objective: Objective) -> list[tuple[str, str]]:
    """Return what each fold reached at the trial's best epoch; nothing for a single split."""
    spread = fold_spread(trial, objective=objective)
    if spread is None:
        return []
    values = [each.get(objective.metric) for each in spread.values]
    known = [value for value in values if value is not None]
    std = spread.std.get(objective.metric)
    apart = "" if std is None else f", standard deviation {std:.3g}"
    if len(values) <= MOST:
        told = " ".join(short_number(value) for value in values)
    else:
        told = f"from {short_number(min(known))} to {short_number(max(known))}" if known else "none"
    return [("folds", f"mean of {spread.n}{apart}: {told}")]
