"""What if every trial shall be trained to its end? Then nothing is ever decided."""

from __future__ import annotations

from collections.abc import Sequence

from raysearch.schedulers.base import Scheduler
from raysearch.trial import Decision, DecisionKind, Measurement, Objective, Trial


class NoScheduler(Scheduler):
    """Lets every trial go on; the baseline for the other policies.

    Args:
        objective: Not used; accepted so that all policies are constructed alike.
        max_epochs: Not used.
        objectives: Not used, either.
        seed: Not used: nothing is drawn.
    """

    def __init__(
        self,
        *,
        objective: Objective,
        max_epochs: int,
        objectives: Sequence[Objective] = (),
        seed: int = 0,
    ) -> None:
        del objective, objectives, max_epochs, seed

    def on_measurement(self, trial: Trial, measurement: Measurement) -> Decision:
        """Return that the trial goes on."""
        del trial, measurement
        return Decision(kind=DecisionKind.CONTINUE)
