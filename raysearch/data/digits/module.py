"""How are the digits split and cut into batches?

References:
    Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning
    Repository, 1998; scikit-learn carries its test part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from raysearch.checks import integer_fault, raise_faults
from raysearch.data.digits.space import N_EXAMPLES, DigitsTask, data_spec
from raysearch.data.meaning import Meaning
from raysearch.data.splits import split_arrays, split_sizes
from raysearch.data.tensors import InMemoryData, Splits, load_splits

if TYPE_CHECKING:
    from raysearch.data.archive import Arrays


class Data(InMemoryData):
    """The digits with a stratified split.

    Args:
        batch_size: Examples in a training batch, at least 1.
        seed: Governs which examples each split holds.
        task: "classification", or "density", for which the targets mean nothing.
        validation: Share of the examples for validation, from 0.05 to 0.45.
        test: Share of the examples for the test, from 0.05 to 0.45; both together at most 0.5.

    Shapes:
        inputs: (B, 1, 8, 8) float32, ink from 0 to 1 in 17 levels, evenly spaced
        targets: (B,) int64, the digit
        B batch

    Raises:
        ConfigurationError: An argument is out of range.
    """

    def __init__(
        self,
        *,
        batch_size: int,
        seed: int = 0,
        task: DigitsTask = "classification",
        validation: float = 0.2,
        test: float = 0.2,
    ) -> None:
        super().__init__()
        raise_faults(integer_fault("data.batch_size", batch_size, at_least=1))
        self.spec = data_spec(task=task, validation=validation, test=test)
        self.batch_size = batch_size
        self._split = {"seed": seed, "validation": validation, "test": test}

    @property
    def meaning(self) -> Meaning | None:
        """What a model's outputs mean; None for density."""
        is_density = self.spec.task == "density"
        return None if is_density else Meaning(classes=tuple(range(self.spec.n_outputs)))

    def _splits(self) -> Splits:
        return load_splits("digits", build=_build, **self._split)


def _build(*, seed: int, validation: float, test: float) -> Arrays:
    """Return inputs and targets of each split."""
    import numpy as np
    from sklearn.datasets import load_digits

    pixels, digits = load_digits(return_X_y=True)
    inputs = (pixels / 16).astype(np.float32).reshape(N_EXAMPLES, 1, 8, 8)
    return split_arrays(
        inputs,
        digits.astype(np.int64),
        sizes=split_sizes(N_EXAMPLES, validation=validation, test=test),
        seed=seed,
        is_stratified=True,
    )
