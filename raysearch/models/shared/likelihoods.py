"""How does a network tell the probabilities of the levels that a number can take?

Each likelihood turns a few outputs per number into the log-probabilities of its K levels, which sum
to 1, so that all of them can be compared with each other and sampled in the same way.

- `categorical`: K unnormalised log-probabilities. Knows nothing of the order of the levels.
- `logistic_mixture`: five logistic distributions over the real line with a weight each; a level has
  the probability of the interval around it, the first and the last one of all that is beyond.
- `gaussian`: one normal distribution, cut into intervals in the same way.
- `bernoulli`: the level is the number of successes in K - 1 draws with the same probability. Up to
  the binomial coefficient, without which the probabilities would not sum to 1, that is K - 1 times
  the cross-entropy between the value in [0, 1] and the probability; for K = 2 it is Bernoulli's.

Shapes:
    outputs: (B, P C, H, W), P outputs for each of C channels, those of a channel side by side
    log-probabilities: (B, C, K, H, W)
    B batch, C channels, H and W height and width in pixels, K levels

References:
    van den Oord et al., "Pixel Recurrent Neural Networks", ICML 2016 (categorical).
    Salimans et al., "PixelCNN++", ICLR 2017 (logistic mixture, intervals).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor
from torch.nn import functional as F

from raysearch.models.shared.densities import levels_of, values_of

MIXTURE = 5
"""Components of a logistic mixture."""

_FAR = -30.0
"""Standard deviations from the mean, from which on a tail is told by its series."""

_NARROWEST = 1e-6
"""By how much a logarithm differs at the ends of an interval at least: float32 tells no less."""


@dataclass(frozen=True, slots=True)
class Likelihood:
    """How outputs are read.

    Args:
        name: "categorical", "logistic_mixture", "gaussian" or "bernoulli".
        n_levels: K, at least 2.

    Example:
        >>> likelihood = Likelihood("categorical", 3)
        >>> likelihood.log_probs(torch.zeros(2, 3, 4, 4)).exp().sum(2).shape
        torch.Size([2, 1, 4, 4])
    """

    name: str
    n_levels: int

    @property
    def n_outputs(self) -> int:
        """The P outputs for each number."""
        return {
            "categorical": self.n_levels,
            "logistic_mixture": 3 * MIXTURE,
            "gaussian": 2,
            "bernoulli": 1,
        }[self.name]

    def log_probs(self, outputs: Tensor) -> Tensor:
        """Return the log-probabilities of all levels, (B, C, K, H, W)."""
        levels = torch.arange(self.n_levels, device=outputs.device)
        return self._of(outputs, levels[:, None, None])

    def nats(self, outputs: Tensor, x: Tensor) -> Tensor:
        """Return -ln P, (B,), of images x (B, C, H, W); no other levels are computed."""
        # (B, C, H, W) -> (B, C, 1, H, W) -> (B,)
        levels = levels_of(x, self.n_levels).unsqueeze(2)
        return -self._of(outputs, levels).flatten(1).sum(1)

    def _of(self, outputs: Tensor, levels: Tensor) -> Tensor:
        """Return the log-probabilities of levels, (B, C, L, H, W).

        Args:
            outputs: (B, P C, H, W).
            levels: (L, 1, 1) or (B, C, L, H, W) int64.
        """
        # (B, P C, H, W) -> (B, C, P, H, W)
        split = outputs.reshape(len(outputs), -1, self.n_outputs, *outputs.shape[2:])
        # float16 and bfloat16 cannot tell the ends of an interval apart
        split = split.to(torch.promote_types(split.dtype, torch.float32))
        return _LIKELIHOODS[self.name](split, levels, self.n_levels)

    def sample(self, outputs: Tensor) -> Tensor:
        """Return values in [0, 1] that are drawn, (B, C, H, W)."""
        # (B, C, K, H, W) -> (B, C, H, W, K) -> (B C H W, K)
        probabilities = self.log_probs(outputs).movedim(2, -1).exp()
        drawn = torch.multinomial(probabilities.flatten(0, -2), 1)
        return values_of(drawn.view(probabilities.shape[:-1]), self.n_levels)

    def mean(self, outputs: Tensor) -> Tensor:
        """Return the values in [0, 1] that are expected, (B, C, H, W)."""
        values = values_of(torch.arange(self.n_levels, device=outputs.device), self.n_levels)
        values = _column(values, like=outputs)
        return (self.log_probs(outputs).exp() * values).sum(2)


def _categorical(outputs: Tensor, levels: Tensor, n_levels: int) -> Tensor:
    shape = (*outputs.shape[:2], levels.shape[-3], *outputs.shape[3:])
    return outputs.log_softmax(2).gather(2, levels.expand(shape))


def _logistic_mixture(outputs: Tensor, levels: Tensor, n_levels: int) -> Tensor:
    # three times (B, C, M, H, W), with M components; those start side by side
    weights, means, log_scales = outputs.chunk(3, dim=2)
    means = means + _column(torch.linspace(-1, 1, MIXTURE, device=means.device), like=means)
    # (B, C, M, H, W) -> (B, C, M, 1, H, W), beside (L, 1, 1) or (B, C, 1, L, H, W)
    inverse = (2 - log_scales.clamp(-5, 5)).exp().unsqueeze(3)
    levels = levels.unsqueeze(-4)
    edges = _edges(levels, n_levels, like=outputs)
    lower, upper = ((edge - means.unsqueeze(3)) * inverse for edge in edges)
    below, above = F.logsigmoid(upper), F.logsigmoid(-lower)
    # s(b) - s(a) = s(b) s(-a) (1 - exp(a - b)), with b - a the same for all levels
    inside = (-torch.expm1(-2 / (n_levels - 1) * inverse)).log()
    each = _with_ends(below + above + inside, levels, n_levels, first=below, last=above)
    # (B, C, M, L, H, W) -> (B, C, L, H, W)
    return (weights.log_softmax(2).unsqueeze(3) + each).logsumexp(2)


def _gaussian(outputs: Tensor, levels: Tensor, n_levels: int) -> Tensor:
    # twice (B, C, 1, H, W)
    mean, log_scale = outputs.chunk(2, dim=2)
    scale = (1 - log_scale.clamp(-5, 5)).exp()
    lower, upper = ((edge - mean) * scale for edge in _edges(levels, n_levels, like=outputs))
    # as far above the mean as below it: the side on which the distribution function is no 1
    is_above = lower + upper > 0
    a, b = torch.where(is_above, -upper, lower), torch.where(is_above, -lower, upper)
    # F(b) - F(a) = F(b) (1 - exp(ln F(a) - ln F(b)))
    below = _log_ndtr(b)
    inside = (-torch.expm1((_log_ndtr(a) - below).clamp(max=-_NARROWEST))).log()
    first, last = _log_ndtr(upper), _log_ndtr(-lower)
    return _with_ends(below + inside, levels, n_levels, first=first, last=last)


def _bernoulli(outputs: Tensor, levels: Tensor, n_levels: int) -> Tensor:
    n_draws = n_levels - 1
    counts = torch.arange(n_levels, dtype=torch.float64)  # which not every device has
    ways = math.lgamma(n_levels) - torch.lgamma(counts + 1) - torch.lgamma(n_draws - counts + 1)
    ways = ways.to(outputs.device, outputs.dtype)[levels]
    successes = levels.to(outputs.dtype)
    # (B, C, 1, H, W) -> (B, C, L, H, W)
    of_each = successes * F.logsigmoid(outputs) + (n_draws - successes) * F.logsigmoid(-outputs)
    return ways + of_each


_LIKELIHOODS: Mapping[str, Callable[[Tensor, Tensor, int], Tensor]] = MappingProxyType(
    {
        "categorical": _categorical,
        "logistic_mixture": _logistic_mixture,
        "gaussian": _gaussian,
        "bernoulli": _bernoulli,
    }
)


def _log_ndtr(x: Tensor) -> Tensor:
    """Return the logarithm of the normal distribution function, with a gradient at any x.

    Far below the mean the gradient of PyTorch's is wrong in float32; there it is the series
    ln(phi(x) / -x (1 - 1 / x^2)), which is exact to 1e-5.
    """
    far = x.clamp(max=_FAR)
    tail = -far.square() / 2 - (-far * math.sqrt(2 * math.pi)).log() + (-1 / far.square()).log1p()
    return torch.where(x < _FAR, tail, torch.special.log_ndtr(x.clamp(min=_FAR)))


def _edges(levels: Tensor, n_levels: int, *, like: Tensor) -> tuple[Tensor, Tensor]:
    """Return where levels begin and end, with the values scaled to [-1, 1], as if all did."""
    numbers, width = levels.to(like.dtype), 2 / (n_levels - 1)
    return (numbers - 0.5) * width - 1, (numbers + 0.5) * width - 1


def _with_ends(
    between: Tensor, levels: Tensor, n_levels: int, *, first: Tensor, last: Tensor
) -> Tensor:
    """Return log-probabilities in which the first and the last level have all that is beyond."""
    return torch.where(levels == 0, first, torch.where(levels == n_levels - 1, last, between))


def _column(values: Tensor, *, like: Tensor) -> Tensor:
    """Return (N,) as (N, 1, 1), to be broadcast over pixels."""
    return values.to(like.device, like.dtype)[:, None, None]
