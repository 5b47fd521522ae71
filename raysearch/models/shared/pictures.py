"""How are many small images put into one that a person can look at?

Shapes:
    images: (N, C, H, W) in [0, 1]
    returns: (1 or 3, H', W') in [0, 1]
    N images, C channels, H and W height and width in pixels
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

_SMALLEST = 48
"""Pixels that an image has in height and width at least; smaller ones are enlarged."""

_GAP = 2
"""Pixels between two images."""


def image_grid(images: Tensor, *, columns: int | None = None) -> Tensor:
    """Return images side by side, row by row, with a grey line between them.

    Small images are enlarged by a whole factor, pixels staying squares. Of images that are neither
    grey nor red, green and blue, the first channel is shown.

    Args:
        images: One or more; values outside of [0, 1] are cut off.
        columns: Images in a row, at least 1; by default as many as there are rows, or one more.

    Example:
        >>> image_grid(torch.zeros(6, 1, 48, 48), columns=3).shape
        torch.Size([1, 98, 148])
    """
    n, channels, height, width = images.shape
    columns = columns or math.ceil(math.sqrt(n))
    rows = math.ceil(n / columns)
    shown = images if channels in (1, 3) else images[:, :1]
    shown = shown.detach().to("cpu", torch.float32).clamp(0, 1)
    factor = max(1, math.ceil(_SMALLEST / max(height, width)))
    shown = F.interpolate(shown, scale_factor=factor, mode="nearest")
    # a line to the right and below of each, which the last ones lose again
    shown = F.pad(shown, (0, _GAP, 0, _GAP), value=0.5)
    blank = shown.new_full((rows * columns - n, *shown.shape[1:]), 0.5)
    # (R S, C, h, w) -> (R, S, C, h, w) -> (C, R, h, S, w) -> (C, R h, S w)
    grid = torch.cat([shown, blank]).view(rows, columns, *shown.shape[1:])
    grid = grid.permute(2, 0, 3, 1, 4).flatten(3, 4).flatten(1, 2)
    return grid[:, :-_GAP, :-_GAP].contiguous()
