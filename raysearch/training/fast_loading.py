"""How does a `DataLoader` over tensors yield the same batches with less work?

Over a `TensorDataset`, or a part of one as `random_split` makes it, a `DataLoader` fetches every
example by itself and stacks them again, which for a small model takes longer than the training
step. Here it is given a data set that answers a whole batch of indices at once. Sampler, batches
and draws stay the same to the bit; workers, which would only cost time, are not started.

Any other loader, or one with a collation, a batch sampler or workers' set-up of its own, is left
as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    TensorDataset,
    default_collate,
)


class Whole(Dataset[Any]):
    """A data set of tensors that answers many indices at once with whole batches.

    Args:
        dataset: The original, which still answers single indices and all else.
        tensors: Its tensors, or those of the data set that it is a part of.
        indices: Which examples of the tensors it has, in order; None for all.

    Shapes:
        tensors: (N, ...) each
        indices: (M,) int64
        N examples of the tensors, M of this data set
    """

    def __init__(self, dataset: Any, *, tensors: Sequence[Tensor], indices: Tensor | None) -> None:
        self._dataset = dataset
        self._tensors = tensors
        self._indices = indices

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, index: Any) -> Any:
        return self._dataset[index]

    def __getitems__(self, indices: list[int]) -> list[Tensor]:
        """Return a batch: each tensor's rows at these indices, as `default_collate` has them."""
        rows = torch.tensor(indices)
        if self._indices is not None:
            rows = self._indices[rows]
        return [tensor[rows] for tensor in self._tensors]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_dataset":
            raise AttributeError(name)
        return getattr(self._dataset, name)


def fast(loaders: Any) -> Any:
    """Return loaders, or a collection of them, with the eligible ones made fast.

    Args:
        loaders: What a method such as `train_dataloader` returned.
    """
    if type(loaders) in (list, tuple):
        return type(loaders)(fast(loader) for loader in loaders)
    if type(loaders) is dict:
        return {name: fast(loader) for name, loader in loaders.items()}
    return _fast_loader(loaders)


def _fast_loader(loader: Any) -> Any:
    if not _is_plain(loader):
        return loader
    whole = _whole(loader.dataset)
    if whole is None:
        return loader
    return DataLoader(
        whole,
        batch_size=loader.batch_size,
        sampler=loader.sampler,
        drop_last=loader.drop_last,
        collate_fn=_as_it_is,
        pin_memory=loader.pin_memory,
        generator=loader.generator,
    )


def _is_plain(loader: Any) -> bool:
    return (
        type(loader) is DataLoader
        and type(loader.batch_sampler) is BatchSampler
        and type(loader.sampler) in (RandomSampler, SequentialSampler)
        and loader.batch_sampler.sampler is loader.sampler
        and loader.collate_fn is default_collate
        and loader.worker_init_fn is None
    )


def _whole(dataset: Any) -> Whole | None:
    """Return a data set over its tensors, or None if it is not made of tensors alone."""
    indices: Tensor | None = None
    inner = dataset
    while type(inner) is Subset:
        chosen = torch.as_tensor(list(inner.indices), dtype=torch.int64)
        indices = chosen if indices is None else chosen[indices]
        inner = inner.dataset
    if type(inner) is not TensorDataset or not all(map(_is_dense, inner.tensors)):
        return None
    return Whole(dataset, tensors=inner.tensors, indices=indices)


def _is_dense(tensor: Tensor) -> bool:
    return type(tensor) is Tensor and tensor.layout is torch.strided


def _as_it_is(batch: Any) -> Any:
    return batch
