"""How are the scenes of digits made, split and cut into batches?

References:
    Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning
    Repository, 1998; scikit-learn carries its test part, of which the scenes are made.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from raysearch.checks import integer_fault, raise_faults
from raysearch.data.cache import cached_arrays
from raysearch.data.scenes.composing import compose
from raysearch.data.scenes.space import DIGIT_SIZE, MOST_DIGITS, N_EXAMPLES, data_spec, room
from raysearch.data.splits import split_arrays, split_sizes
from raysearch.data.tensors import InMemoryData, Splits, splits_of
from raysearch.randomness import generator

if TYPE_CHECKING:
    from raysearch.data.archive import Arrays

_FORMAT = 1
"""Raised when the same arguments would now give other arrays."""


class Data(InMemoryData):
    """Scenes of two to four digits on a canvas, with captions such as "three above seven".

    The scans of digits are split first, in the same shares as the scenes and with the same mix of
    digits; each split's scenes are then made of its own scans.

    Args:
        batch_size: Examples in a training batch, at least 1.
        seed: Governs the split of the scans and all scenes.
        n_examples: Scenes in all splits together, from 100 to 1,000,000.
        canvas: Height and width of a scene in pixels, from 16 to 128. There are four digits at
            most, and as many as fit side by side.
        validation: Share of the scenes for validation, from 0.05 to 0.45.
        test: Share of the scenes for the test, from 0.05 to 0.45; both together at most 0.5.

    Shapes:
        inputs: (B, 1, E, E) float32, ink from 0 to 1
        targets: (B, L) int64, numbers in `space.VOCABULARY`; see `composing.decoded`
        B batch, E canvas, L words of the longest caption, with `END`

    Raises:
        ConfigurationError: An argument is out of range.
    """

    def __init__(
        self,
        *,
        batch_size: int,
        seed: int = 0,
        n_examples: int = N_EXAMPLES,
        canvas: int = MOST_DIGITS * DIGIT_SIZE,
        validation: float = 0.2,
        test: float = 0.2,
    ) -> None:
        super().__init__()
        raise_faults(integer_fault("data.batch_size", batch_size, at_least=1))
        self.spec = data_spec(
            n_examples=n_examples, canvas=canvas, validation=validation, test=test
        )
        self.batch_size = batch_size
        self._made = partial(
            _made_splits,
            seed=seed,
            n_examples=n_examples,
            canvas=canvas,
            validation=validation,
            test=test,
        )

    def _splits(self) -> Splits:
        return self._made()


@lru_cache(maxsize=4)
def _made_splits(
    *, seed: int, n_examples: int, canvas: int, validation: float, test: float
) -> Splits:
    """Return the splits: from this process, from this node, or made now."""
    arguments: dict[str, Any] = {
        "seed": seed,
        "n_examples": n_examples,
        "canvas": canvas,
        "validation": validation,
        "test": test,
    }
    key = {**arguments, "scenes_format": _FORMAT}
    return splits_of(cached_arrays("scenes", arguments=key, build=partial(_build, **arguments)))


def _build(*, seed: int, n_examples: int, canvas: int, validation: float, test: float) -> Arrays:
    """Return inputs and targets of each split."""
    import numpy as np
    from sklearn.datasets import load_digits

    allocate = room(n_examples, canvas=canvas)
    pixels, digits = load_digits(return_X_y=True)
    shares = {"validation": validation, "test": test}
    scans = split_arrays(
        (pixels / 16).astype(np.float32).reshape(-1, DIGIT_SIZE, DIGIT_SIZE),
        digits.astype(np.int64),
        sizes=split_sizes(len(digits), **shares),
        seed=seed,
        is_stratified=True,
    )
    sizes = split_sizes(n_examples, **shares)
    spec = data_spec(n_examples=n_examples, canvas=canvas, **shares)
    arrays: Arrays = {}
    for part in ("train", "validation", "test"):
        arrays[f"{part}_inputs"], arrays[f"{part}_targets"] = compose(
            scans[f"{part}_inputs"],
            scans[f"{part}_targets"],
            n_scenes=getattr(sizes, part),
            canvas=canvas,
            target_length=spec.target_length,
            rng=generator(seed, role=f"scenes {part}", number=0),
            allocate=allocate,
        )
    return arrays
