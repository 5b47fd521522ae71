"""How are cylinder, bell and funnel drawn, split and cut into batches?

Saito's formula, at the steps t = 1, ..., 128:

    cylinder: (6 + eta) [a <= t <= b]                     + epsilon(t)
    bell:     (6 + eta) [a <= t <= b] (t - a) / (b - a)   + epsilon(t)
    funnel:   (6 + eta) [a <= t <= b] (b - t) / (b - a)   + epsilon(t)

a is a whole number from 16 to 32 and b - a one from 32 to 96, each as likely as the others; eta and
every epsilon(t) are standard normal. Every series is then put on mean 0 and standard deviation 1 by
itself, as in the UCR archive, whose 30 training and 900 test series results are published for.
These are other draws of the same formula, the same ones on every machine; the archive's classes
differ a little in size, here each has a third.

References:
    Saito, "Local Feature Extraction and Its Applications Using a Library of Bases", PhD thesis,
    Yale University, 1994.
    Dau et al., "The UCR Time Series Archive", IEEE/CAA Journal of Automatica Sinica, 2019.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from raysearch.checks import integer_fault, raise_faults
from raysearch.data.cbf.space import (
    CLASSES,
    N_GENERATED,
    N_STEPS,
    N_TEST,
    N_TRAIN,
    data_spec,
    n_held_out,
)
from raysearch.data.loaders import TensorLoader
from raysearch.data.meaning import Meaning
from raysearch.data.splits import LARGEST_SEED
from raysearch.data.tensors import InMemoryData, Splits, splits_of
from raysearch.randomness import generator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from raysearch.data.archive import Arrays

PUBLISHED_SEED = 1994
"""Governs the training and the test series, whatever the seed of a search."""


class Data(InMemoryData):
    """30 training and 900 test series, always the same, and others for validation.

    The published data have no validation split, and a search cannot do without. By default 300
    further series are drawn from the formula, so that all 30 train, as in the papers, and scores
    are fine enough to choose by. They are more labels than the papers had to choose with; whoever
    wants to be strict holds out a part of the 30 with `validation_from: training`. A refitted
    winner has in both cases seen the 30, and no more.

    Args:
        batch_size: Series in a training batch, at least 1.
        seed: Governs which series are for validation.
        validation_from: "formula" draws 300 series of their own; "training" holds out a part of the
            30, of each class alike.
        validation: Of "training": the share of the 30 for validation, from 0.05 to 0.45.

    Shapes:
        inputs: (B, 1, 128) float32, mean 0 and standard deviation 1 for each series
        targets: (B,) int64: cylinder, bell, funnel
        B batch

    Raises:
        ConfigurationError: An argument is out of range.
    """

    def __init__(
        self,
        *,
        batch_size: int,
        seed: int = 0,
        validation_from: str = "formula",
        validation: float = 0.3,
    ) -> None:
        super().__init__()
        raise_faults(
            integer_fault("data.batch_size", batch_size, at_least=1),
            integer_fault("data.seed", seed, at_least=0, at_most=LARGEST_SEED),
        )
        self.spec = data_spec(validation_from=validation_from, validation=validation)
        self.batch_size = batch_size
        self._n_held_out = n_held_out(validation) if validation_from == "training" else 0
        self._seed = seed

    @property
    def meaning(self) -> Meaning:
        """What a model's outputs mean."""
        return Meaning(classes=CLASSES)

    def refit_dataloader(self) -> TensorLoader:
        """Return the 30 training series, shuffled: those drawn for validation are left out."""
        if self._n_held_out:
            return super().refit_dataloader()
        # not `train_dataloader`, in whose place this is called when a winner is trained again
        return self._splits().training_loader(batch_size=self.batch_size)

    def _splits(self) -> Splits:
        return _load(seed=self._seed, n_held_out=self._n_held_out)


def raw_series(
    label: int, *, n: int, random: np.random.Generator, has_noise: bool = True
) -> NDArray[np.float64]:
    """Return `n` series of a class as the formula gives them, (n, 128).

    Args:
        label: 0 for cylinder, 1 for bell, 2 for funnel.
        n: How many.
        random: Governs a, b and eta, and then epsilon.
        has_noise: Whether epsilon is added.
    """
    import numpy as np

    first = random.integers(16, 32, size=(n, 1), endpoint=True)
    length = random.integers(32, 96, size=(n, 1), endpoint=True)
    height = 6 + random.standard_normal((n, 1))
    steps = np.arange(1, N_STEPS + 1)
    is_inside = (first <= steps) & (steps <= first + length)
    rise = (steps - first) / length
    shape = (np.ones_like(rise), rise, 1 - rise)[label]
    noise = random.standard_normal((n, N_STEPS)) if has_noise else 0.0
    return height * is_inside * shape + noise


def drawn(n_series: int, *, seed: int, role: str) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return series and classes, the classes taking turns.

    Args:
        n_series: A multiple of 3.
        seed: Governs them.
        role: What they are for; other roles have other series.

    Shapes:
        returns: (N, 1, 128), mean 0 and standard deviation 1 for each, and (N,)
    """
    import numpy as np

    n = n_series // len(CLASSES)
    by_class = [
        raw_series(label, n=n, random=generator(seed, role=f"cbf {role}", number=label))
        for label in range(len(CLASSES))
    ]
    # three times (n, 128) -> (n, 3, 128) -> (N, 128)
    raw = np.stack(by_class, axis=1).reshape(n_series, N_STEPS)
    scaled = (raw - raw.mean(axis=1, keepdims=True)) / raw.std(axis=1, keepdims=True)
    labels = np.tile(np.arange(len(CLASSES)), n)
    return scaled[:, None].astype(np.float32), labels.astype(np.int64)


@lru_cache(maxsize=4)
def _load(*, seed: int, n_held_out: int) -> Splits:
    """Return the splits; to draw them takes less time than to read them from a disk."""
    return splits_of(_arrays(seed=seed, n_held_out=n_held_out))


def _arrays(*, seed: int, n_held_out: int) -> Arrays:
    import numpy as np

    parts = {
        "train": drawn(N_TRAIN, seed=PUBLISHED_SEED, role="training"),
        "test": drawn(N_TEST, seed=PUBLISHED_SEED, role="test"),
    }
    if n_held_out:
        inputs, labels = parts["train"]
        # (10, 3): the places of the series of each class, in an order of their own
        places = np.arange(N_TRAIN).reshape(-1, len(CLASSES))
        places = generator(seed, role="cbf held out", number=0).permuted(places, axis=0)
        held_out, kept = (np.sort(part, axis=None) for part in np.split(places, [n_held_out]))
        parts["train"] = inputs[kept], labels[kept]
        parts["validation"] = inputs[held_out], labels[held_out]
    else:
        parts["validation"] = drawn(N_GENERATED, seed=seed, role="validation")
    arrays: Arrays = {}
    for part, (inputs, labels) in parts.items():
        arrays[f"{part}_inputs"], arrays[f"{part}_targets"] = inputs, labels
    return arrays
