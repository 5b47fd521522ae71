"""How do examples that fit in memory reach a model with the least work per batch?

A `DataLoader` fetches, collates and counts example by example, which for small models costs more
than the training step. `TensorLoader` indexes whole tensors once per batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from raysearch.checks import integer_fault, raise_faults
from raysearch.data.cache import cached_arrays
from raysearch.data.held_out import held_out
from raysearch.data_spec import PADDING

if TYPE_CHECKING:
    from raysearch.data.cache import Arrays
    from raysearch.data.preparation import Preparation

EVALUATION_BATCH = 1024
"""Examples in a batch when nothing is learnt from it: large, since only memory limits it."""


class TensorLoader:
    """Batches cut from tensors as wholes; Lightning takes it wherever it takes a `DataLoader`.

    Every pass goes over all examples. A last batch that is smaller is kept, except that a single
    left-over example joins the batch before it, which then has `batch_size` + 1: batch
    normalisation cannot train on one example, and to drop it would lose a part of the data.

    With `is_shuffled`, each pass has an order of its own, drawn from torch's global generator when
    its first batch is asked for, not when the iterator is made. So whoever seeds that generator
    before an epoch governs its order, whenever Lightning makes the iterator.

    Args:
        tensors: Tensors with the same first dimension, the examples.
        batch_size: Examples in a batch, at least 1.
        is_shuffled: Whether each pass has a random order.

    Shapes:
        tensors: (N, ...) each
        yields: a tuple of (B, ...), copies that may be changed in place
        N examples, B examples in the batch

    Raises:
        ConfigurationError: The batch size is not an integer of at least 1.
        ValueError: There are no tensors, or they differ in their first dimension.

    Example:
        >>> loader = TensorLoader(torch.arange(7), batch_size=3)
        >>> len(loader), [batch.tolist() for batch, in loader]
        (2, [[0, 1, 2], [3, 4, 5, 6]])
    """

    def __init__(self, *tensors: Tensor, batch_size: int, is_shuffled: bool = False) -> None:
        raise_faults(integer_fault("data.batch_size", batch_size, at_least=1))
        if len({len(tensor) for tensor in tensors}) != 1:
            shapes = [tuple(tensor.shape) for tensor in tensors]
            raise ValueError(
                f"The tensors have shapes {shapes}. Give one or more with the same first dimension."
            )
        self.tensors = tensors
        self.batch_size = batch_size
        self.is_shuffled = is_shuffled
        self._bounds = batch_bounds(len(tensors[0]), batch_size=batch_size)

    def __len__(self) -> int:
        """Return the number of batches in a pass."""
        return len(self._bounds)

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        """Yield the batches of one pass; nothing is drawn before the first one is asked for."""
        if not self.is_shuffled:
            for start, end in self._bounds:
                yield tuple(tensor[start:end].clone() for tensor in self.tensors)
            return
        order = torch.randperm(len(self.tensors[0]))
        for start, end in self._bounds:
            chosen = order[start:end]
            yield tuple(tensor.index_select(0, chosen) for tensor in self.tensors)


class BucketLoader(TensorLoader):
    """Shuffled batches of examples of similar length, so that little of a batch is padding.

    Each pass shuffles the examples, sorts every `POOL` batches of them by length, cuts these into
    batches, and shuffles the batches. So each batch is a random one among those of its length.

    Args:
        tensors: As of `TensorLoader`.
        batch_size: Examples in a batch, at least 1.
        lengths: (N,) int64, of each example; None for those of the last of the tensors, targets
            (N, L) with `PADDING` behind their ends.

    Example:
        >>> targets = torch.tensor([[4, 2, 0], [4, 4, 2]] * 3)
        >>> [sorted(batch[:, 2].tolist()) for batch, in BucketLoader(targets, batch_size=3)] in (
        ...     [[0, 0, 0], [2, 2, 2]],
        ...     [[2, 2, 2], [0, 0, 0]],
        ... )
        True
    """

    POOL = 32

    def __init__(self, *tensors: Tensor, batch_size: int, lengths: Tensor | None = None) -> None:
        super().__init__(*tensors, batch_size=batch_size, is_shuffled=True)
        self._lengths = (tensors[-1] != PADDING).sum(1) if lengths is None else lengths

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        """Yield the batches of one pass; nothing is drawn before the first one is asked for."""
        order = torch.randperm(len(self.tensors[0]))
        pools = torch.split(order, self.POOL * self.batch_size)
        order = torch.cat([pool[self._lengths[pool].argsort(stable=True)] for pool in pools])
        for place in torch.randperm(len(self._bounds)).tolist():
            start, end = self._bounds[place]
            chosen = order[start:end]
            yield tuple(tensor.index_select(0, chosen) for tensor in self.tensors)


def batch_bounds(n_examples: int, *, batch_size: int) -> list[tuple[int, int]]:
    """Return the first and the one-past-last example of each batch.

    Example:
        >>> batch_bounds(8, batch_size=3), batch_bounds(7, batch_size=3)
        ([(0, 3), (3, 6), (6, 8)], [(0, 3), (3, 7)])
    """
    starts = list(range(0, n_examples, batch_size))
    if len(starts) > 1 and batch_size > 1 and n_examples - starts[-1] == 1:
        starts.pop()
    return list(zip(starts, [*starts[1:], n_examples], strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """The three splits, as tensors that nobody changes.

    Shapes:
        each split: ((N, *input_shape), lengths (N,) int64 where `DataSpec.has_lengths`, targets),
            with inputs as `DataSpec.form` says, and targets (N,) int64, (N, K) float32, or
            (N, L) int64 for seq2seq
        N examples of that split, K target values per example, L symbols of a target
    """

    train: tuple[Tensor, ...]
    validation: tuple[Tensor, ...]
    test: tuple[Tensor, ...]
    is_bucketed: bool = False
    """Whether a training batch has examples of similar length: targets if those are sequences, else
    inputs, which then have lengths."""
    groups: Tensor | None = None
    """Group of each example for training, and then of each for validation, whose examples are in
    one fold; None where each stands for itself."""

    def fold(self, **which: int) -> Splits:
        """Return the splits with one fold of the examples for training and validation to validate.

        The test split stays as it is. See `held_out` for the arguments, and what is raised.
        """
        tensors = [torch.cat(pair) for pair in zip(self.train, self.validation, strict=True)]
        is_validation = held_out(tensors[-1], self.groups, **which)
        return replace(
            self,
            train=tuple(tensor[~is_validation] for tensor in tensors),
            validation=tuple(tensor[is_validation] for tensor in tensors),
            groups=None,
        )

    def training_loader(self, *, batch_size: int) -> TensorLoader:
        """Return the training split in shuffled batches."""
        return self._shuffled(self.train, batch_size=batch_size)

    def refit_loader(self, *, batch_size: int) -> TensorLoader:
        """Return the training and the validation split together in shuffled batches."""
        pairs = zip(self.train, self.validation, strict=True)
        return self._shuffled([torch.cat(pair) for pair in pairs], batch_size=batch_size)

    def validation_loader(self) -> TensorLoader:
        """Return the validation split in its order."""
        return TensorLoader(*self.validation, batch_size=EVALUATION_BATCH)

    def test_loader(self) -> TensorLoader:
        """Return the test split in its order."""
        return TensorLoader(*self.test, batch_size=EVALUATION_BATCH)

    def _shuffled(self, tensors: Sequence[Tensor], *, batch_size: int) -> TensorLoader:
        if self.is_bucketed:
            are_sequences = tensors[-1].ndim == 2 and not tensors[-1].is_floating_point()
            lengths = None if are_sequences else tensors[1]
            return BucketLoader(*tensors, batch_size=batch_size, lengths=lengths)
        return TensorLoader(*tensors, batch_size=batch_size, is_shuffled=True)


@lru_cache(maxsize=4)
def load_splits(
    name: str, *, build: Callable[..., Arrays], seed: int, validation: float, test: float
) -> Splits:
    """Return the splits of a data set: from this process, from this node, or built now.

    A process that trains trial after trial reads the data once; it keeps the last four splits.

    Args:
        name: The data set's name.
        build: Called as `build(seed=, validation=, test=)`; returns arrays named "train_inputs",
            "train_targets" and so on for "validation" and "test"; "train_lengths" where examples
            differ in length.
        seed: Governs the split.
        validation: Share of the examples for validation.
        test: Share of the examples for the test.
    """
    arguments = {"seed": seed, "validation": validation, "test": test}
    arrays = cached_arrays(name, arguments=arguments, build=partial(build, **arguments))

    return splits_of(arrays)


@lru_cache(maxsize=4)
def prepared_splits(
    preparation: Preparation[Any], arguments: str, *, is_bucketed: bool = False
) -> Splits:
    """Return the splits of data that are read from files.

    A process that trains trial after trial reads the data once; it keeps the last four splits.

    Args:
        preparation: The way from arguments to arrays.
        arguments: As `preparation.as_text` writes them.
        is_bucketed: Whether a training batch has targets of similar length.
    """
    return splits_of(preparation.arrays_of(arguments), is_bucketed=is_bucketed)


def splits_of(arrays: Arrays, *, is_bucketed: bool = False) -> Splits:
    """Return the splits in arrays named "train_inputs", "train_targets" and so on.

    Beside them "train_groups" and "validation_groups", (N,) int64, where examples are in groups.
    """

    def split(part: str) -> tuple[Tensor, ...]:
        roles = [role for role in ("inputs", "lengths", "targets") if f"{part}_{role}" in arrays]
        return tuple(torch.from_numpy(arrays[f"{part}_{role}"]) for role in roles)

    named = [arrays[name] for name in ("train_groups", "validation_groups") if name in arrays]
    return Splits(
        train=split("train"),
        validation=split("validation"),
        test=split("test"),
        is_bucketed=is_bucketed,
        groups=torch.cat([torch.from_numpy(groups) for groups in named]) if named else None,
    )


class InMemoryData(pl.LightningDataModule):
    """The loaders of data whose splits fit in memory; a data set says where the splits are from."""

    batch_size: int
    """Examples in a training batch."""

    def prepare_data(self) -> None:
        """Leave the prepared arrays in this node's cache."""
        self._splits()

    def train_dataloader(self) -> TensorLoader:
        """Return the training split, shuffled."""
        return self._splits().training_loader(batch_size=self.batch_size)

    def val_dataloader(self) -> TensorLoader:
        """Return the validation split."""
        return self._splits().validation_loader()

    def test_dataloader(self) -> TensorLoader:
        """Return the test split."""
        return self._splits().test_loader()

    def refit_dataloader(self) -> TensorLoader:
        """Return the training and the validation split together, shuffled."""
        return self._splits().refit_loader(batch_size=self.batch_size)

    def fold_dataloaders(
        self, *, number: int, of: int, seed: int
    ) -> tuple[TensorLoader, TensorLoader]:
        """Return loaders to train and to validate on in one of several folds; see `held_out`."""
        fold = self._splits().fold(number=number, of=of, seed=seed)
        return fold.training_loader(batch_size=self.batch_size), fold.validation_loader()

    def _splits(self) -> Splits:
        """Return the splits, prepared once per node."""
        raise NotImplementedError
