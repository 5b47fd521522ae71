"""How is ListOps split and cut into batches?

References:
    Nangia and Bowman, "ListOps: A Diagnostic Dataset for Latent Tree Learning", NAACL 2018, Student
    Research Workshop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from raysearch.checks import integer_fault, raise_faults
from raysearch.data.cache import cached_arrays
from raysearch.data.listops.grammar import Expression, expressions
from raysearch.data.listops.space import N_EXAMPLES, check_room, data_spec
from raysearch.data.meaning import Meaning
from raysearch.data.splits import LARGEST_SEED, draw_split, split_sizes
from raysearch.data.tensors import InMemoryData, Splits, splits_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from raysearch.data.archive import Arrays

_FORMAT = 1
"""Raised when the same arguments would now give other arrays."""


class Data(InMemoryData):
    """Expressions of the grammar, all different, and the digit that each comes to.

    The same seed, limits and number give the same expressions and splits in both forms, so that
    families for trees and for sequences can be compared on them.

    Args:
        batch_size: Examples in a training batch, at least 1.
        seed: Governs the expressions, and which of them each split holds.
        bucketing: Whether a training batch has expressions of similar length: the examples are
            shuffled, every 32 batches of them sorted by length, and the batches shuffled.
        form: "tree": an operator is the parent of its arguments. "tokens": as it is written, the
            operator with its opening bracket as one token, the closing bracket as another.
        max_depth: The most operators around a digit, 1 to 50.
        max_length: The most tokens of an expression, brackets included, 4 to 2000.
        n_examples: Different expressions, 10 to 10000000.
        validation: Share of the examples for validation, from 0.05 to 0.45.
        test: Share of the examples for the test, from 0.05 to 0.45; both together at most 0.5.

    Shapes:
        inputs: (B, 2, N) int64, symbols (`UNKNOWN` + 1 + the place in `grammar.SYMBOLS`) and
            parents; or (B, T) int64 tokens, the same symbols
        lengths: (B,) int64, nodes or tokens
        targets: (B,) int64, the value
        B batch, N `max_length` - 1, T `max_length`

    Raises:
        ConfigurationError: An argument is out of range.
    """

    def __init__(
        self,
        *,
        batch_size: int,
        seed: int = 0,
        bucketing: bool = False,
        form: str = "tree",
        max_depth: int = 6,
        max_length: int = 100,
        n_examples: int = N_EXAMPLES,
        validation: float = 0.2,
        test: float = 0.2,
    ) -> None:
        super().__init__()
        raise_faults(
            integer_fault("data.batch_size", batch_size, at_least=1),
            integer_fault("data.seed", seed, at_least=0, at_most=LARGEST_SEED),
        )
        self._is_bucketed = bucketing
        self._arguments = {
            "form": form,
            "max_depth": max_depth,
            "max_length": max_length,
            "n_examples": n_examples,
            "validation": validation,
            "test": test,
        }
        self._seed = seed
        self.spec = data_spec(bucketing=bucketing, **self._arguments)  # type: ignore[arg-type]
        self.batch_size = batch_size

    @property
    def meaning(self) -> Meaning:
        """What a model's outputs mean."""
        return Meaning(classes=tuple(range(self.spec.n_outputs)))

    def _splits(self) -> Splits:
        splits = _load(**self._arguments, seed=self._seed)
        return replace(splits, is_bucketed=self._is_bucketed)


@lru_cache(maxsize=4)
def _load(**arguments: Any) -> Splits:
    """Return the splits; a process that trains trial after trial reads them once."""
    key = {**arguments, "listops_format": _FORMAT}
    return splits_of(cached_arrays("listops", arguments=key, build=partial(_build, **arguments)))


def _build(
    *,
    form: str,
    max_depth: int,
    max_length: int,
    n_examples: int,
    validation: float,
    test: float,
    seed: int,
) -> Arrays:
    """Return inputs, lengths and targets of each split."""
    import numpy as np

    check_room(n_examples, form=form, max_length=max_length)
    found = expressions(n_examples, max_depth=max_depth, max_length=max_length, seed=seed)
    targets = np.array([expression.value for expression in found], dtype=np.int64)
    inputs, lengths = (_trees if form == "tree" else _tokens)(found, max_length=max_length)
    sizes = split_sizes(n_examples, validation=validation, test=test)
    arrays = {}
    # not by class, of which a small number of examples may have none
    for part, rows in draw_split(n_examples, classes=None, sizes=sizes, seed=seed).items():
        arrays[f"{part}_inputs"] = inputs[rows]
        arrays[f"{part}_lengths"] = lengths[rows]
        arrays[f"{part}_targets"] = targets[rows]
    return arrays


def _trees(
    found: Sequence[Expression], *, max_length: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return symbols and parents (N, 2, `max_length` - 1), and numbers of nodes (N,)."""
    import numpy as np

    inputs = np.zeros((len(found), 2, max_length - 1), dtype=np.int64)
    inputs[:, 1] = -1
    lengths = np.array([len(expression.symbols) for expression in found], dtype=np.int64)
    for row, expression in enumerate(found):
        inputs[row, :, : lengths[row]] = (expression.symbols, expression.parents)
    return inputs, lengths


def _tokens(
    found: Sequence[Expression], *, max_length: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return tokens (N, `max_length`), and their numbers (N,)."""
    import numpy as np

    inputs = np.zeros((len(found), max_length), dtype=np.int64)
    lengths = np.array([len(expression.tokens) for expression in found], dtype=np.int64)
    for row, expression in enumerate(found):
        inputs[row, : lengths[row]] = expression.tokens
    return inputs, lengths
