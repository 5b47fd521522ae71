"""What must a scheduling policy offer?

One policy per file implements `Scheduler`; pure functions of rungs and populations underneath. The
engine calls it from one thread, once for every measurement in journal order:

    scheduler = ASHA(objective=objective, max_epochs=27)
    scheduler.on_measurement(trial, measurement)    # -> Decision, before anything is acted on
    scheduler.resumable([paused_trial, ...])        # -> the paused trial that goes on, or None

After a resume the same calls are made again in the same order, so that the policy knows what it
knew; decisions that the journal holds are then not carried out a second time. Another policy may
have taken them, if it was changed in the middle of the search: a trial that this one would have
stopped may report again. So a policy may depend on those calls and its seed only, and draws from
`raysearch.randomness.generator` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from raysearch.trial import Decision, Measurement, Trial


class Scheduler(Protocol):
    """Decides which trials go on.

    Implementations are constructed as `Policy(objective=..., max_epochs=..., seed=..., ...)`, where
    the further settings are keyword-only, typed and documented: they are the keys of an experiment
    file's `scheduler:` section. A setting out of range is a `ConfigurationError` that names it as
    "scheduler.<setting>".
    """

    def on_measurement(self, trial: Trial, measurement: Measurement) -> Decision:
        """Return what happens to a trial that has just reported.

        A decision other than "continue" has a reason. What is decided at the last epoch is of no
        consequence: the trial is complete.

        Args:
            trial: The trial; its last measurement is `measurement`.
            measurement: What it reported. The objective's metric is present; its value is None
                when it was not finite, which counts as the worst.
        """
        ...

    def resumable(self, paused: Sequence[Trial]) -> Trial | None:
        """Return the paused trial that should go on now, or None to leave them paused."""
        ...
