"""Does the policy that never decides let everything go on?"""

from __future__ import annotations

import math

import pytest

from raysearch.schedulers.none import NoScheduler
from raysearch.trial import Decision, DecisionKind, Measurement, Objective, Trial


@pytest.mark.parametrize("value", [0.0, 1e9, math.inf, None])
def test_everything_goes_on_without_comment(value: float | None) -> None:
    objective = Objective(metric="val/loss", direction="minimize")
    scheduler = NoScheduler(objective=objective, max_epochs=9)
    for epoch in range(1, 10):
        measured = Measurement(epoch=epoch, step=epoch, values={"val/loss": value}, seconds=1.0)
        trial = Trial(id="0001", number=1, configuration={}, measurements=(measured,))
        decision = scheduler.on_measurement(trial, measured)
        assert decision == Decision(kind=DecisionKind.CONTINUE, reason="")
