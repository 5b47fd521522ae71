"""Which measures of a model are there, and what does each number mean?

All of them need no training: what they say of a model holds before its first epoch. Less is better
of each.
"""

from __future__ import annotations

from dataclasses import dataclass

SECONDS = "seconds"
"""Training time of a trial in seconds, up to the epoch that counts: an objective, but no
constraint, since nobody knows it before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One measure."""

    text: str
    """What it is, with its unit, for a person."""
    is_exact: bool
    """Whether it is the same each time it is taken; times never are."""


MEASURES = {
    "flops": Measure(
        text="floating-point operations of one forward pass of one example", is_exact=True
    ),
    "latency_ms": Measure(
        text="time of a forward pass in evaluation mode, median, in milliseconds", is_exact=False
    ),
    "latency_p95_ms": Measure(
        text="time of a forward pass that 19 of 20 keep to, in milliseconds", is_exact=False
    ),
    "memory_mb": Measure(
        text="peak of tensors in a forward pass, parameters included, in MB (10^6 bytes)",
        is_exact=True,
    ),
    "memory_train_mb": Measure(
        text="peak of tensors in a forward and backward pass, parameters and gradients included, "
        "the optimiser's state not, in MB (10^6 bytes)",
        is_exact=True,
    ),
    "params": Measure(text="parameters, those that are not trained included", is_exact=True),
    "size_mb": Measure(
        text="size of the file of its parameters and buffers, in MB (10^6 bytes)", is_exact=True
    ),
}
"""Name in an experiment file -> measure, in alphabetical order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """Under which conditions a model is measured."""

    batch_size: int = 1
    """Examples of a forward pass whose time and memory is taken, at least 1."""
    threads: int = 1
    """Threads that torch may use meanwhile, at least 1."""
    runs: int = 50
    """Passes that are timed at most, at least 5; fewer once they have taken half a second."""
    device: str = "cpu"
    """Where the model will serve: "cpu", or "cuda"."""
