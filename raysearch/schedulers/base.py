"""What must a scheduling policy offer?

One policy per file implements `Scheduler`; pure functions of rungs and populations underneath. The
engine calls it from one thread, in journal order:

    scheduler = Hyperband(objective=objective, max_epochs=27)
    scheduler.begins(12)                            # may trial 12 begin now?
    scheduler.pauses_at(trial)                      # its checkpoints that matter, as it begins
    scheduler.waits_at(trial)                       # those of them at which it most likely pauses
    scheduler.on_measurement(trial, measurement)    # -> Decision, before anything is acted on
    scheduler.on_takeover(trial)                    # it goes on with the weights of another one
    scheduler.on_return(trial)                      # it goes on with its own, after a pause
    scheduler.on_end(trial)                         # once for each trial, whatever ended it
    scheduler.decide_paused(paused, n_begun=12, more_to_come=True)   # when a worker is free

After a resume `on_measurement`, `on_takeover`, `on_return` and `on_end` are called again in the
same order, so that the policy knows what it knew; decisions that the journal holds are then not
carried out a second time. Another policy may have taken them, if it was changed in the middle of
the search: a trial that this one would have stopped or paused may report again, or have taken over
weights, and one that it would have let go on may have ended.
So a policy may depend on those calls and its seed only, and draws from
`raysearch.randomness.generator` alone; what is asked (`begins`, `pauses_at`, `waits_at`,
`decide_paused`) changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from raysearch.trial import Decision, Measurement, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of a trial that is paused."""

    trial: str
    """Its id."""
    decision: Decision
    """To continue, to stop, or to exploit another trial, with the reason."""


class Scheduler(Protocol):
    """Decides which trials go on.

    Implementations derive from this class, of which a policy that never pauses needs
    `on_measurement` alone. They are constructed as
    `Policy(objective=..., max_epochs=..., seed=..., ...)`, where the further settings are
    keyword-only, typed and documented: they are the keys of an experiment file's `scheduler:`
    section. One that must know how many trials there will be has an argument `max_trials`, which
    raysearch gives as well: that of the budget, or None. One that changes configurations has the
    arguments `space` and `fixed` (parameter -> why it must stay as it is), and one that must know
    how many epochs there will be has `max_total_epochs`. A setting out of range is a
    `ConfigurationError` that names it as "scheduler.<setting>".
    """

    exploits: ClassVar[bool] = False
    """Whether it lets trials take over the weights of others, whose checkpoints it then keeps."""

    def on_measurement(self, trial: Trial, measurement: Measurement) -> Decision:
        """Return what happens to a trial that has just reported.

        A decision other than "continue" has a reason. What is decided at the last epoch is of no
        consequence: the trial is complete. Trial 0000 goes on whatever is decided, unless its value
        is not finite.

        Args:
            trial: The trial; its last measurement is `measurement`.
            measurement: What it reported. The objective's metric is present; its value is None
                when it was not finite, which counts as the worst.
        """
        ...

    def on_takeover(self, trial: Trial) -> None:
        """Take into account that a paused trial goes on as this policy said in an "exploit".

        Args:
            trial: With its new configuration; the last of its takeovers says whose weights it has.
        """
        del trial

    def on_return(self, trial: Trial) -> None:
        """Take into account that a paused trial goes on as it was."""
        del trial

    def on_end(self, trial: Trial) -> None:
        """Take into account that a trial has ended: complete, stopped, failed or rejected."""
        del trial

    def pauses_at(self, trial: Trial) -> tuple[int, ...]:
        """Return the epochs at which the trial may be paused, in rising order.

        A checkpoint is written at each of them, or at the first measurement after it. One that is
        paused elsewhere goes on from an earlier checkpoint, and trains some epochs twice.
        """
        del trial
        return ()

    def waits_at(self, trial: Trial) -> tuple[int, ...]:
        """Return those of these epochs after which no further one is begun before the decision.

        Where most trials do pause: an epoch that runs ahead would be given up, and takes time from
        the trial that comes next.
        """
        return self.pauses_at(trial)

    def keeps(self, trial: Trial) -> tuple[int, ...]:
        """Return the epochs of checkpoints of the trial that another one may yet take over.

        Asked when checkpoints that nobody needs are deleted, also those of trials that ended.
        """
        del trial
        return ()

    def begins(self, number: int) -> bool:
        """Return whether the trial with this number, the next one, may begin now.

        False makes a free worker wait. It is asked again when a trial has reported or ended. Once
        nothing is in training, and the search is not at its end, paused trials are stopped; what is
        refused even then is refused for good.
        """
        del number
        return True

    def decide_paused(
        self, paused: Mapping[str, Trial], *, n_begun: int, more_to_come: bool
    ) -> Verdict | None:
        """Return what becomes of one of the paused trials, or None to leave all as they are.

        Asked when a worker is free, before a new trial is begun: one that is to continue takes that
        worker. Asked again, without it, after one that is to stop.

        Args:
            paused: The trials that are paused, by id; not those that have been let go on.
            n_begun: Trials that have begun: those with smaller numbers.
            more_to_come: Whether further trials may begin. False once budgets or the searcher allow
                none; then a policy must not wait for them. It is asked with True before, and what
                it says then is certain; a trial that it stops with False alone stays paused, since
                a larger budget may bring further trials.
        """
        del paused, n_begun, more_to_come
        return None
