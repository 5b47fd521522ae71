"""How sure is a test result, given that it is of these examples and not of others like them?

The examples are drawn again, as many, with replacement, and the metrics computed anew: 95 of 100 of
such results lie in the interval. That takes the trained model for given, so it says nothing of
luck in training, which is what `refit: {seeds: n}` is for; and it takes the examples for
independent draws, so of windows of one series that overlap it is too narrow. Of a metric that is
the same in all resamples, such as an accuracy of 1, nothing is said: the interval would be a point.

References:
    Efron, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 1979; the
    percentile interval.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from raysearch.training.outcomes import Array, Examined, Outcomes, Scores, plain_name, scores_of

LEVEL = 0.95
"""How sure an interval is."""

MOST, FEWEST = 2000, 500
"""Resamples."""

MOST_DRAWS = 20_000_000
"""Draws of examples in all, beyond which there are fewer resamples."""

AT_ONCE = 4_000_000
"""Numbers that are held at once."""

TOLERANCE = 1e-3
"""How far a metric may be from what follows of the examples, of its size: means over batches are
rounded otherwise."""


def intervals(examined: Examined) -> dict[str, Any]:
    """Return an interval for each metric, or a reason why there is none.

    Args:
        examined: What a model reached on a split.

    Returns:
        Metric -> {"low", "high", "level", "n", "resamples"}, or {"reason"}; plain values.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> truth = rng.integers(2, size=200)
        >>> known = Outcomes(task="classification", truth=truth,
        ...                  chosen=truth * (rng.random(200) < 0.8), losses=rng.random(200))
        >>> values = {"test/accuracy": float(known.hits.mean()), "test/auroc": 0.9}
        >>> found = intervals(Examined(values=values, outcomes=known))
        >>> found["test/accuracy"]["low"] < values["test/accuracy"] < found["test/accuracy"]["high"]
        True
        >>> found["test/auroc"]["reason"]
        'it is no sum over examples, which alone are drawn again here'
    """
    outcomes = examined.outcomes
    if outcomes is None:
        why = examined.reason
        return {name: {"reason": why} for name in examined.values} if why else {}
    scores = scores_of(outcomes)
    found: dict[str, Any] = {}
    told: dict[str, str] = {}
    for name, value in examined.values.items():
        plain = plain_name(name)
        if value is None:
            found[name] = {"reason": "it is not finite"}
        elif plain not in scores:
            found[name] = {"reason": "it is no sum over examples, which alone are drawn again here"}
        else:
            other = told_otherwise(scores[plain], value=value, n=outcomes.n)
            if other:
                found[name] = {"reason": other}
            else:
                told[name] = plain
    return {**found, **_of(outcomes, told)}


def told_otherwise(score: Scores, *, value: float, n: int) -> str:
    """Return why a metric is not the one of its name, as a module of one's own may have; else "".

    Args:
        score: What it is of examples with weights.
        value: What the model was measured to reach.
        n: How many examples there are.

    Example:
        >>> hits = np.array([1.0, 1.0, 0.0, 1.0])
        >>> accuracy = lambda weights: weights @ hits / weights.sum(1)
        >>> told_otherwise(accuracy, value=0.75, n=4)
        ''
        >>> told_otherwise(accuracy, value=0.7, n=4)
        'of the examples it would be 0.75: it is measured in another way'
    """
    again = float(score(np.ones((1, n)))[0])
    if abs(again - value) <= TOLERANCE * max(1.0, abs(value)):
        return ""
    return f"of the examples it would be {again:.4g}: it is measured in another way"


def _of(outcomes: Outcomes, told: Mapping[str, str]) -> dict[str, Any]:
    """Return the intervals of metrics whose plain names are known."""
    scores = scores_of(outcomes)
    drawn: dict[str, list[Array]] = {plain: [] for plain in told.values()}
    for weights in resamples(outcomes.n):
        for plain, values_so_far in drawn.items():
            values_so_far.append(scores[plain](weights))
    found: dict[str, Any] = {}
    for name, plain in told.items():
        values = np.concatenate(drawn[plain])
        if not np.isfinite(values).all():
            found[name] = {"reason": "it is not finite for some draws of the examples"}
            continue
        low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        if low == high:
            n = outcomes.n
            found[name] = {"reason": f"{n} examples drawn again nearly always come to the same"}
            continue
        ends = {"low": float(low), "high": float(high), "level": LEVEL}
        found[name] = {**ends, "n": outcomes.n, "resamples": len(values)}
    return found


def resamples(n: int) -> Iterator[Array]:
    """Yield how often each of n examples is drawn, in blocks of resamples; always the same ones.

    Example:
        >>> blocks = list(resamples(10))
        >>> sum(map(len, blocks)), set(blocks[0].sum(1).tolist())
        (2000, {10.0})
    """
    rng = np.random.default_rng(0)
    left = max(FEWEST, min(MOST, MOST_DRAWS // n))
    while left:
        block = min(left, max(1, AT_ONCE // n))
        yield rng.multinomial(n, np.full(n, 1 / n), size=block).astype(np.float64)
        left -= block


def interval_text(interval: Mapping[str, Any] | None, *, write: Any) -> str:
    """Return an interval in brackets, with a blank before; empty where there is none.

    Args:
        interval: One of `intervals`.
        write: Writes a number.

    Example:
        >>> interval_text({"low": 0.5, "high": 0.75}, write=str)
        ' [0.5, 0.75]'
    """
    if interval is None or "low" not in interval:
        return ""
    return f" [{write(interval['low'])}, {write(interval['high'])}]"
