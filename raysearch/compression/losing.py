"""How sure is it how much quality a smaller model loses?

Both models are measured on the same validation examples, so only those on which they differ say
anything: their paired difference has a standard error far below that of either value. Where the
recipe was trained several times, the difference of an example is the mean over these, which takes
the luck of a training out of it and leaves that of the examples.

For an accuracy, with d the difference of each of n examples, the error is

    sqrt(((sum d^2 + 1) / (n + 1) - mean(d)^2) / n)

whose 1 stands for one further example that changes sides, half of it each way: without it, models
that agree on a few hundred examples would pass for the same. Other metrics that are sums over
examples are computed anew for resamples of the examples.

References:
    Agresti and Min, "Simple Improved Confidence Intervals for Comparing Matched Proportions",
    Statistics in Medicine 2005 (half an example more that changes sides, each way).
    Efron, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 1979.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from raysearch.results.bootstrap import resamples, told_otherwise
from raysearch.training.outcomes import Array, Outcomes, plain_name, scores_of


def drop_error(
    original: Outcomes | None,
    smaller: Sequence[Outcomes | None],
    *,
    metric: str,
    value: float | None,
) -> float | None:
    """Return the standard error of how much a metric differs; None where nobody can tell.

    Args:
        original: What the model as it is did with each validation example; None if unknown.
        smaller: The same of the smaller one, for each time that it was trained, at least once.
        metric: Which metric.
        value: What the last of the smaller ones was measured to reach. A metric that a module of
            one's own measures in another way than its name says is of nothing that is known here.

    Example:
        >>> truth = np.zeros(399, dtype=int)
        >>> def known(wrong):
        ...     chosen = np.where(np.arange(399) < wrong, 1, 0)
        ...     return Outcomes(
        ...         task="classification", truth=truth, chosen=chosen, losses=np.zeros(399)
        ...     )
        >>> def error(wrong, metric="val/accuracy", value=None):
        ...     value = 1 - wrong / 399 if value is None else value
        ...     return drop_error(known(1), [known(wrong)], metric=metric, value=value)
        >>> [round(error(wrong), 4) for wrong in (1, 3)]
        [0.0025, 0.0043]
        >>> error(1, metric="val/auroc") is None, error(1, value=0.9) is None
        (True, True)
    """
    others = [each for each in smaller if each is not None]
    if original is None or len(others) < len(smaller):
        return None
    same = (original.task, original.n, original.fingerprint)
    if any((each.task, each.n, each.fingerprint) != same for each in others):
        return None
    plain = plain_name(metric)
    scores = [scores_of(each) for each in (original, *others)]
    if value is None or any(plain not in each for each in scores):
        return None
    if told_otherwise(scores[-1][plain], value=value, n=original.n):
        return None
    if plain == "accuracy" and original.task == "classification":
        hits = np.mean([each.hits for each in others], axis=0)
        return _of_shares(original.hits.astype(np.float64) - hits)
    drawn = [
        np.mean([each[plain](weights) for each in scores[1:]], axis=0) - scores[0][plain](weights)
        for weights in resamples(original.n)
    ]
    error = float(np.std(np.concatenate(drawn)))
    return error if math.isfinite(error) else None


def _of_shares(differences: Array) -> float:
    n = len(differences)
    spread = (float(np.square(differences).sum()) + 1) / (n + 1) - float(differences.mean()) ** 2
    return math.sqrt(max(0.0, spread) / n)
