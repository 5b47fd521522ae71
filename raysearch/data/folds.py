"""Which examples are in which fold of a cross-validation?

The folds part the examples for training and validation; the test split is none of them. Each is
validated on once, by a model that is trained on the others. The members follow from the seed alone,
so that all trials of a search are compared on the same folds.

References:
    Kohavi, "A Study of Cross-Validation and Bootstrap for Accuracy Estimation and Model Selection",
    IJCAI 1995: folds with the same mix of classes have less bias and less spread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raysearch.errors import ConfigurationError
from raysearch.randomness import generator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def fold_of_each(
    n_examples: int,
    *,
    n_folds: int,
    seed: int,
    classes: NDArray[Any] | None = None,
    groups: NDArray[Any] | None = None,
) -> NDArray[np.intp]:
    """Return in which fold each example is, from 0.

    Folds differ by one example at most, and so do their examples of each class. Groups stay
    together: then folds are as alike as whole groups allow.

    Args:
        n_examples: Those for training and validation.
        n_folds: At least 2.
        seed: At least 0; the same seed gives the same folds.
        classes: Class of each example, so that folds have the same mix of them; None to draw
            regardless.
        groups: Group of each example; None where each stands for itself.

    Shapes:
        classes, groups: (N,)
        returns: (N,)

    Raises:
        ConfigurationError: There are more folds than examples, or than groups.

    Example:
        >>> import numpy as np
        >>> folds = fold_of_each(10, n_folds=5, seed=0, classes=np.array([0, 1] * 5))
        >>> np.bincount(folds), np.bincount(folds[::2])
        (array([2, 2, 2, 2, 2]), array([1, 1, 1, 1, 1]))
    """
    import numpy as np

    rng = generator(seed, role="folds", number=n_folds)
    n_units = n_examples if groups is None else len(np.unique(groups))
    if n_units < n_folds:
        units = "examples" if groups is None else "groups of examples"
        right = f"Write at most {n_units}." if n_units > 1 else "Leave `repeats` out."
        raise ConfigurationError(
            f"repeats.folds is {n_folds}, and there are {n_units} {units} for training and "
            f"validation, of which each fold needs one. {right}"
        )
    if groups is not None:
        return _of_groups(groups, n_folds=n_folds, rng=rng, classes=classes)
    order = rng.permutation(n_examples)
    if classes is not None:
        order = order[np.argsort(classes[order], kind="stable")]
    folds = np.empty(n_examples, dtype=np.intp)
    folds[order] = np.arange(n_examples) % n_folds  # dealt out class by class, going round
    return folds


def _of_groups(
    groups: NDArray[Any],
    *,
    n_folds: int,
    rng: np.random.Generator,
    classes: NDArray[Any] | None,
) -> NDArray[np.intp]:
    """Return the folds of whole groups: the largest first, each to where it is lacking most."""
    import numpy as np

    _, group_of = np.unique(groups, return_inverse=True)
    _, class_of = np.unique(
        np.zeros(len(groups)) if classes is None else classes, return_inverse=True
    )
    counts = np.zeros((group_of.max() + 1, class_of.max() + 1))
    np.add.at(counts, (group_of, class_of), 1)
    share = counts.sum(axis=0)  # of each class; a rare one weighs as much as a frequent one
    shuffled = rng.permutation(len(counts))
    order = shuffled[np.argsort(-counts[shuffled].sum(axis=1), kind="stable")]
    held = np.zeros((n_folds, counts.shape[1]))
    fold_of_group = np.empty(len(counts), dtype=np.intp)
    for place, group in enumerate(order):
        is_empty = held.sum(axis=1) == 0
        n_left = len(order) - place
        after = ((held + counts[group]) / share) ** 2 - (held / share) ** 2
        cost = after.sum(axis=1)
        if n_left <= is_empty.sum():  # each fold needs a group
            cost[~is_empty] = np.inf
        fold = int(cost.argmin())
        fold_of_group[group] = fold
        held[fold] += counts[group]
    return fold_of_group[group_of]
