"""Which examples are for training, which for validation, which for the test?

The sizes follow from the fractions alone, so that a search space can be built without reading the
data; the members follow from the seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from raysearch.checks import integer_fault, number_fault, raise_faults
from raysearch.randomness import generator
from raysearch.space import Float

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from raysearch.data.archive import Arrays

LARGEST_SEED = 2**32 - 1
"""The largest seed that scikit-learn takes."""

_RARE = 3
"""Examples that a class needs for one in each split."""

FRACTIONS = {
    "validation": Float(0.05, 0.45, default=0.2),
    "test": Float(0.05, 0.45, default=0.2),
}
"""Shares of all examples that a data set with a split of its own lets the user choose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitSizes:
    """Examples in each split."""

    train: int
    validation: int
    test: int


def split_sizes(n_examples: int, *, validation: float, test: float) -> SplitSizes:
    """Return how many examples each split has.

    Args:
        n_examples: All examples there are.
        validation: Share of them for validation, from 0.05 to 0.45.
        test: Share of them for the test, from 0.05 to 0.45.

    Returns:
        Sizes that add up to `n_examples`.

    Raises:
        ConfigurationError: A share is out of range, or less than half is left for training.

    Example:
        >>> split_sizes(1797, validation=0.2, test=0.2)
        SplitSizes(train=1079, validation=359, test=359)
    """
    raise_faults(
        number_fault("data.validation", validation, at_least=0.05, at_most=0.45),
        number_fault("data.test", test, at_least=0.05, at_most=0.45),
    )
    if validation + test > 0.5:
        raise_faults(
            f"data.validation is {validation} and data.test is {test}, which leaves less than half "
            "of the examples for training. Together they may be at most 0.5."
        )
    n_validation, n_test = round(n_examples * validation), round(n_examples * test)
    return SplitSizes(
        train=n_examples - n_validation - n_test, validation=n_validation, test=n_test
    )


def split_arrays(
    inputs: NDArray[Any],
    targets: NDArray[Any],
    *,
    sizes: SplitSizes,
    seed: int,
    is_stratified: bool,
) -> Arrays:
    """Return the examples of each split, in random order.

    The test split depends on its size and the seed alone, so that two searches with different
    shares for validation are tested on the same examples.

    Args:
        inputs: Inputs of all examples.
        targets: Targets of all examples.
        sizes: How many examples each split gets.
        seed: From 0 to 4294967295; the same seed gives the same split.
        is_stratified: Whether each split has the same mix of classes.

    Shapes:
        inputs: (N, ...)
        targets: (N,) int64 if stratified, else (N, ...)
        returns: "train_inputs" (N_train, ...), "train_targets" (N_train, ...), and so on for
            "validation" and "test"
        N examples

    Raises:
        ConfigurationError: The seed is out of range.
    """
    raise_faults(integer_fault("data.seed", seed, at_least=0, at_most=LARGEST_SEED))
    import numpy as np
    from sklearn.model_selection import train_test_split

    def cut(indices: NDArray[np.intp], *, size: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        classes = targets[indices] if is_stratified else None
        rest, part = train_test_split(indices, test_size=size, random_state=seed, stratify=classes)
        return rest, part

    rest, test = cut(np.arange(len(inputs)), size=sizes.test)
    train, validation = cut(rest, size=sizes.validation)
    arrays = {}
    for part, indices in {"train": train, "validation": validation, "test": test}.items():
        arrays[f"{part}_inputs"] = inputs[indices]
        arrays[f"{part}_targets"] = targets[indices]
    return arrays


def draw_split(
    n_examples: int, *, classes: NDArray[Any] | None, sizes: SplitSizes, seed: int
) -> dict[str, NDArray[np.intp]]:
    """Return which examples are in each split, ascending.

    The test split depends on its size and the seed alone, as in `split_arrays`. With classes, each
    split gets as many examples of a class as its share, give or take one, however rare the class;
    one of fewer than three examples stays in training, so that no class is met for the first time
    in the test.

    Args:
        n_examples: All examples there are.
        classes: Class of each example; None to draw regardless.
        sizes: How many examples each split gets, which may be none.
        seed: At least 0; the same seed gives the same split.

    Shapes:
        classes: (N,)

    Raises:
        ConfigurationError: Nearly every class is too rare to be split.

    Example:
        >>> import numpy as np
        >>> sizes = SplitSizes(train=6, validation=2, test=2)
        >>> parts = draw_split(10, classes=np.array([0, 1] * 5), sizes=sizes, seed=0)
        >>> {part: len(rows) for part, rows in parts.items()}
        {'train': 6, 'validation': 2, 'test': 2}
    """
    import numpy as np

    mixed = np.zeros(n_examples, dtype=np.intp) if classes is None else classes
    test = _drawn(mixed, np.arange(n_examples), size=sizes.test, seed=seed, role="test")
    rest = np.setdiff1d(np.arange(n_examples), test)
    validation = _drawn(mixed, rest, size=sizes.validation, seed=seed, role="validation")
    train = np.setdiff1d(rest, validation)
    return {"train": train, "validation": validation, "test": test}


def draw_groups(
    groups: NDArray[Any], *, sizes: SplitSizes, seed: int
) -> dict[str, NDArray[np.intp]]:
    """Return which examples are in each split, ascending, where groups stay together.

    Groups are drawn one by one, and taken while they bring a split nearer to its size. The test
    split depends on its size and the seed alone.

    Args:
        groups: Group of each example.
        sizes: How many examples each split should get; it gets about as many. One of size 0 gets
            none.
        seed: At least 0; the same seed gives the same split.

    Shapes:
        groups: (N,)

    Raises:
        ConfigurationError: There are fewer groups than splits.

    Example:
        >>> import numpy as np
        >>> sizes = SplitSizes(train=6, validation=2, test=2)
        >>> parts = draw_groups(np.arange(10) // 2, sizes=sizes, seed=0)
        >>> {part: len(rows) for part, rows in parts.items()}
        {'train': 6, 'validation': 2, 'test': 2}
    """
    import numpy as np

    _, places, counts = np.unique(groups, return_inverse=True, return_counts=True)
    wanted = {part: getattr(sizes, part) for part in ("test", "validation")}
    n_needed = 1 + sum(size > 0 for size in wanted.values())
    if len(counts) < n_needed:
        raise_faults(
            f"data.group has {len(counts)} different values, and each split needs one of its own: "
            f"{n_needed} at least. Choose another column, or leave group out."
        )
    left = generator(seed, role="data group", number=0).permutation(len(counts)).tolist()
    parts = {}
    for part, size in wanted.items():
        taken = _groups_for(size, left=left, counts=counts) if size else []
        gone = set(taken)
        left = [group for group in left if group not in gone]
        parts[part] = np.flatnonzero(np.isin(places, taken))
    train = np.flatnonzero(np.isin(places, left))
    return {"train": train, "validation": parts["validation"], "test": parts["test"]}


def _groups_for(size: int, *, left: list[int], counts: NDArray[np.intp]) -> list[int]:
    """Return the groups that make up about `size` examples, one at least."""
    taken: list[int] = []
    lacking = size
    for group in left[: len(left) - 1]:
        if abs(lacking - counts[group]) < lacking:
            taken.append(group)
            lacking -= int(counts[group])
        if lacking <= 0:
            break
    return taken or [min(left, key=lambda group: counts[group])]


def _drawn(
    classes: NDArray[Any], rows: NDArray[np.intp], *, size: int, seed: int, role: str
) -> NDArray[np.intp]:
    """Return `size` of the rows, ascending, with each class's share of them."""
    import numpy as np

    if size == 0:
        return rows[:0]
    rng = generator(seed, role=f"data {role}", number=0)
    _, places, counts = np.unique(classes[rows], return_inverse=True, return_counts=True)
    shuffled = rng.permutation(rows[counts[places] >= _RARE])
    if len(shuffled) < size:
        raise_faults(
            f"data.{role} has {size} examples, but only {len(shuffled)} are of a class with "
            f"{_RARE} examples or more, which can be split. Leave out, or join, the rare classes."
        )
    by_class = shuffled[np.argsort(classes[shuffled], kind="stable")]
    # every (N / size)-th of the examples in the order of their classes, from a random start
    steps = (np.arange(len(by_class) + 1) * size + rng.integers(len(by_class))) // len(by_class)
    return np.sort(by_class[np.diff(steps) > 0])
