"""Which batches are trained and validated on in one fold of a cross-validation?

A data module says so itself with `fold_dataloaders`, as built-in data do:

    def fold_dataloaders(self, *, number: int, of: int, seed: int):
        '''Return the loader to train on and the one to validate on, in fold `number` from 0.'''

Otherwise the examples are those of its two loaders together, where it is certain that they can be
put together (see `refit_data`), each fold with the same mix of classes where the last of several
tensors has them. The test split is not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, SequentialSampler, Subset, TensorDataset

from raysearch.data.folds import fold_of_each
from raysearch.errors import TrialFailed, Unsupported
from raysearch.training.job import Fold
from raysearch.training.refit_data import joined

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Pair = tuple[Any, Any]
"""What is trained on, and what is validated on."""


def fold_loaders(
    data: Any, train: Callable[[], Any], validation: Callable[[], Any] | None, *, fold: Fold
) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Return the methods that make the loaders of a fold, in place of those of the data module.

    They may be called any number of times, once the data module is set up.

    Args:
        data: The data module.
        train: Its `train_dataloader`.
        validation: Its `val_dataloader`; None if it has none.
        fold: Which fold.
    """

    @cache
    def both() -> Pair:
        own = getattr(data, "fold_dataloaders", None)
        if own is not None:
            made = own(number=fold.number, of=fold.of, seed=fold.seed)
            if not isinstance(made, tuple) or len(made) != 2:
                raise TrialFailed(
                    f"fold_dataloaders of {type(data).__name__} returned {type(made).__name__}. "
                    "Let it return two loaders: the one to train on, and the one to validate on."
                )
            return made
        if validation is None:
            raise Unsupported(
                "repeats.folds parts the data for training and validation, and the data module has "
                "no val_dataloader. Give it one, or a method fold_dataloaders(number, of, seed)"
            )
        return derived(train(), validation(), fold=fold)

    return lambda: both()[0], lambda: both()[1]


def derived(train: Any, validation: Any, *, fold: Fold) -> Pair:
    """Return the loaders of a fold of the examples of two loaders.

    Args:
        train: What `train_dataloader` returned.
        validation: What `val_dataloader` returned.
        fold: Which fold.

    Raises:
        Unsupported: It is not certain how to put them together.

    Example:
        >>> def loader(*values):
        ...     return DataLoader(TensorDataset(torch.tensor(values)), batch_size=9)
        >>> folds = [
        ...     derived(loader(1, 2, 3), loader(4), fold=Fold(number=number, of=2, seed=0))
        ...     for number in (0, 1)
        ... ]
        >>> sorted(v for _, held_out in folds for [batch] in held_out for v in batch.tolist())
        [1, 2, 3, 4]
    """
    try:
        everything = joined(train, validation)
    except Unsupported as error:
        raise Unsupported(
            "repeats.folds parts the data for training and validation together, and it is not "
            f"certain how to put them together: {error}. Give the data module a method "
            "fold_dataloaders(number, of, seed), which returns the loader to train on and the one "
            "to validate on, or leave `repeats` out"
        ) from error
    dataset: Any = everything.dataset
    folds = fold_of_each(
        len(dataset), n_folds=fold.of, seed=fold.seed, classes=_classes_of(dataset)
    )
    held_out = torch.from_numpy(folds == fold.number).nonzero().flatten()
    rest = torch.from_numpy(folds != fold.number).nonzero().flatten()
    return (
        _like(train, _part(dataset, rest), is_shuffled=_is_shuffled(train)),
        _like(validation, _part(dataset, held_out), is_shuffled=False),
    )


def _is_shuffled(loader: DataLoader[Any]) -> bool:
    return type(loader.sampler) is not SequentialSampler


def _classes_of(dataset: Any) -> NDArray[np.int64] | None:
    """Return the classes of the examples, where the last of several tensors certainly has them."""
    tensors = _tensors(dataset)
    if len(tensors) < 2 or tensors[-1].ndim != 1 or tensors[-1].is_floating_point():
        return None
    return tensors[-1].numpy()


def _tensors(dataset: Any) -> Sequence[Tensor]:
    """Return the tensors of a data set, or of a part of one; nothing if it is made of others."""
    if type(dataset) is TensorDataset:
        return dataset.tensors
    if type(dataset) is Subset and type(dataset.dataset) is TensorDataset:
        rows = torch.as_tensor(dataset.indices)
        return [tensor[rows] for tensor in dataset.dataset.tensors]
    return ()


def _part(dataset: Any, rows: Tensor) -> Subset[Any]:
    """Return a part of a data set, which stays where it is: nothing is copied."""
    if type(dataset) is Subset:
        return Subset(dataset.dataset, torch.as_tensor(list(dataset.indices))[rows].tolist())
    return Subset(dataset, rows.tolist())


def _like(loader: DataLoader[Any], dataset: Any, *, is_shuffled: bool) -> DataLoader[Any]:
    """Return a loader that is like another one, of other examples."""
    workers: dict[str, Any] = {}
    if loader.num_workers:
        workers = {
            "persistent_workers": loader.persistent_workers,
            "prefetch_factor": loader.prefetch_factor,
            "multiprocessing_context": loader.multiprocessing_context,
        }
    return DataLoader(
        dataset,
        batch_size=loader.batch_size,
        shuffle=is_shuffled,
        drop_last=loader.drop_last,
        collate_fn=loader.collate_fn,
        num_workers=loader.num_workers,
        pin_memory=loader.pin_memory,
        timeout=loader.timeout,
        worker_init_fn=loader.worker_init_fn,
        generator=loader.generator,
        **workers,
    )
