"""What does a simulated training cost beside its curves, and what befalls it?"""

from __future__ import annotations

from dataclasses import dataclass

from raysearch.checks import integer_fault, number_fault, raise_faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What training costs beside its curves, and what befalls it.

    Raises:
        ConfigurationError: A setting lies outside its range; all of them are named at once.
    """

    start_seconds: float = 0.0
    """Time between an attempt's start and that of its first epoch, at least 0."""
    mean_seconds_to_loss: float | None = None
    """Mean time after which an attempt loses its worker, exponentially distributed, at least 0.001;
    None for no losses. Another worker takes its place at once."""
    workers_per_node: int = 1
    """Workers that are lost together with their node, at least 1."""
    mean_seconds_to_node_loss: float | None = None
    """Mean time after which a node is lost with all that it trains, exponentially distributed, at
    least 0.001; None for nodes that stay."""
    node_returns_seconds: float = 0.0
    """Time after which another node is there in the place of one that was lost, at least 0."""
    checkpoint_every: int | None = None
    """Epochs between checkpoints, from which a trial goes on after a loss, at least 1; None for no
    checkpoints but those at epochs where the scheduler may pause it."""
    suggestion_seconds: float = 0.0
    """Time that a suggestion takes, at least 0, during which a worker waits for it unless it was
    begun before; see `suggests_ahead`."""
    suggests_ahead: bool = True
    """Whether, with several workers, a suggestion that takes long is begun before one is free."""
    decision_seconds: float = 0.0
    """Time for which the driver is busy with each measurement and each start of a trial, one after
    the other, at least 0; the worker waits for the answer."""
    seed: int = 0
    """Governs the losses, at least 0."""

    def __post_init__(self) -> None:
        at_least_0 = (
            "start_seconds",
            "node_returns_seconds",
            "suggestion_seconds",
            "decision_seconds",
        )
        means = ("mean_seconds_to_loss", "mean_seconds_to_node_loss")
        raise_faults(
            *(number_fault(name, getattr(self, name), at_least=0) for name in at_least_0),
            integer_fault("seed", self.seed, at_least=0),
            integer_fault("workers_per_node", self.workers_per_node, at_least=1),
            *(
                number_fault(name, mean, at_least=0.001)
                for name in means
                if (mean := getattr(self, name)) is not None
            ),
            None
            if self.checkpoint_every is None
            else integer_fault("checkpoint_every", self.checkpoint_every, at_least=1),
        )
