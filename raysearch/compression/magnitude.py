"""Which weights does a network not need? Those that are small: they are set to zero.

The smallest weights of all layers together are set to zero, and stay there while the others are
trained. The file then holds only the others where that is shorter. It is not faster: onnxruntime
computes with the zeros.

References:
    Han et al., "Learning both Weights and Connections for Efficient Neural Networks", NeurIPS 2015.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from raysearch.compression.change import Changed, Given, has_weights
from raysearch.errors import Unsupported


def prune_weights(given: Given) -> Changed:
    """Set the smallest weights to zero, so that `keep` of them are left.

    Raises:
        Unsupported: The model has no linear or convolutional layer.
    """
    layers = [layer for layer in given.model.modules() if has_weights(layer)]
    if not layers:
        raise Unsupported(
            f"{given.subject.name} has no linear or convolutional layer whose weights could be "
            "pruned"
        )
    weights = [layer.weight for layer in layers]
    masks = kept(weights, share=given.keep)

    def zero() -> None:
        with torch.no_grad():
            for weight, mask in zip(weights, masks, strict=True):
                weight.mul_(mask)

    zero()
    others = sum(p.numel() for p in given.model.parameters()) - sum(w.numel() for w in weights)
    left = f"{others:,} parameters outside of linear and convolutional layers" if others else ""
    return Changed(model=given.model, left=left, after_step=zero, finish=zero)


def kept(weights: list[nn.Parameter], *, share: float) -> list[Tensor]:
    """Return for each weight 1 where it is among the largest of all, else 0.

    Example:
        >>> masks = kept([nn.Parameter(torch.tensor([1.0, -3.0])),
        ...               nn.Parameter(torch.tensor([2.0, 0.5]))], share=0.5)
        >>> [mask.tolist() for mask in masks]
        [[0.0, 1.0], [1.0, 0.0]]
    """
    sizes = torch.cat([weight.detach().abs().flatten() for weight in weights])
    n_kept = max(1, round(share * len(sizes)))
    mask = torch.zeros_like(sizes)
    mask[sizes.topk(n_kept).indices] = 1.0
    lengths = [weight.numel() for weight in weights]
    return [
        part.reshape(weight.shape)
        for part, weight in zip(torch.split(mask, lengths), weights, strict=True)
    ]
