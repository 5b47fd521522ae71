"""Which noise does a network meet, in training and where it is measured?

In training it is that of torch's default generator. Where a model is measured, each example of the
split has noise of its own, which follows from its number: so it is the same in every pass, in which
models and epochs can then be compared, another one for every example, and the same whatever the
batches, as long as the examples come in the same order.

Shapes:
    x: (B, ...) one example per row
    B batch
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

_SEED = 0
"""Governs the noise of examples."""

Draw = Callable[..., Tensor]
"""`torch.rand` or `torch.randn`."""


class ExampleNoise:
    """Noise of some examples that follow each other in a split.

    What is drawn first for an example, second and so on, depends on its number alone; what is drawn
    has to have the same shape for all of them.

    Args:
        first: Number of the first one in its split, counted from 0.
        n: How many there are.

    Example:
        >>> whole, end = ExampleNoise(first=0, n=3), ExampleNoise(first=2, n=1)
        >>> x = torch.zeros(3, 2)
        >>> torch.equal(uniform_like(x, whole)[2:], uniform_like(x[2:], end))
        True
    """

    def __init__(self, *, first: int, n: int) -> None:
        self.numbers = range(first, first + n)
        self._generators = [torch.Generator().manual_seed(_SEED + i) for i in self.numbers]

    def draw(self, draw: Draw, x: Tensor) -> Tensor:
        """Return noise of the shape of `x`, drawn on the CPU: the same on every device."""
        each = (draw(x.shape[1:], generator=g, dtype=x.dtype) for g in self._generators)
        return torch.stack(list(each)).to(x.device)


def uniform_like(x: Tensor, noise: ExampleNoise | None = None) -> Tensor:
    """Return noise in [0, 1) of the shape of `x`, from torch's default generator or the examples'.

    Args:
        x: (B, ...) float.
        noise: That of the B examples; None in training.
    """
    return torch.rand_like(x) if noise is None else noise.draw(torch.rand, x)


def normal_like(x: Tensor, noise: ExampleNoise | None = None) -> Tensor:
    """Return standard normal noise of the shape of `x`; see `uniform_like`."""
    return torch.randn_like(x) if noise is None else noise.draw(torch.randn, x)


def places(n: int, noise: ExampleNoise | None = None) -> Tensor:
    """Return a place in [0, 1) for each of n examples, (n,) float32, spread evenly over any run.

    They are multiples of the golden ratio, one after the other, from that of the first example on.

    Args:
        n: How many examples there are.
        noise: That of these examples; None counts them from 0.
    """
    numbers = range(n) if noise is None else noise.numbers
    ratio = (5**0.5 - 1) / 2
    return torch.tensor([(number * ratio + 0.5) % 1 for number in numbers])
