"""How are the images of a training batch varied, all at once?

Everything is drawn for a whole pass before its first batch, from torch's default generator: so that
whoever seeds it before an epoch governs the epoch, whatever a model draws between two batches. The
operations work on batches; none of them looks at images one by one.

Shapes:
    images: (B, C, H, W) or (B, C, D, H, W); all D frames of a clip are varied alike
    B batch, C channels, D frames, H and W height and width in pixels

References:
    DeVries and Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout",
    2017. Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018. Huszár, "mixup:
    Data-Dependent Data Augmentation", 2017 (www.inference.vc), for mixup without mixed labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """Which variations there are; the default is none.

    `mixup` draws the weight of an image itself against that of another one. Where targets are
    numbers, both images and targets are mixed with a weight from Beta(a, a), as published. Where
    they are classes, they stay what they are, so that every loss and metric takes them, and the
    weight is from Beta(a + 1, a): since Beta(a, a) is symmetric, and cross-entropy is linear in its
    target, the expected loss is exactly that of the published form (Huszár 2017).
    """

    flip: str = "none"
    """Mirrored half of the time: "horizontal", "vertical", "both" (each by itself) or "none"."""
    crop: float = 0.0
    """Shifted by up to this share of height and width; the border fills what is missing."""
    cutout: float = 0.0
    """Side of a square that is painted over with the mean, as a share of height and width."""
    mixup: float = 0.0
    """The distribution's alpha; 0 mixes nothing."""

    def drawn(self, n: int, *, height: int, width: int, is_classes: bool) -> Draws:
        """Return what is drawn for a pass over `n` images, from torch's default generator."""
        is_sideways = self.flip in ("horizontal", "both")
        is_upright = self.flip in ("vertical", "both")
        has_shift, has_hole = self.crop > 0, self.cutout > 0
        return Draws(
            horizontal=torch.rand(n) < 0.5 if is_sideways else None,
            vertical=torch.rand(n) < 0.5 if is_upright else None,
            down=_shifts(n, share=self.crop, side=height) if has_shift else None,
            right=_shifts(n, share=self.crop, side=width) if has_shift else None,
            hole=torch.rand(n, 2) if has_hole else None,
            weight=_weights(n, alpha=self.mixup, is_classes=is_classes) if self.mixup else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """What was drawn for each image of a pass; None for what is not varied."""

    horizontal: Tensor | None
    """(N,) bool, whether left and right change places."""
    vertical: Tensor | None
    """(N,) bool, whether top and bottom do."""
    down: Tensor | None
    """(N,) int64, pixels."""
    right: Tensor | None
    """(N,) int64, pixels."""
    hole: Tensor | None
    """(N, 2), the middle of the square, as a share of height and width."""
    weight: Tensor | None
    """(N,), from 0 to 1: that of the image itself."""

    def __getitem__(self, part: slice) -> Draws:
        """Return what was drawn for a batch."""

        def cut(drawn: Tensor | None) -> Tensor | None:
            return None if drawn is None else drawn[part]

        return Draws(
            horizontal=cut(self.horizontal),
            vertical=cut(self.vertical),
            down=cut(self.down),
            right=cut(self.right),
            hole=cut(self.hole),
            weight=cut(self.weight),
        )


def moved(images: Tensor, draws: Draws) -> Tensor:
    """Return images mirrored and shifted; of any type."""
    if draws.horizontal is not None:
        images = torch.where(_spread(draws.horizontal, images), images.flip(-1), images)
    if draws.vertical is not None:
        images = torch.where(_spread(draws.vertical, images), images.flip(-2), images)
    if draws.down is not None and draws.right is not None:
        images = shifted(images, down=draws.down, right=draws.right)
    return images


def shifted(images: Tensor, *, down: Tensor, right: Tensor) -> Tensor:
    """Return each image shifted by its number of pixels, with the border repeated.

    Shapes:
        down, right: (B,) int64

    Example:
        >>> image = torch.tensor([[[[1, 2, 3]]]])
        >>> shifted(image, down=torch.tensor([0]), right=torch.tensor([1])).tolist()
        [[[[1, 1, 2]]]]
    """
    height, width = images.shape[-2:]
    rows = (torch.arange(height) - down[:, None]).clamp(0, height - 1)
    columns = (torch.arange(width) - right[:, None]).clamp(0, width - 1)
    # (B, H) and (B, W) -> (B, 1, H * W): for each pixel, the place that it is taken from
    places = (rows[:, :, None] * width + columns[:, None, :]).flatten(1)[:, None]
    # (B, C, ..., H, W) -> (B, C * ..., H * W)
    flat = images.flatten(1, -3).flatten(-2)
    return flat.gather(-1, places.expand(flat.shape)).reshape(images.shape)


def cut_out(images: Tensor, *, hole: Tensor, share: float, fill: Tensor) -> Tensor:
    """Return images with a square painted over, part of which may lie outside.

    Args:
        images: What models see, float32.
        hole: (B, 2), the middle of each square, as a share of height and width.
        share: Side of the square, as a share of height and width.
        fill: (C,), the colour.

    Example:
        >>> image, middle = torch.ones(1, 1, 1, 4), torch.tensor([[0.5, 0.5]])
        >>> cut_out(image, hole=middle, share=0.5, fill=torch.zeros(1)).tolist()
        [[[[1.0, 0.0, 0.0, 1.0]]]]
    """
    is_inside = []
    for axis, side in enumerate(images.shape[-2:]):
        half = max(0.5, share * side / 2)
        centres = torch.arange(side) + 0.5
        # (B, side)
        is_inside.append((centres - hole[:, axis, None] * side).abs() <= half)
    # (B, H, W) -> (B, 1, ..., H, W)
    ones = [1] * (images.ndim - 3)
    mask = (is_inside[0][:, :, None] & is_inside[1][:, None, :]).reshape(
        len(images), *ones, *images.shape[-2:]
    )
    return torch.where(mask, fill.reshape(-1, *[1] * (images.ndim - 2)), images)


def mixed(values: Tensor, weight: Tensor) -> Tensor:
    """Return each example mixed with the one before it in the batch, the first with the last.

    Shapes:
        values: (B, ...) float32
        weight: (B,), that of the example itself

    Example:
        >>> mixed(torch.tensor([[0.0], [1.0]]), torch.tensor([1.0, 0.75])).tolist()
        [[0.0], [0.75]]
    """
    return torch.lerp(values.roll(1, 0), values, _spread(weight, values))


def _spread(each: Tensor, images: Tensor) -> Tensor:
    """Return (B,) as (B, 1, ...), to go with a batch."""
    return each.reshape(-1, *[1] * (images.ndim - 1))


def _shifts(n: int, *, share: float, side: int) -> Tensor:
    most = round(share * side)
    return torch.randint(-most, most + 1, (n,))


def _weights(n: int, *, alpha: float, is_classes: bool) -> Tensor:
    own = torch.tensor(alpha + 1.0 if is_classes else alpha)
    drawn: Tensor = torch.distributions.Beta(own, torch.tensor(alpha)).sample((n,))
    return drawn
