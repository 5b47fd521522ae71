"""How does a network learn to be computed in eight bits? It is trained with what that does to it.

Weights and the inputs of linear and convolutional layers are rounded in the forward pass as the
quantiser will round them, and gradients pass as if they were not. Afterwards the weights are what
was learnt; the quantiser rounds them in the same way.

References:
    Jacob et al., "Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference", CVPR 2018.
    Bengio, Leonard and Courville, "Estimating or Propagating Gradients Through Stochastic Neurons",
    2013 (the straight-through estimator).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from raysearch.compression.change import has_weights
from raysearch.errors import Unsupported

STEPS = 255
"""Steps between the smallest and the largest value of an activation."""
LARGEST = 63
"""The largest weight in steps: seven bits, as the quantiser has it; see `quantising`."""
DECAY = 0.95
"""Share of a range that stays from one batch to the next."""


class Rounding:
    """Rounds weights and inputs of a model's layers while it is trained.

    Args:
        model: Changed while this is entered, and as before afterwards but for its weights.
    """

    def __init__(self, model: nn.Module) -> None:
        self._layers: list[Any] = [layer for layer in model.modules() if has_weights(layer)]
        self._handles: list[Any] = []
        if not self._layers:
            raise Unsupported(
                f"{type(model).__name__} has no linear or convolutional layer, so there is "
                "nothing to be trained in eight bits"
            )

    def __enter__(self) -> None:
        """Begin to round."""
        for layer in self._layers:
            inputs, weights = RoundedInputs(), RoundedWeights()
            self._handles += [
                layer.register_forward_pre_hook(inputs),
                layer.register_forward_pre_hook(weights.before),
                layer.register_forward_hook(weights.after, always_call=True),
            ]

    def __exit__(self, *_: object) -> None:
        """Round no more."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()


class RoundedInputs:
    """Rounds what a layer is given to 256 values between the ends of its usual range."""

    def __init__(self) -> None:
        self._low: Tensor | None = None
        self._high: Tensor | None = None

    def __call__(self, layer: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the arguments with the first one rounded."""
        x, *others = args
        if not x.is_floating_point():
            return args
        if layer.training or self._low is None or self._high is None:
            low, high = x.detach().amin().clamp(max=0), x.detach().amax().clamp(min=0)
            if self._low is None or self._high is None:
                self._low, self._high = low, high
            else:
                self._low = DECAY * self._low + (1 - DECAY) * low
                self._high = DECAY * self._high + (1 - DECAY) * high
        return (rounded(x, low=self._low, high=self._high), *others)


def rounded(x: Tensor, *, low: Tensor, high: Tensor) -> Tensor:
    """Return numbers rounded to 256 evenly spaced values, 0 among them; the gradient passes.

    Args:
        x: Any shape; what lies outside is cut off, and has no gradient.
        low: (), at most 0.
        high: (), at least 0.

    Example:
        >>> one = torch.tensor(1.0)
        >>> kept = rounded(torch.tensor([0.0, 0.2, 2.0]), low=one * 0, high=one)
        >>> [round(value, 3) for value in kept.tolist()]
        [0.0, 0.2, 1.0]
    """
    scale = float(((high - low) / STEPS).clamp(min=1e-12))
    zero = int(min(STEPS, max(0, round(-float(low) / scale))))
    return torch.fake_quantize_per_tensor_affine(x, scale, zero, 0, STEPS)


class RoundedWeights:
    """Lets a layer compute with rounded weights, and learn those that are not."""

    def __init__(self) -> None:
        self._exact: nn.Parameter | None = None

    def before(self, layer: Any, args: tuple[Any, ...]) -> None:
        """Put rounded weights in the place of the layer's."""
        exact = layer.weight
        self._exact = exact
        del layer._parameters["weight"]
        layer.weight = rounded_weights(exact)

    def after(self, layer: Any, args: tuple[Any, ...], outputs: Any) -> None:
        """Put the layer's weights back."""
        if self._exact is None:
            return
        del layer.weight
        layer._parameters["weight"] = self._exact
        self._exact = None


def rounded_weights(weight: Tensor) -> Tensor:
    """Return weights (D, ...) rounded to 127 values around 0, of each of the D channels its own.

    Example:
        >>> kept = rounded_weights(torch.tensor([[0.63, 0.096], [6.3, 0.04]]))
        >>> [[round(value, 3) for value in channel] for channel in kept.tolist()]
        [[0.63, 0.1], [6.3, 0.0]]
    """
    largest = weight.detach().abs().flatten(1).amax(1)
    scales = (largest / LARGEST).clamp(min=1e-12)
    zeros = torch.zeros(len(weight), dtype=torch.int32)
    return torch.fake_quantize_per_channel_affine(weight, scales, zeros, 0, -LARGEST, LARGEST)
