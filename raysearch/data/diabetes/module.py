"""How are the diabetes records split, standardised and cut into batches?

References:
    Efron, Hastie, Johnstone and Tibshirani, "Least Angle Regression", Annals of Statistics, 2004.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raysearch.checks import integer_fault, raise_faults
from raysearch.data.diabetes.space import N_EXAMPLES, data_spec
from raysearch.data.meaning import Meaning
from raysearch.data.splits import split_arrays, split_sizes
from raysearch.data.tensors import InMemoryData, Splits, load_splits

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from raysearch.data.archive import Arrays


class Data(InMemoryData):
    """Records of diabetes patients; what is predicted is how far the disease got a year later.

    Inputs and targets are standardised by the means and standard deviations of the training split
    alone. So errors are in standard deviations of the training targets: who always predicts their
    mean has a root mean squared error of about 1.

    Args:
        batch_size: Examples in a training batch, at least 1.
        seed: Governs which examples each split holds.
        validation: Share of the examples for validation, from 0.05 to 0.45.
        test: Share of the examples for the test, from 0.05 to 0.45; both together at most 0.5.

    Shapes:
        inputs: (B, 10) float32, standardised
        targets: (B, 1) float32, standardised
        B batch

    Raises:
        ConfigurationError: An argument is out of range.
    """

    def __init__(
        self, *, batch_size: int, seed: int = 0, validation: float = 0.2, test: float = 0.2
    ) -> None:
        super().__init__()
        raise_faults(integer_fault("data.batch_size", batch_size, at_least=1))
        self.spec = data_spec(validation=validation, test=test)
        self.batch_size = batch_size
        self._split: dict[str, Any] = {"seed": seed, "validation": validation, "test": test}

    @property
    def meaning(self) -> Meaning:
        """What a model's outputs mean."""
        training = _raw(**self._split)["train_targets"]
        return Meaning(means=(float(training.mean()),), stds=(float(training.std()),))

    def _splits(self) -> Splits:
        return load_splits("diabetes", build=_build, **self._split)


def _build(*, seed: int, validation: float, test: float) -> Arrays:
    """Return inputs and targets of each split."""
    arrays = _raw(seed=seed, validation=validation, test=test)
    return {name: _standardised(name, arrays) for name in arrays}


def _raw(*, seed: int, validation: float, test: float) -> Arrays:
    """Return inputs and targets of each split, in their own units."""
    from sklearn.datasets import load_diabetes

    inputs, targets = load_diabetes(return_X_y=True, scaled=False)
    return split_arrays(
        inputs,
        targets.reshape(N_EXAMPLES, 1),
        sizes=split_sizes(N_EXAMPLES, validation=validation, test=test),
        seed=seed,
        is_stratified=False,
    )


def _standardised(name: str, arrays: Arrays) -> NDArray[np.float32]:
    """Return an array of inputs or targets, measured by the training split's."""
    import numpy as np

    training = arrays["train_" + name.split("_")[1]]
    standardised = (arrays[name] - training.mean(axis=0)) / training.std(axis=0)
    return np.asarray(standardised, dtype=np.float32)
