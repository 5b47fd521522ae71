"""Which examples does a fold of a cross-validation hold out, given as tensors?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from raysearch.data.folds import fold_of_each

if TYPE_CHECKING:
    from torch import Tensor


def held_out(targets: Tensor, groups: Tensor | None, *, number: int, of: int, seed: int) -> Tensor:
    """Return which of the examples for training and validation one fold validates on.

    Folds have the same mix of classes, where targets are some, and keep groups together.

    Args:
        targets: Of those for training, and then of those for validation.
        groups: Group of each of them; None where each stands for itself.
        number: Which fold, from 0.
        of: How many folds there are, at least 2.
        seed: At least 0; the same seed gives the same folds.

    Shapes:
        targets: (N,) int64 classes, or (N, ...)
        groups: (N,) int64
        returns: (N,) bool

    Raises:
        ConfigurationError: There are too few examples, or groups, for so many folds.
    """
    import torch

    is_classes = targets.ndim == 1 and not targets.is_floating_point()
    folds = fold_of_each(
        len(targets),
        n_folds=of,
        seed=seed,
        classes=targets.numpy() if is_classes else None,
        groups=None if groups is None else groups.numpy(),
    )
    return torch.from_numpy(folds == number)
