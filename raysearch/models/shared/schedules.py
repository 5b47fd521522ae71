"""How does the learning rate change while a trial trains?

Each schedule is a pure function from the optimiser step to a factor of `learning_rate`. A step is
one step of the optimiser, not an epoch, and the horizon is the number of steps of a full trial, so
that a trial that is stopped early has run the beginning of the full schedule.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from raysearch.errors import ConfigurationError
from raysearch.models.shared.arguments import OptimizerSettings

_ONE_CYCLE_PEAK = 0.3
_ONE_CYCLE_FIRST = 1 / 25
_ONE_CYCLE_LAST = 1 / 25 / 1e4


def constant(step: int, *, n_steps: int, warmup_fraction: float = 0.0) -> float:
    """Return 1 after a linear warm-up over the first `warmup_fraction` of `n_steps`.

    The first step of a warm-up of w steps has the factor 1 / (w + 1), never zero (Goyal et al.,
    "Accurate, Large Minibatch SGD", 2017, section 2.2).

    Example:
        >>> [constant(step, n_steps=10, warmup_fraction=0.3) for step in range(5)]
        [0.25, 0.5, 0.75, 1.0, 1.0]
    """
    warmup = math.floor(warmup_fraction * n_steps)
    return min((step + 1) / (warmup + 1), 1.0)


def cosine(step: int, *, n_steps: int, warmup_fraction: float = 0.0) -> float:
    """Return half a cosine wave from 1 down to 0 at `n_steps`, after a warm-up as in `constant`.

    Args:
        step: Optimiser steps taken so far, from 0.
        n_steps: Horizon in optimiser steps. Beyond it, the factor stays 0.
        warmup_fraction: Share of the horizon for the warm-up, in [0, 1).

    References:
        Loshchilov and Hutter, "SGDR", ICLR 2017, equation 5, without restarts.

    Example:
        >>> [round(cosine(step, n_steps=4), 3) for step in range(6)]
        [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """
    warmup = math.floor(warmup_fraction * n_steps)
    if step < warmup:
        return constant(step, n_steps=n_steps, warmup_fraction=warmup_fraction)
    progress = min((step - warmup) / max(n_steps - warmup, 1), 1.0)
    return (1 + math.cos(math.pi * progress)) / 2


def one_cycle(step: int, *, n_steps: int) -> float:
    """Return a rise from 1/25 to 1 over the first 30 % of the steps, then a fall to almost nothing.

    Both parts are half a cosine wave, with the proportions of PyTorch's `OneCycleLR`, whose values
    these are. The momentum does not change with it, unlike in the paper.

    Args:
        step: Optimiser steps taken so far, from 0.
        n_steps: Horizon in optimiser steps. Beyond it, the factor stays at its last value.

    References:
        Smith and Topin, "Super-Convergence", 2018.

    Example:
        >>> [round(one_cycle(step, n_steps=10), 3) for step in (0, 2, 9)]
        [0.04, 1.0, 0.0]
    """
    peak = max(_ONE_CYCLE_PEAK * n_steps - 1, 0.0)
    if step < peak:
        return _half_wave(_ONE_CYCLE_FIRST, 1.0, step / peak)
    progress = (step - peak) / max(n_steps - 1 - peak, 1.0)
    return _half_wave(1.0, _ONE_CYCLE_LAST, min(progress, 1.0))


def has_schedule(settings: OptimizerSettings) -> bool:
    """Return whether the learning rate ever changes."""
    return settings.schedule != "constant" or settings.warmup_fraction > 0


def schedule(optimizer: Optimizer, *, settings: OptimizerSettings, n_steps: float) -> LambdaLR:
    """Return what sets the learning rate after every step.

    Args:
        optimizer: Its groups' learning rates are multiplied by the schedule's factor.
        settings: Names the schedule.
        n_steps: Horizon in optimiser steps; infinite or negative when nobody knows.

    Raises:
        ConfigurationError: There is no horizon.
    """
    if not 1 <= n_steps < math.inf:
        raise ConfigurationError(
            f"schedule is {settings.schedule!r} with warmup_fraction {settings.warmup_fraction}. "
            f"That needs to know how many steps a fit has, and the Trainer cannot tell. "
            f"Set max_epochs or max_steps, or use schedule 'constant' with warmup_fraction 0."
        )
    return LambdaLR(optimizer, _factor(settings, int(n_steps)))


def _factor(settings: OptimizerSettings, n_steps: int) -> Callable[[int], float]:
    warmup = settings.warmup_fraction
    factors: dict[str, Callable[[int], float]] = {
        "constant": partial(constant, n_steps=n_steps, warmup_fraction=warmup),
        "cosine": partial(cosine, n_steps=n_steps, warmup_fraction=warmup),
        "one_cycle": partial(one_cycle, n_steps=n_steps),
    }
    return factors[settings.schedule]


def _half_wave(start: float, end: float, progress: float) -> float:
    """Return the point at `progress` in [0, 1] of half a cosine wave from `start` to `end`."""
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2
