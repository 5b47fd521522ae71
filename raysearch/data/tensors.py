"""How do the prepared arrays of a data set become splits, and these loaders?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from raysearch.data.archive import REFIT
from raysearch.data.cache import cached_arrays
from raysearch.data.fold_rows import fold_rows
from raysearch.data.loaders import EVALUATION_BATCH, BucketLoader, TensorLoader, lengths_of
from raysearch.data.pages import are_streamed, as_tensor, read_by_page

if TYPE_CHECKING:
    from raysearch.data.archive import Arrays
    from raysearch.data.preparation import Preparation


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
    refit: tuple[Tensor, ...] | None = None
    """Training and validation one after the other, where they lie so; None to put them together."""
    is_bucketed: bool = False
    """Whether a training batch has examples of similar length: targets if those are sequences, else
    inputs, which then have lengths."""
    is_streamed: bool = False
    """Whether they lie in files that take more than their share of the memory."""
    groups: Tensor | None = None
    """Group of each example for training, and then of each for validation, whose examples are in
    one fold; None where each stands for itself."""
    moments: Tensor | None = None
    """Of the same, (N, 2) int64: the first and the last moment of what each tells, where folds must
    not be told from what comes after; None without an order."""
    _lengths: dict[str, Tensor] = field(default_factory=dict, init=False, repr=False, compare=False)
    """How long targets are, by part, once a loader has asked: all of them are looked at for it."""

    def training_loader(self, *, batch_size: int) -> TensorLoader:
        """Return the training split in shuffled batches."""
        return self._shuffled(self.train, batch_size=batch_size, part="train")

    def refit_loader(self, *, batch_size: int) -> TensorLoader:
        """Return the training and the validation split together in shuffled batches."""
        return self._shuffled(self._both(), batch_size=batch_size, part=REFIT)

    def fold_loaders(self, *, batch_size: int, **which: int) -> tuple[TensorLoader, TensorLoader]:
        """Return what one fold trains on, in shuffled batches, and what it validates on.

        Both take their examples from where they lie. See `fold_rows` for the arguments, and what is
        raised.
        """
        both = self._both()
        train, validation = fold_rows(both[-1], groups=self.groups, moments=self.moments, **which)
        return (
            self._shuffled(both, rows=train, batch_size=batch_size, part=REFIT),
            self._in_order(both, rows=validation),
        )

    def validation_loader(self) -> TensorLoader:
        """Return the validation split in its order."""
        return self._in_order(self.validation)

    def test_loader(self) -> TensorLoader:
        """Return the test split in its order."""
        return self._in_order(self.test)

    def _both(self) -> tuple[Tensor, ...]:
        """Return the examples for training and then those for validation, where they lie so."""
        if self.refit is not None:
            return self.refit
        return tuple(torch.cat(pair) for pair in zip(self.train, self.validation, strict=True))

    def _in_order(self, tensors: Sequence[Tensor], *, rows: Tensor | None = None) -> TensorLoader:
        return TensorLoader(
            *tensors, rows=rows, batch_size=EVALUATION_BATCH, is_streamed=self.is_streamed
        )

    def _shuffled(
        self,
        tensors: Sequence[Tensor],
        *,
        batch_size: int,
        part: str,
        rows: Tensor | None = None,
    ) -> TensorLoader:
        how: dict[str, Any] = {
            "rows": rows,
            "batch_size": batch_size,
            "is_streamed": self.is_streamed,
        }
        if not self.is_bucketed:
            return TensorLoader(*tensors, is_shuffled=True, **how)
        are_sequences = tensors[-1].ndim == 2 and not tensors[-1].is_floating_point()
        if are_sequences and part not in self._lengths:
            self._lengths[part] = lengths_of(tensors[-1])
        lengths = self._lengths[part] if are_sequences else tensors[1]
        return BucketLoader(*tensors, lengths=lengths, **how)


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

    Beside them "train_groups" and "validation_groups", (N,) int64, where examples are in groups,
    and "train_moments" and "validation_moments", (N, 2) int64, where they are in an order of time.
    """

    def split(part: str) -> tuple[Tensor, ...]:
        roles = [role for role in ("inputs", "lengths", "targets") if f"{part}_{role}" in arrays]
        return tuple(as_tensor(arrays[f"{part}_{role}"]) for role in roles)

    train, refit = split("train"), split(REFIT)
    is_streamed = are_streamed(arrays)
    if is_streamed:
        for tensor in (*train, *split("validation"), *split("test")):
            read_by_page(tensor)
    return Splits(
        train=train,
        validation=split("validation"),
        test=split("test"),
        refit=refit if len(refit) == len(train) else None,
        is_streamed=is_streamed,
        is_bucketed=is_bucketed,
        groups=of_both(arrays, "groups"),
        moments=of_both(arrays, "moments"),
    )


def of_both(arrays: Arrays, role: str) -> Tensor | None:
    """Return what arrays say of the examples for training and validation; None if they do not."""
    names = [f"{part}_{role}" for part in ("train", "validation")]
    found = [as_tensor(arrays[name]) for name in names if name in arrays]
    return torch.cat(found) if found else None


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
        """Return loaders to train and to validate on in one of several folds; see `fold_rows`."""
        return self._splits().fold_loaders(
            batch_size=self.batch_size, number=number, of=of, seed=seed
        )

    def _splits(self) -> Splits:
        """Return the splits, prepared once per node."""
        raise NotImplementedError
