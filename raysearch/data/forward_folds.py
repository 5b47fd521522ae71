"""Which examples are in which fold where what is to be told comes after what is learnt from?

Each fold is trained on all that came before a moment, and validated on what comes from there until
the next one: forward chaining, or evaluation on a rolling origin. What is told across such a moment
is in neither. The earlier half of the examples is only ever trained on: a model of a small part of
the data would say little of one that is trained on all of them.

References:
    Tashman, "Out-of-sample Tests of Forecasting Accuracy", International Journal of Forecasting,
    2000.
    Bergmeir and Benitez, "On the Use of Cross-validation for Time Series Predictor Evaluation",
    Information Sciences, 2012.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ONLY_TRAINED = 0.5
"""Share of the examples, the earliest, that no fold validates on."""


def forward_fold(
    moments: NDArray[np.int64], *, number: int, n_folds: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the places of the examples that one fold trains on, and of those it validates on.

    Args:
        moments: The first and the last moment of what each example tells, in any unit.
        number: Which fold, from 0, the earliest.
        n_folds: At least 2.

    Shapes:
        moments: (N, 2)
        returns: (T,) and (V,), ascending

    Raises:
        ConfigurationError: A fold would have fewer than two examples to train on, or none to
            validate on.

    Example:
        >>> import numpy as np
        >>> when = np.arange(8)[:, None].repeat(2, axis=1)
        >>> for number in (0, 1):
        ...     print(*forward_fold(when, number=number, n_folds=2))
        [0 1 2 3] [4 5]
        [0 1 2 3 4 5] [6 7]
    """
    parts = _parts(moments, n_folds=n_folds)
    for place, (train, validation) in enumerate(parts, start=1):
        if len(train) < 2 or not len(validation):
            raise ConfigurationError(
                f"repeats.folds is {n_folds}, and the examples for training and validation are in "
                f"the order of time: fold {place} would train on {len(train)} of them and "
                f"validate on {len(validation)}, which come after. Write fewer folds, or leave "
                "`repeats` out."
            )
    return parts[number]


def _parts(
    moments: NDArray[np.int64], *, n_folds: int
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return what each fold trains and validates on, of which any may be nothing."""
    import numpy as np

    first, last = moments[:, 0], moments[:, 1]
    shares = np.linspace(ONLY_TRAINED, 1.0, n_folds, endpoint=False)
    begins = np.sort(first)[(shares * len(first)).astype(int)]
    ends = [*begins[1:], last.max() + 1]
    return [
        (np.flatnonzero(last < begin), np.flatnonzero((first >= begin) & (last < end)))
        for begin, end in zip(begins, ends, strict=True)
    ]
