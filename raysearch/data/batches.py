"""Which batch sizes are worth trying, by the number of examples?"""

from __future__ import annotations

from collections.abc import Sequence

from raysearch.data_spec import DataSpec
from raysearch.space import Choice, Int

_FEWEST = 2
"""Batch normalisation cannot train on one example."""


def batch_sizes(data: DataSpec) -> Choice:
    """Return five batch sizes, larger for more examples, as far as there are enough of these.

    Example:
        >>> rows = DataSpec(task="regression", input_shape=(3,), n_outputs=1, n_train=20_000)
        >>> batch_sizes(rows).describe()
        '64, 128, 256, 512, 1024'
    """
    first = 8 if data.n_train < 1000 else 16 if data.n_train < 10_000 else 64
    sizes = _fitting([first * 2**power for power in range(5)], data)
    return Choice(sizes, ordered=True, default=sizes[len(sizes) // 2])


def batch_sizes_among(sizes: Sequence[int], data: DataSpec, *, default: int) -> Choice:
    """Return those of the batch sizes for which there are enough examples, else that of them all.

    Args:
        sizes: Those worth trying where there are many examples, ascending.
        data: What has the examples.
        default: One of them; where it is too large, the largest that is not is the default.

    Example:
        >>> few = DataSpec(task="regression", input_shape=(3,), n_outputs=1, n_train=100)
        >>> found = batch_sizes_among([32, 64, 128, 256], few, default=128)
        >>> found.describe(), found.default
        ('32, 64', 64)
    """
    fitting = _fitting(sizes, data)
    return Choice(fitting, ordered=True, default=min(default, fitting[-1]))


def legal_batch_size(data: DataSpec) -> Int:
    """Return the batch sizes that training takes."""
    return Int(_FEWEST, max(_FEWEST, data.n_train))


def _fitting(sizes: Sequence[int], data: DataSpec) -> list[int]:
    fitting = [size for size in sizes if size <= data.n_train]
    return fitting or [max(_FEWEST, data.n_train)]
