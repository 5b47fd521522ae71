"""What did a model do with each example of a split, and what do its metrics come to without some?

Metrics are told of whole splits. How sure they are, and whether two models differ, only the single
examples tell. Every metric here is a function of sums over examples, so that it can be computed for
thousands of resamples at once, each of which weighs every example by how often it was drawn.

Shapes:
    classification: truth (N,) classes, chosen (N,) classes, losses (N,) negative log-likelihoods
    regression: truth (N, T), chosen (N, T) predictions, losses (N,) mean squared errors
    N examples, K classes, T target values per example, B resamples
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SPLIT = re.compile(r"^(test|val(id(ation)?)?)[/_.]")
"""What names of metrics begin with."""

ALIASES = {
    "acc": "accuracy",
    "cross_entropy": "loss",
    "log_loss": "loss",
    "mse": "loss",
    "nll": "loss",
    "r2_score": "r2",
}
"""Other names of metrics -> those here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What a model did with each example, in the order of the split."""

    task: Literal["classification", "regression"]
    truth: npt.NDArray[Any]
    chosen: npt.NDArray[Any]
    losses: Array
    scale: float = 1.0
    """Of regression: what 1 in the targets is in the data's own unit."""

    @property
    def n(self) -> int:
        """Examples."""
        return len(self.losses)

    @property
    def hits(self) -> npt.NDArray[np.bool_]:
        """Which examples are right; of classification."""
        right: npt.NDArray[np.bool_] = self.truth == self.chosen
        return right

    @property
    def fingerprint(self) -> int:
        """A number that tells other examples, or another order of them, apart."""
        return zlib.crc32(np.ascontiguousarray(self.truth).tobytes())


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What a model reached on a split, and how it came about."""

    values: Mapping[str, float | None]
    """All metrics that it logs, by name; None where a value is not finite."""
    outcomes: Outcomes | None = None
    """None where nobody knows what it did with each example."""
    reason: str = ""
    """Why that is, a phrase for a person."""


Scores = Callable[[Array], Array]
"""Weights (B, N) -> a metric's value in each resample, (B,)."""


def plain_name(metric: str) -> str:
    """Return what a metric is called here, without its split.

    Example:
        >>> [plain_name(name) for name in ("test/accuracy", "val_acc", "test_r2_score")]
        ['accuracy', 'accuracy', 'r2']
    """
    name = SPLIT.sub("", metric)
    return ALIASES.get(name, name)


def on_test_split(metric: str) -> str:
    """Return the name that a validation metric has on the test split, by the usual habits.

    Example:
        >>> [on_test_split(name) for name in ("val/accuracy", "val_loss", "valid_f1", "loss")]
        ['test/accuracy', 'test_loss', 'test_f1', 'loss']
    """
    return re.sub(r"^val(id(ation)?)?(?=[/_.])", "test", metric)


def scores_of(outcomes: Outcomes) -> dict[str, Scores]:
    """Return the metrics that can be computed of resamples, by their plain names.

    Example:
        >>> two = np.array([1, 0])
        >>> known = Outcomes(task="classification", truth=two, chosen=np.array([1, 1]),
        ...                  losses=np.array([0.1, 0.9]))
        >>> scores_of(known)["accuracy"](np.array([[1.0, 1.0], [2.0, 0.0]])).tolist()
        [0.5, 1.0]
    """
    losses = _mean_of(outcomes.losses)
    if outcomes.task == "regression":
        return {"loss": losses, **_of_numbers(outcomes)}
    return {"loss": losses, "accuracy": _mean_of(outcomes.hits), **_of_classes(outcomes)}


def _mean_of(values: npt.NDArray[Any]) -> Scores:
    of_each = values.astype(np.float64)
    return lambda weights: weights @ of_each / weights.sum(1)


def _of_numbers(outcomes: Outcomes) -> dict[str, Scores]:
    truth, errors = outcomes.truth, outcomes.chosen - outcomes.truth
    squared = np.square(errors)

    def r2(weights: Array) -> Array:
        total = weights.sum(1, keepdims=True)
        means = weights @ truth / total
        variation = weights @ np.square(truth) - total * np.square(means)
        with np.errstate(divide="ignore", invalid="ignore"):  # of targets that are all the same
            found: Array = (1 - weights @ squared / variation).mean(1)
        return found

    mean_squared, mean_absolute = _mean_of(squared.mean(1)), _mean_of(np.abs(errors).mean(1))
    return {
        "rmse": lambda weights: np.sqrt(mean_squared(weights)) * outcomes.scale,
        "mae": lambda weights: mean_absolute(weights) * outcomes.scale,
        "r2": r2,
    }


def _of_classes(outcomes: Outcomes) -> dict[str, Scores]:
    counts = ClassCounts(outcomes.truth, outcomes.chosen)

    def balanced(weights: Array) -> Array:
        hits, n_true, _ = counts(weights)
        found: Array = (hits / np.maximum(n_true, 1)).sum(1) / (n_true > 0).sum(1)
        return found

    def over_occurring(of: Callable[[Array, Array, Array], Array]) -> Scores:
        def score(weights: Array) -> Array:
            hits, n_true, n_chosen = counts(weights)
            found: Array = of(hits, n_true, n_chosen).sum(1) / ((n_true + n_chosen) > 0).sum(1)
            return found

        return score

    return {
        "balanced_accuracy": balanced,
        "precision": over_occurring(lambda hits, true, chosen: hits / np.maximum(chosen, 1)),
        "recall": over_occurring(lambda hits, true, chosen: hits / np.maximum(true, 1)),
        "f1": over_occurring(lambda hits, true, chosen: 2 * hits / np.maximum(chosen + true, 1)),
    }


class ClassCounts:
    """Counts hits, truths and choices of each class in resamples, without a matrix of (N, K).

    Args:
        truth: (N,) classes; below 0 for an example that is of none.
        chosen: (N,) classes, as well.
    """

    def __init__(self, truth: npt.NDArray[Any], chosen: npt.NDArray[Any]) -> None:
        classes, places = np.unique(np.concatenate([truth, chosen]), return_inverse=True)
        self._truth, self._chosen = np.split(places.reshape(-1), 2)
        self._n_none = int((classes < 0).sum())  # they come first
        self._n_classes = len(classes)
        self._is_hit = (truth == chosen).astype(np.float64)
        self._last: tuple[Array, tuple[Array, Array, Array]] | None = None

    def __call__(self, weights: Array) -> tuple[Array, Array, Array]:
        """Return hits, truths and choices of the classes that occur, each (B, K), K at most 2 N.

        Args:
            weights: (B, N), how often each example was drawn; what was counted last is kept, since
                several metrics ask for the same.

        Example:
            >>> counts = ClassCounts(np.array([0, 5, 5]), np.array([5, 5, 0]))
            >>> [found.tolist() for found in counts(np.array([[1.0, 2.0, 0.0]]))]
            [[[0.0, 2.0]], [[1.0, 2.0]], [[0.0, 3.0]]]
        """
        if self._last is None or self._last[0] is not weights:
            hits = self._counted(self._truth, weights * self._is_hit)
            true = self._counted(self._truth, weights)
            self._last = (weights, (hits, true, self._counted(self._chosen, weights)))
        return self._last[1]

    def _counted(self, places: npt.NDArray[Any], weights: Array) -> Array:
        rows = [np.bincount(places, weights=row, minlength=self._n_classes) for row in weights]
        return np.stack(rows)[:, self._n_none :].astype(np.float64, copy=False)
