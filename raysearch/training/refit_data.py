"""When, and how, do training and validation data make one loader to refit on?

A data module says so itself with a `refit_dataloader`. Otherwise the loader is derived where it is
certain that validation examples, treated as the training loader treats its own, are training
examples. Both methods must return one plain `DataLoader` over examples that can be indexed, with
samplers of torch and the same collation; and their data sets must be one of these:

    both are                                               refit on
    -----------------------------------------------------  -------------------------------------
    parts (`Subset`) of the same data set                  the part with the indices of both
    `TensorDataset`s with tensors of the same shapes       the tensors of both
    of the same class, with the same transforms and flags  both, one after the other
    parts of two data sets that are as above               the parts, one after the other

Everything else is refused with the reason: a data set of training that augments, beside one of
validation that does not, would change what is learned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    TensorDataset,
)

from raysearch.errors import Unsupported

if TYPE_CHECKING:
    from raysearch.training.building import Loaders


def refit_loaders(loaders: Loaders) -> Any:
    """Return loaders of training and validation data together.

    Args:
        loaders: The methods of a data module that is set up.

    Raises:
        Unsupported: There is no such loader, and it is not certain how to make one.
    """
    if loaders.refit is not None:
        return loaders.refit()
    if loaders.validation is None:
        raise Unsupported("the data module has no val_dataloader, so there is no data to add")
    train, validation = loaders.train(), loaders.validation()
    try:
        return joined(train, validation)
    except Unsupported as error:
        raise Unsupported(
            f"the data module has no refit_dataloader, and none can be derived: {error}"
        ) from error


def joined(train: Any, validation: Any) -> DataLoader[Any]:
    """Return a loader like `train`, over the examples of both.

    Args:
        train: What `train_dataloader` returned.
        validation: What `val_dataloader` returned.

    Raises:
        Unsupported: The table above has no row for them, for the reason that it gives.

    Example:
        >>> def loader(*values):
        ...     return DataLoader(TensorDataset(torch.tensor(values)), batch_size=2)
        >>> [batch.tolist() for batch, in joined(loader(1, 2, 3), loader(4))]
        [[1, 2], [3, 4]]
    """
    _check_loader(train, method="train_dataloader")
    _check_loader(validation, method="val_dataloader")
    if train.collate_fn is not validation.collate_fn:
        raise Unsupported("its two loaders have different collate_fn")
    workers: dict[str, Any] = {}
    if train.num_workers:
        workers = {
            "persistent_workers": train.persistent_workers,
            "prefetch_factor": train.prefetch_factor,
            "multiprocessing_context": train.multiprocessing_context,
        }
    return DataLoader(
        _joined_data(train.dataset, validation.dataset),
        batch_size=train.batch_size,
        shuffle=isinstance(train.sampler, RandomSampler),
        drop_last=train.drop_last,
        collate_fn=train.collate_fn,
        num_workers=train.num_workers,
        pin_memory=train.pin_memory,
        timeout=train.timeout,
        worker_init_fn=train.worker_init_fn,
        generator=train.generator,
        **workers,
    )


def _check_loader(loader: Any, *, method: str) -> None:
    if type(loader) is not DataLoader:
        raise Unsupported(f"{method} returns {_named(loader)}, not one torch DataLoader")
    if isinstance(loader.dataset, IterableDataset):
        raise Unsupported(
            f"{method} goes through {_named(loader.dataset)}, which has no order to index"
        )
    if type(loader.batch_sampler) is not BatchSampler:
        raise Unsupported(f"{method} has a batch_sampler of its own, or no batches")
    sampler = loader.sampler
    is_default = type(sampler) is SequentialSampler or (
        type(sampler) is RandomSampler
        and not sampler.replacement
        and sampler.num_samples == len(sampler.data_source)
    )
    if not is_default:
        raise Unsupported(f"{method} has a sampler of its own, {_named(sampler)}")


def _joined_data(train: Any, validation: Any) -> Any:
    if type(train) is type(validation) is Subset and train.dataset is validation.dataset:
        return Subset(train.dataset, [*train.indices, *validation.indices])
    if type(train) is type(validation) is TensorDataset:
        _check_tensors(train.tensors, validation.tensors)
        pairs = zip(train.tensors, validation.tensors, strict=True)
        return TensorDataset(*(torch.cat(pair) for pair in pairs))
    _check_alike(_base(train), _base(validation))
    return ConcatDataset([train, validation])


def _base(dataset: Any) -> Any:
    """Return what a part is a part of."""
    while type(dataset) is Subset:
        dataset = dataset.dataset
    return dataset


def _check_alike(train: Any, validation: Any) -> None:
    if train is validation:
        return
    if type(train) is not type(validation):
        raise Unsupported(
            f"its data sets are of different classes, {_named(train)} for training and "
            f"{_named(validation)} for validation"
        )
    if type(train) is TensorDataset:
        _check_tensors(train.tensors, validation.tensors)
        return
    ours, theirs = _treatment(train), _treatment(validation)
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in ours or name not in theirs or not _is_same(ours[name], theirs[name]):
            raise Unsupported(
                f"{name} of its two {type(train).__name__} data sets is not certainly the same"
            )


def _check_tensors(train: Any, validation: Any) -> None:
    def form(tensors: Any) -> list[tuple[Any, ...]]:
        return [(tuple(tensor.shape[1:]), tensor.dtype) for tensor in tensors]

    if form(train) != form(validation):
        raise Unsupported("the tensors of training and validation differ in shape or type")


def _treatment(dataset: Any) -> dict[str, Any]:
    """Return the attributes that say how an example is treated: settings, and what can be called.

    A setting may as well say which part of the data it is (`part="train"`). What is not certain is
    refused: a `refit_dataloader` says it.
    """
    return {
        name: value
        for name, value in getattr(dataset, "__dict__", {}).items()
        if "transform" in name or callable(value) or isinstance(value, bool | int | float | str)
    }


def _is_same(first: Any, second: Any) -> bool:
    """Return whether two are equal for certain; objects that print their address are not."""
    if first is second:
        return True
    if type(first) is not type(second):
        return False
    try:
        if bool(first == second):
            return True
    except (TypeError, ValueError, RuntimeError):
        return False  # they compare element by element, or not at all
    described = repr(first)
    return described == repr(second) and " at 0x" not in described


def _named(found: Any) -> str:
    return "None" if found is None else f"a {type(found).__name__}"
