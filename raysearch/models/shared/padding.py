"""How is no work done on what lies behind the end of every example of a batch?

Data pad their examples to the longest of them all; what a batch of short ones then holds is mostly
padding.
"""

from __future__ import annotations

from torch import Tensor


def cut_behind_longest(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Return a batch up to the end of its longest example.

    On the CPU, where it costs nothing to look at the lengths. Elsewhere the batch stays as it is,
    since the device would have to wait for the answer.

    Args:
        x: (B, ..., T), padded at the end of its last axis.
        lengths: (B,) int64, from 1 to T; None if all examples have T steps.

    Example:
        >>> import torch
        >>> cut_behind_longest(torch.zeros(2, 3, 9), torch.tensor([4, 2])).shape
        torch.Size([2, 3, 4])
    """
    if lengths is None or lengths.device.type != "cpu":
        return x
    return x[..., : int(lengths.max())]
