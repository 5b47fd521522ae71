"""How do the pixels of all images become batches of float32, varied in training alone?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from raysearch.data.images.augmentation import Augmentation, cut_out, mixed, moved
from raysearch.data.images.preprocessing import PixelScale
from raysearch.data.loaders import EVALUATION_BATCH, ExampleLoader
from raysearch.data.pages import ahead, ask_for

_LARGEST_BATCH_BYTES = 256e6
"""Of float32 inputs in a batch from which nothing is learnt."""


class ImageLoader(ExampleLoader):
    """Batches of images, cut from the pixels of all; Lightning takes it as a `DataLoader`.

    As of `tensors.TensorLoader`: every pass goes over all examples, a single left-over one joins
    the batch before it, and everything is drawn from torch's default generator when the first batch
    of a pass is asked for. Without an augmentation the examples come in their order, unvaried.

    Args:
        pixels: Of all images that are listed, of which these are some.
        targets: Of the examples.
        rows: Which of the images the examples are.
        scale: What models see of the pixels.
        batch_size: Examples in a batch, at least 1; None for as many as memory allows.
        augmentation: How examples are varied, in a random order; None for none, in their order.
        is_streamed: Whether what a batch needs is read from a file while the one before it is
            trained on; see `pages`.

    Shapes:
        pixels: (M, C, H, W) or (M, C, D, H, W) uint8
        targets: (N,) int64, or (N, K) float32
        rows: (N,) int64
        yields: ((B, C, H, W) or (B, C, D, H, W) float32, (B,) or (B, K)), which may be changed
    """

    def __init__(
        self,
        pixels: Tensor,
        targets: Tensor,
        *,
        rows: Tensor,
        scale: PixelScale,
        batch_size: int | None = None,
        augmentation: Augmentation | None = None,
        is_streamed: bool = False,
    ) -> None:
        super().__init__(len(rows), batch_size=batch_size or _evaluation_batch(pixels))
        self.is_streamed = is_streamed
        self.tensors = (pixels, targets)
        """The pixels of all images that are listed, and the targets of the examples alone."""
        self._rows = rows
        self.augmentation = augmentation
        # (C,) -> (C, 1, 1), or (C, 1, 1, 1) for clips
        shape = (-1, *[1] * (pixels.ndim - 2))
        center, spread = torch.tensor(scale.center), torch.tensor(scale.spread)
        self._center, self._spread = center.reshape(shape), spread.reshape(shape)
        self._is_unit = not center.any() and bool((spread == 1).all())
        self._fill = (torch.tensor(scale.mean) - center) / spread

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the batches of one pass; nothing is drawn before the first one is asked for."""
        pixels, targets = self.tensors
        if self.augmentation is None:
            for start, end in self._ahead(self._rows):
                chosen = pixels.index_select(0, self._rows[start:end])
                yield self._scaled(chosen), targets[start:end].clone()
            return
        height, width = pixels.shape[-2:]
        order = torch.randperm(len(self._rows))
        draws = self.augmentation.drawn(
            len(order), height=height, width=width, is_classes=not targets.is_floating_point()
        )
        for start, end in self._ahead(self._rows[order]):
            chosen = order[start:end]
            drawn = draws[start:end]
            inputs = self._scaled(moved(pixels.index_select(0, self._rows[chosen]), drawn))
            wanted = targets.index_select(0, chosen)
            if drawn.hole is not None:
                share = self.augmentation.cutout
                inputs = cut_out(inputs, hole=drawn.hole, share=share, fill=self._fill)
            if drawn.weight is not None:
                inputs = mixed(inputs, drawn.weight)
                if wanted.is_floating_point():
                    wanted = mixed(wanted, drawn.weight)
            yield inputs, wanted

    def _ahead(self, rows: Tensor) -> Iterable[tuple[int, int]]:
        """Return the bounds of the batches, whose pixels are asked for ahead if need be."""
        if not self.is_streamed:
            return self.bounds
        return ahead(self.bounds, lambda bounds: ask_for(self.tensors[:1], rows[slice(*bounds)]))

    def _scaled(self, pixels: Tensor) -> Tensor:
        """Return what models see of pixels from 0 to 255."""
        scaled = pixels.float().div_(255.0)
        return scaled if self._is_unit else scaled.sub_(self._center).div_(self._spread)


def _evaluation_batch(pixels: Tensor) -> int:
    n_bytes = 4 * pixels[0].numel()
    return max(1, min(EVALUATION_BATCH, int(_LARGEST_BATCH_BYTES // n_bytes)))
