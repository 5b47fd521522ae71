"""How do examples that lie in a mapped file become tensors, and what is read of it ahead?

Where a file takes more than its share of the memory, the pages that a batch needs may have to be
read from the disk again and again. The system is told not to read what lies around them, and, while
one batch is trained on, which pages the next one needs. What is yielded is the same in any case.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from raysearch.data.archive import REFIT
from raysearch.data.room import memory_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

Item = TypeVar("Item")


class _Pages:
    """An array that says it may be written to, for `torch.from_numpy`, which warns otherwise."""

    def __init__(self, array: NDArray[Any]) -> None:
        self._array = array  # which keeps the file mapped
        address, _ = array.__array_interface__["data"]
        self.__array_interface__ = {**array.__array_interface__, "data": (address, False)}


def as_tensor(array: NDArray[Any]) -> Tensor:
    """Return a tensor that shares the array's memory.

    Of an array that must not be written to, the tensor must not be written to either: where it is
    mapped from a file, that ends the process.
    """
    import numpy as np
    import torch

    if array.flags.writeable:
        return torch.from_numpy(array)
    return torch.from_numpy(np.asarray(_Pages(array)))


def are_streamed(arrays: Mapping[str, NDArray[Any]]) -> bool:
    """Return whether mapped arrays take more than their share of the memory; see `room`."""
    n_bytes = sum(
        array.nbytes
        for name, array in arrays.items()
        if not array.flags.writeable and not name.startswith(REFIT)  # of which others are parts
    )
    return n_bytes > memory_bytes(n_bytes)


def read_by_page(tensor: Tensor) -> None:
    """Tell the system not to read around the pages of a tensor that are asked for."""
    _advise(tensor.data_ptr(), tensor.nbytes, mmap.MADV_RANDOM)


def ask_for(tensors: Iterable[Tensor], rows: Tensor | slice) -> None:
    """Tell the system which examples will be needed, and do not wait for them.

    Args:
        tensors: (N, ...) each, contiguous.
        rows: Which of the N.
    """
    import numpy as np

    for tensor in tensors:
        each = tensor.stride(0) * tensor.element_size()
        if isinstance(rows, slice):
            start = tensor.data_ptr() + rows.start * each
            _advise(start, (rows.stop - rows.start) * each, mmap.MADV_WILLNEED)
            continue
        starts = (tensor.data_ptr() + rows.numpy() * each) // mmap.PAGESIZE
        for page in np.unique(starts).tolist():
            _advise(page * mmap.PAGESIZE, each + mmap.PAGESIZE, mmap.MADV_WILLNEED)


def ahead(items: Iterable[Item], ask: Callable[[Item], None]) -> Iterator[Item]:
    """Yield items, each after the next one has been asked for.

    Example:
        >>> for item in ahead("ab", lambda item: print("ask for", item)):
        ...     print("take", item)
        ask for a
        ask for b
        take a
        take b
    """
    waiting: list[Item] = []
    for item in items:
        ask(item)
        if waiting:
            yield waiting.pop()
        waiting.append(item)
    yield from waiting


_MADVISE = getattr(ctypes.CDLL(None), "madvise", None)


def _advise(start: int, n_bytes: int, advice: int) -> None:
    """Give the system advice about memory; where it does not take it, it does without."""
    if _MADVISE is not None and n_bytes > 0:
        first = start // mmap.PAGESIZE * mmap.PAGESIZE
        _MADVISE(ctypes.c_void_p(first), ctypes.c_size_t(start + n_bytes - first), advice)
