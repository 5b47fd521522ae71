"""How many parameters has a network, and how wide is one with a given number of them?

Architectures are compared fairly when they have the same number of parameters: one that has fewer
operations is then wider. Networks are built without memory (on torch's device `meta`) and without a
draw from any generator to count them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

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

    @cache
    def size(width: int) -> int:
        with torch.device("meta"):
            return count_parameters(build(width))

    # widths that are too narrow and wide enough; the next to be tried follows from the last as if
    # parameters grew with the square of the width
    narrow, wide, width = 0, widest + 1, min(16, widest)
    while wide - narrow > 1:
        if size(width) < n_parameters:
            narrow = width
        else:
            wide = width
        guess = round(width * math.sqrt(n_parameters / size(width)))
        width = max(narrow + 1, min(guess, wide - 1))
    nearest = [width for width in (narrow, wide) if 1 <= width <= widest]
    return min(nearest, key=lambda width: abs(size(width) - n_parameters))
