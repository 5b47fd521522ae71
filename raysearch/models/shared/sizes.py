"""How many parameters has a network, and how wide is one with a given number of them?

Architectures are compared fairly when they have the same number of parameters: one that has fewer
operations is then wider. Networks are built without memory (on torch's device `meta`) and without a
draw from any generator to count them.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn


def count_parameters(network: nn.Module) -> int:
    """Return how many numbers of a network are trained.

    Example:
        >>> count_parameters(nn.Linear(3, 2))
        8
    """
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def width_for(n_parameters: int, *, build: Callable[[int], nn.Module], widest: int) -> int:
    """Return the width with which a network comes nearest to a number of parameters.

    Args:
        n_parameters: What is wanted, at least 1.
        build: Width -> network; a wider one must not have fewer parameters.
        widest: The largest width, at least 1.

    Returns:
        From 1 to `widest`; the smaller of two that are equally near.

    Example:
        >>> width_for(100, build=lambda width: nn.Linear(10, width), widest=64)
        9
    """

    def size(width: int) -> int:
        with torch.device("meta"):
            return count_parameters(build(width))

    # the narrowest that is large enough lies in (low, high], or is wider than the widest
    low, high = 0, 1
    while high < widest and size(high) < n_parameters:
        low, high = high, min(2 * high, widest)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if size(middle) < n_parameters else (low, middle)
    return min(range(max(1, low), high + 1), key=lambda width: abs(size(width) - n_parameters))
