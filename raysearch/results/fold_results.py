"""What did a trial come to on each of its folds, and how does it compare fold by fold?

At its best epoch, which is that of their mean. All trials are trained on the same folds, so that
what two of them reached on one can be compared.
"""

from __future__ import annotations

import statistics
from typing import Any

from raysearch.engine.fold_curves import at_epoch, fold_values
from raysearch.results.spread import Spread
from raysearch.trial import Objective, Trial


def fold_spread(trial: Trial, *, objective: Objective) -> Spread | None:
    """Return what the folds that are done reached; None for a trial that is trained on one split.

    Also None for one without a finite value.
    """
    best = trial.best(objective)
    if best is None or not trial.folds:
        return None
    return Spread(values=tuple(at_epoch(curve, best.epoch).values for curve in trial.folds))


def folds_document(trial: Trial, *, objective: Objective) -> dict[str, Any]:
    """Return the entry "folds" of a trial's document; none for one that is trained on one split."""
    spread = fold_spread(trial, objective=objective)
    if spread is None:
        return {}
    document = spread.to_json()
    del document["added_after_test"]  # which no fold is
    return {"folds": document}


def folds_text(trial: Trial, *, objective: Objective) -> str:
    """Return how many folds are done and how far they are apart; empty for a single split.

    Example: "5, 0.031 apart (sd)".
    """
    spread = fold_spread(trial, objective=objective)
    if spread is None:
        return ""
    std = spread.std.get(objective.metric)
    return f"{spread.n}" if std is None else f"{spread.n}, sd {std:.3g}"


def fold_gains(one: Trial, other: Trial, *, objective: Objective) -> tuple[float, ...]:
    """Return by how much one trial is better than another, for each fold that both have.

    Nothing where one of them has no finite value, or a single split.
    """
    bests = [trial.best(objective) for trial in (one, other)]
    if bests[0] is None or bests[1] is None:
        return ()
    values = [
        fold_values(trial, objective.metric, epoch=best.epoch)
        for trial, best in zip((one, other), bests, strict=True)
        if best is not None
    ]
    return tuple(
        objective.loss(theirs) - objective.loss(mine)
        for mine, theirs in zip(*values, strict=False)
        if mine is not None and theirs is not None
    )


def gains_text(gains: tuple[float, ...]) -> str:
    """Return in words what `fold_gains` says.

    Example:
        >>> gains_text((0.02, 0.01, -0.005))
        'better on 2 of 3 folds, by 0.00833 on average (sd 0.0126)'
    """
    n_better = sum(gain > 0 for gain in gains)
    mean = statistics.fmean(gains)
    how = "by" if mean >= 0 else "worse by"
    std = f" (sd {statistics.stdev(gains):.3g})" if len(gains) > 1 else ""
    return f"better on {n_better} of {len(gains)} folds, {how} {abs(mean):.3g} on average{std}"
