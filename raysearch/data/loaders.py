"""How do examples that lie in tensors reach a model with the least work per batch?

A `DataLoader` fetches, collates and counts example by example, which for small models costs more
than the training step. `TensorLoader` indexes whole tensors once per batch. What is asked of a
loader elsewhere, how many examples a pass has and how to share its batches out, is `ExampleLoader`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

import torch
from torch import Tensor

from raysearch.checks import integer_fault, raise_faults
from raysearch.data.pages import ahead, ask_for
from raysearch.data_spec import PADDING

EVALUATION_BATCH = 1024
"""Examples in a batch when nothing is learnt from it: large, since only memory limits it."""

_ROWS = 2**16
"""Examples that are looked at together, where all of them are."""


class ExampleLoader(ABC):
    """Batches of a known number of examples, which lie in memory or in files as tensors.

    Every pass goes over all examples, in batches as `batch_bounds` cuts them, in whatever order.
    Whoever trains with several processes may give each of them every n-th example of each batch.

    Args:
        n_examples: Examples in a pass.
        batch_size: Examples in a batch, at least 1.

    Shapes:
        yields: a tuple of (B, ...), which may be changed in place
        B examples in the batch
    """

    def __init__(self, n_examples: int, *, batch_size: int) -> None:
        self.n_examples = n_examples
        """Examples in a pass, of all ranks together."""
        self.batch_size = batch_size
        """Examples in a batch of all ranks, but for the last one."""
        self.bounds = batch_bounds(n_examples, batch_size=batch_size)
        """First and one-past-last place of each batch, in the order of some pass."""

    def __len__(self) -> int:
        """Return the number of batches in a pass."""
        return len(self.bounds)

    @abstractmethod
    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        """Yield the batches of one pass; nothing is drawn before the first one is asked for."""


class TensorLoader(ExampleLoader):
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
        is_streamed: Whether what a batch needs is read from a file while the one before it is
            trained on; see `pages`.
        rows: Places of the examples that a pass goes over; None for all of them.

    Shapes:
        tensors: (N, ...) each
        rows: (M,) int64, each once
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

    def __init__(
        self,
        *tensors: Tensor,
        batch_size: int,
        is_shuffled: bool = False,
        is_streamed: bool = False,
        rows: Tensor | None = None,
    ) -> None:
        raise_faults(integer_fault("data.batch_size", batch_size, at_least=1))
        if len({len(tensor) for tensor in tensors}) != 1:
            shapes = [tuple(tensor.shape) for tensor in tensors]
            raise ValueError(
                f"The tensors have shapes {shapes}. Give one or more with the same first dimension."
            )
        n_examples = len(tensors[0]) if rows is None else len(rows)
        super().__init__(n_examples, batch_size=batch_size)
        self.tensors = tensors
        self.rows = rows
        """Which examples of the tensors a pass goes over; None for all of them."""
        self.is_shuffled = is_shuffled
        self.is_streamed = is_streamed

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        """Yield the batches of one pass; nothing is drawn before the first one is asked for."""
        batches = self._places()
        if self.rows is not None:
            chosen = self.rows
            batches = (chosen[places] for places in batches)
        if self.is_streamed:
            batches = ahead(batches, lambda rows: ask_for(self.tensors, rows))
        for rows in batches:
            if isinstance(rows, slice):
                yield tuple(tensor[rows].clone() for tensor in self.tensors)
            else:
                yield tuple(tensor.index_select(0, rows) for tensor in self.tensors)

    def _places(self) -> Iterator[Tensor | slice]:
        """Yield which examples each batch has, by their places among those of a pass."""
        if not self.is_shuffled:
            yield from (slice(start, end) for start, end in self.bounds)
            return
        order = torch.randperm(self.n_examples)
        yield from (order[start:end] for start, end in self.bounds)


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

    def __init__(
        self,
        *tensors: Tensor,
        batch_size: int,
        lengths: Tensor | None = None,
        is_streamed: bool = False,
        rows: Tensor | None = None,
    ) -> None:
        super().__init__(
            *tensors, batch_size=batch_size, is_shuffled=True, is_streamed=is_streamed, rows=rows
        )
        lengths = lengths_of(tensors[-1]) if lengths is None else lengths
        self._lengths = lengths if rows is None else lengths[rows]

    def _places(self) -> Iterator[Tensor | slice]:
        """Yield which examples each batch has, by their places among those of a pass."""
        order = torch.randperm(self.n_examples)
        pools = torch.split(order, self.POOL * self.batch_size)
        order = torch.cat([pool[self._lengths[pool].argsort(stable=True)] for pool in pools])
        for place in torch.randperm(len(self.bounds)).tolist():
            start, end = self.bounds[place]
            yield order[start:end]


def lengths_of(targets: Tensor) -> Tensor:
    """Return how long each sequence is, going over them a part at a time.

    Shapes:
        targets: (N, L), with `PADDING` behind the end of each
        returns: (N,) int64

    Example:
        >>> lengths_of(torch.tensor([[4, 2, 0], [4, 4, 2]]))
        tensor([2, 3])
    """
    return torch.cat([(part != PADDING).sum(1) for part in torch.split(targets, _ROWS)])


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
