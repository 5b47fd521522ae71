"""What can be known about the digits, and chosen, before they are read?

They are told apart (`task: classification`), or their probabilities are learnt (`task: density`):
then each of the 64 pixels takes one of 17 levels of ink, and nothing is predicted from them.
"""

from __future__ import annotations

from typing import Literal

from raysearch.checks import raise_faults
from raysearch.data.splits import FRACTIONS, split_sizes
from raysearch.data_spec import DataSpec
from raysearch.space import Choice, Domain, Int, Space

N_EXAMPLES = 1797

N_LEVELS = 17
"""Levels of ink of a pixel, from none to full; evenly spaced."""

DigitsTask = Literal["classification", "density"]

_OUTPUTS: dict[str, int] = {"classification": 10, "density": N_LEVELS}

_TASK = Choice(list(_OUTPUTS), default="classification")

ARGUMENTS: dict[str, Domain] = {"task": _TASK, **FRACTIONS}
"""What an experiment may fix, by name."""


def data_spec(
    *, task: DigitsTask = "classification", validation: float = 0.2, test: float = 0.2
) -> DataSpec:
    """Return shapes and sizes.

    Args:
        task: "classification" of the digits, or the "density" of the images.
        validation: Share of the examples for validation, from 0.05 to 0.45.
        test: Share of the examples for the test, from 0.05 to 0.45; both together at most 0.5.

    Raises:
        ConfigurationError: There is no such task, or a share is out of range.

    Example:
        >>> data_spec().input_shape, data_spec().n_outputs, data_spec(test=0.3).n_train
        ((1, 8, 8), 10, 899)
        >>> data_spec(task="density").n_outputs
        17
    """
    fault = _TASK.explain(task)
    raise_faults(None if fault is None else f"data.task: {fault}")
    sizes = split_sizes(N_EXAMPLES, validation=validation, test=test)
    return DataSpec(task=task, input_shape=(1, 8, 8), n_outputs=_OUTPUTS[task], n_train=sizes.train)


def search_space(data: DataSpec) -> Space:
    """Return what is worth searching: the batch size."""
    return Space({"data.batch_size": Choice([16, 32, 64, 128, 256], ordered=True, default=64)})


def legal_domains(data: DataSpec) -> dict[str, Domain]:
    """Return what the data module accepts, by key."""
    return {"data.batch_size": Int(2, data.n_train)}
