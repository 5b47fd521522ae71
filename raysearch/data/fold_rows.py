"""Which examples does a fold of a cross-validation train on, and which does it hold out?

Their places, and no copies of them: examples may lie in a file that is larger than memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from raysearch.data.folds import fold_of_each
from raysearch.data.forward_folds import forward_fold

if TYPE_CHECKING:
    from torch import Tensor


def fold_rows(
    targets: Tensor,
    *,
    groups: Tensor | None,
    moments: Tensor | None,
    number: int,
    of: int,
    seed: int,
) -> tuple[Tensor, Tensor]:
    """Return the places of the examples that a fold trains on, and of those it validates on.

    Where examples have moments, a fold trains on those before, and validates on those after (see
    `forward_folds`). Else folds have the same mix of classes, where targets are some, and keep
    groups together.

    Args:
        targets: Of those for training, and then of those for validation.
        groups: Group of each of them; None where each stands for itself.
        moments: The first and the last moment of what each of them tells; None without an order.
        number: Which fold, from 0.
        of: How many folds there are, at least 2.
        seed: At least 0; the same seed gives the same folds.

    Shapes:
        targets: (N,) int64 classes, or (N, ...)
        groups: (N,) int64
        moments: (N, 2) int64
        returns: (T,) and (V,) int64, ascending

    Raises:
        ConfigurationError: There are too few examples, groups or moments for so many folds.
    """
    import torch

    if moments is not None:
        parts = forward_fold(moments.numpy(), number=number, n_folds=of)
        return torch.from_numpy(parts[0]), torch.from_numpy(parts[1])
    is_classes = targets.ndim == 1 and not targets.is_floating_point()
    folds = fold_of_each(
        len(targets),
        n_folds=of,
        seed=seed,
        classes=targets.numpy() if is_classes else None,
        groups=None if groups is None else groups.numpy(),
    )
    is_held_out = torch.from_numpy(folds == number)
    return (~is_held_out).nonzero().flatten(), is_held_out.nonzero().flatten()
