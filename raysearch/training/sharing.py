"""Which part of each batch does a rank train on?

A batch of the configuration is that of all ranks together, so that what was found with one process
holds with four: rank r of n takes every n-th example of it, from the r-th on. All ranks draw the
same order, since they have the same seeds.

* In training every rank has as many examples of a batch as any other, or the mean of their
  gradients would not be that of the batch. What is left over, fewer examples than there are ranks,
  is not trained on in that epoch.
* Of validation every example counts, and once. A last batch with fewer examples than ranks joins
  the one before it, so that no rank is without a batch that others have.

Lightning's own way fills the last batch up with examples that it has seen.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

import torch
from torch.utils.data import BatchSampler, DataLoader, DistributedSampler, IterableDataset

from raysearch.errors import ConfigurationError
from raysearch.training.job import Rank, TrainingJob

if TYPE_CHECKING:
    from raysearch.data.loaders import ExampleLoader

Batch = TypeVar("Batch")

_BY_HAND = (
    "Let it yield the share of its rank (torch.distributed.get_rank()), and write trainer: "
    "{use_distributed_sampler: false}, or train with resources.workers 1."
)


def shared(loaders: Any, *, job: TrainingJob, is_training: bool) -> Any:
    """Return loaders, or a collection of them, with a rank's share of their batches.

    Args:
        loaders: What a method such as `train_dataloader` returned.
        job: Says which rank this is, and whether the user shares out batches himself.
        is_training: Whether they are trained on.

    Raises:
        ConfigurationError: Batches cannot be shared out, or are smaller than the number of ranks.
    """
    if job.rank is None or job.trainer_arguments.get("use_distributed_sampler") is False:
        return loaders
    return _shared(loaders, rank=job.rank, is_training=is_training)


def _shared(loaders: Any, *, rank: Rank, is_training: bool) -> Any:
    how: dict[str, Any] = {"rank": rank, "is_training": is_training}
    if type(loaders) in (list, tuple):
        return type(loaders)(_shared(loader, **how) for loader in loaders)
    if type(loaders) is dict:
        return {name: _shared(loader, **how) for name, loader in loaders.items()}
    if hasattr(loaders, "flattened"):  # a CombinedLoader
        loaders.flattened = [_shared(loader, **how) for loader in loaders.flattened]
        return loaders
    if _is_of_examples(loaders):
        return ShareOfExamples(loaders, **how)
    if not isinstance(loaders, DataLoader):
        raise ConfigurationError(
            f"a {type(loaders).__name__} cannot be shared out among {rank.of} ranks. {_BY_HAND}"
        )
    if isinstance(loaders.sampler, DistributedSampler):
        return loaders  # the user's own way
    if isinstance(loaders.dataset, IterableDataset) or loaders.batch_sampler is None:
        raise ConfigurationError(
            f"a DataLoader over a {type(loaders.dataset).__name__}, which has no batches of "
            f"indices, cannot be shared out among {rank.of} ranks. {_BY_HAND}"
        )
    share = copy.copy(loaders)
    # DataLoader lets nobody set it, and a subclass may take other arguments than DataLoader
    object.__setattr__(share, "batch_sampler", ShareOfBatches(loaders.batch_sampler, **how))
    return share


class ShareOfBatches:
    """A rank's share of the batches of indices that a batch sampler yields.

    Args:
        batches: The batch sampler.
        rank: Whose share.
        is_training: Whether the examples are trained on.

    Example:
        >>> batches = BatchSampler(range(9), batch_size=4, drop_last=False)
        >>> rank = Rank(number=1, of=2, meeting="")
        >>> list(ShareOfBatches(batches, rank=rank, is_training=True))
        [[1, 3], [5, 7]]
        >>> list(ShareOfBatches(batches, rank=rank, is_training=False))
        [[1, 3], [5, 7]]
        >>> rank = Rank(number=0, of=2, meeting="")
        >>> list(ShareOfBatches(batches, rank=rank, is_training=False))
        [[0, 2], [4, 6, 8]]
    """

    def __init__(self, batches: Any, *, rank: Rank, is_training: bool) -> None:
        self._batches = batches
        self._rank = rank
        self._is_training = is_training
        self._n_dropped = 0
        if type(batches) is BatchSampler:
            n, size = len(batches.sampler), batches.batch_size  # type: ignore[arg-type]
            rest = 0 if batches.drop_last else n % size
            sizes = [size] * (n // size) + ([rest] if rest else [])
            self._n_dropped = len(sizes) - _n_kept(sizes, rank=rank, is_training=is_training)

    def __len__(self) -> int:
        return len(self._batches) - self._n_dropped

    def __iter__(self) -> Iterator[list[Any]]:
        n, number = self._rank.of, self._rank.number
        whole = map(list, self._batches)
        if self._is_training:
            for batch in whole:
                if len(batch) >= n:
                    yield batch[number : len(batch) // n * n : n]
            return
        for batch in _joined(whole, n=n, length=len, join=lambda a, b: a + b):
            yield batch[number::n]


def _is_of_examples(loader: object) -> TypeGuard[ExampleLoader]:
    """Return whether it is one of the loaders of the built-in data."""
    loaders = sys.modules.get("raysearch.data.loaders")
    return loaders is not None and isinstance(loader, loaders.ExampleLoader)


class ShareOfExamples:
    """A rank's share of the batches of an `ExampleLoader`.

    Args:
        loader: The loader, which every rank goes through as a whole, since what is drawn for one
            example may depend on others: to copy, or to vary images, costs little beside training.
        rank: Whose share.
        is_training: Whether the examples are trained on.

    Shapes:
        yields: a tuple of (B, ...)
        B examples of the share, the batch size by the number of ranks
    """

    def __init__(self, loader: ExampleLoader, *, rank: Rank, is_training: bool) -> None:
        self.n_examples = loader.n_examples
        """Of all ranks."""
        self.batch_size = loader.batch_size
        """Examples in a batch of all ranks."""
        self._loader = loader
        self._rank = rank
        self._is_training = is_training
        sizes = [end - start for start, end in loader.bounds]
        self._n = _n_kept(sizes, rank=rank, is_training=is_training)

    def __len__(self) -> int:
        return self._n

    def __iter__(self) -> Iterator[tuple[torch.Tensor, ...]]:
        n, number = self._rank.of, self._rank.number
        if self._is_training:
            for batch in self._loader:
                end = _length(batch) // n * n
                if end:
                    yield tuple(tensor[number:end:n].contiguous() for tensor in batch)
            return
        for batch in _joined(iter(self._loader), n=n, length=_length, join=_concatenated):
            yield tuple(tensor[number::n].contiguous() for tensor in batch)


def _length(batch: Sequence[torch.Tensor]) -> int:
    return len(batch[0])


def _concatenated(
    one: tuple[torch.Tensor, ...], other: tuple[torch.Tensor, ...]
) -> tuple[torch.Tensor, ...]:
    return tuple(torch.cat(pair) for pair in zip(one, other, strict=True))


def _joined(batches: Iterator[Batch], *, n: int, length: Any, join: Any) -> Iterator[Batch]:
    """Yield batches, one with fewer than n examples joined to the one before it."""
    before: Batch | None = None
    for batch in batches:
        if before is None:
            before = batch
        elif length(batch) < n:
            before = join(before, batch)
        else:
            yield before
            before = batch
    if before is not None:
        yield before


def _n_kept(sizes: Sequence[int], *, rank: Rank, is_training: bool) -> int:
    """Return how many of the batches of these sizes remain.

    Raises:
        ConfigurationError: None does, so that some rank would have nothing.
    """
    whole = sum(size >= rank.of for size in sizes)
    if is_training:
        if sizes and not whole:
            raise ConfigurationError(
                f"the largest batch has {max(sizes)} examples, fewer than the {rank.of} processes "
                "of a trial (resources.workers), which share each batch. Raise the batch size, or "
                "lower resources.workers."
            )
        return whole
    if sizes and sum(sizes) < rank.of:
        raise ConfigurationError(
            f"there are {sum(sizes)} examples to validate on, fewer than the {rank.of} processes "
            "of a trial (resources.workers), which share them. Lower resources.workers."
        )
    if sizes and sizes[0] < rank.of:
        raise ConfigurationError(
            f"a batch of validation has {sizes[0]} examples, fewer than the {rank.of} processes of "
            "a trial (resources.workers), which share it. Raise the batch size of validation, or "
            "lower resources.workers."
        )
    return whole
