"""Which batch sizes are worth trying, by the number of examples?"""

from __future__ import annotations

from raysearch.data_spec import DataSpec
from raysearch.space import Choice, Int


def batch_sizes(data: DataSpec) -> Choice:
    """Return five batch sizes, larger for more examples, as far as there are enough of these.

    Example:
        >>> rows = DataSpec(task="regression", input_shape=(3,), n_outputs=1, n_train=20_000)
        >>> batch_sizes(rows).describe()
        '64, 128, 256, 512, 1024'
    """
    first = 8 if data.n_train < 1000 else 16 if data.n_train < 10_000 else 64
    sizes = [size for size in (first * 2**power for power in range(5)) if size <= data.n_train]
    sizes = sizes or [data.n_train]
    return Choice(sizes, ordered=True, default=sizes[len(sizes) // 2])


def legal_batch_size(data: DataSpec) -> Int:
    """Return the batch sizes that training takes."""
    return Int(2, max(2, data.n_train))
