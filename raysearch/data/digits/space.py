"""What can be known about the digits, and chosen, before they are read?"""

from __future__ import annotations

from raysearch.data.splits import FRACTIONS, split_sizes
from raysearch.data_spec import DataSpec
from raysearch.space import Choice, Domain, Int, Space

N_EXAMPLES = 1797

ARGUMENTS: dict[str, Domain] = dict(FRACTIONS)
"""What an experiment may fix, by name."""


def data_spec(*, validation: float = 0.2, test: float = 0.2) -> DataSpec:
    """Return shapes and sizes.

    Args:
        validation: Share of the examples for validation, from 0.05 to 0.45.
        test: Share of the examples for the test, from 0.05 to 0.45; both together at most 0.5.

    Raises:
        ConfigurationError: A share is out of range.

    Example:
        >>> data_spec().input_shape, data_spec().n_outputs, data_spec(test=0.3).n_train
        ((1, 8, 8), 10, 899)
    """
    sizes = split_sizes(N_EXAMPLES, validation=validation, test=test)
    return DataSpec(task="classification", input_shape=(1, 8, 8), n_outputs=10, n_train=sizes.train)


def search_space(data: DataSpec) -> Space:
    """Return what is worth searching: the batch size."""
    return Space({"data.batch_size": Choice([16, 32, 64, 128, 256], ordered=True, default=64)})


def legal_domains(data: DataSpec) -> dict[str, Domain]:
    """Return what the data module accepts, by key."""
    return {"data.batch_size": Int(2, data.n_train)}
