"""How does an example become a sequence of vectors?

Tokens are looked up. Series, images and clips are cut into patches, of as many steps or pixels
along each axis as the axis has (`TransformerDesign.patch_sizes`), and each patch is mapped
linearly. What is missing from the last patches is zeros,
as is what lies behind the end of a series: so a patch is the same however far the batch is padded.
With a convolutional stem, two convolutions of neighbouring steps or pixels come first, which help
where what is looked for lies anywhere, not just where a patch begins, and examples are few.

Shapes:
    x: (B, T) int64 tokens; or (B, C, T), (B, C, H, W), (B, C, D, H, W) float32
    returns: (B, N, W) float32
    B batch, T tokens or steps, C channels, D frames, H and W height and width in pixels,
    N positions (the tokens, or the patches), W also the width of the network

References:
    Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021 (patches of images).
    Nie et al., "A Time Series is Worth 64 Words", ICLR 2023 (patches of series).
    Xiao et al., "Early Convolutions Help Transformers See Better", NeurIPS 2021 (stem).
    Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.4 (scaled embeddings).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn
from torch.nn import functional as F

from raysearch.data_spec import PADDING
from raysearch.models.attention.design import TransformerDesign
from raysearch.models.shared.masking import zeroed
from raysearch.models.shared.spatial import Kernel, convolution

_PIXEL_SCALE = 3.0
"""By which pixels are multiplied: those from 0 to 1 then vary by about one, as the numbers of
standardised series do, and are not drowned by the positions that are added to them."""


class Symbols(nn.Module):
    """Vectors of symbols, scaled by the square root of their length; zero for `PADDING`.

    The matrix itself may also be the weights of an output layer.
    """

    def __init__(self, n_symbols: int, *, width: int) -> None:
        super().__init__()
        self.scale = math.sqrt(width)
        self.table = nn.Embedding(n_symbols, width, padding_idx=PADDING)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return (B, N, W) for symbols (B, N), whatever their lengths."""
        return cast(Tensor, self.table(x) * self.scale)


class Patches(nn.Module):
    """Patches of steps or pixels, mapped linearly, with or without a stem before them."""

    def __init__(self, design: TransformerDesign) -> None:
        super().__init__()
        self.sizes = design.patch_sizes
        channels, n_axes = design.input_shape[0], len(self.sizes)
        self.scale = _PIXEL_SCALE if n_axes > 1 else 1.0
        self.stem = None
        if design.stem == "convolution":
            self.stem = Stem(channels, n_axes=n_axes, width=design.stem_width)
            channels = design.stem_width
        self.linear = nn.Linear(channels * math.prod(self.sizes), design.width)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return (B, N, W) for examples of any number of axes, of series with their lengths."""
        x = x * self.scale
        if self.stem is not None:
            x = self.stem(x, lengths)
        return cast(Tensor, self.linear(patches(x, sizes=self.sizes)))


class Stem(nn.Module):
    """Two convolutions of three steps or pixels, each with a ReLU: (B, C, ...) to (B, S, ...).

    What lies behind the end of a series is zero before and after each.
    """

    def __init__(self, channels: int, *, n_axes: int, width: int) -> None:
        super().__init__()
        self.first = convolution(channels, width, Kernel(3), n_axes=n_axes)
        self.second = convolution(width, width, Kernel(3), n_axes=n_axes)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the channels of the second convolution."""
        for each in (self.first, self.second):
            x = zeroed(F.relu(each(x)), lengths)
        return x


def patches(x: Tensor, *, sizes: Sequence[int]) -> Tensor:
    """Return the patches of a batch, (B, N, C P ...), the last axis of their grid running fastest.

    Args:
        x: (B, C, ...) float32, with one axis or more behind the channels.
        sizes: Steps or pixels of a patch along each axis, P.

    Example:
        >>> import torch
        >>> patches(torch.arange(5.0).reshape(1, 1, 5), sizes=[2])
        tensor([[[0., 1.],
                 [2., 3.],
                 [4., 0.]]])
    """
    n_axes = len(sizes)
    missing = [-length % size for length, size in zip(x.shape[2:], sizes, strict=True)]
    if any(missing):
        # F.pad begins with the last axis
        x = F.pad(x, [amount for last in reversed(missing) for amount in (0, last)])
    # (B, C, A1 P, A2 P, ...) -> (B, C, A1, P, A2, P, ...)
    for axis, size in enumerate(sizes):
        place = 2 + 2 * axis
        x = x.reshape(*x.shape[:place], -1, size, *x.shape[place + 1 :])
    grid, within = range(2, 2 + 2 * n_axes, 2), range(3, 3 + 2 * n_axes, 2)
    # -> (B, A1, A2, ..., C, P, P, ...) -> (B, N, C P ...)
    return x.permute(0, *grid, 1, *within).flatten(1, n_axes).flatten(2)
