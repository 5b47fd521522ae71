"""What follows when an attempt begins, and when it ends without a measurement?

A worker begins, its training ends by itself, it raises, or it is gone. What was measured is the
business of `Engine.measured`; here is who is tried again, who has failed, and when so many failed
that the search had better end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from raysearch.engine import messages, records
from raysearch.engine.causes import (
    DISK_FULL,
    LOST_CONTACT,
    NOT_FINITE,
    NOT_MEASURED,
    OUT_OF_MEMORY,
    WORKER_LOST,
)
from raysearch.engine.decisions import Decisions
from raysearch.engine.folds import Folds
from raysearch.engine.ledger import Ledger
from raysearch.engine.plan import Plan
from raysearch.engine.state import SearchState
from raysearch.errors import SearchAborted
from raysearch.run_dir import events as ev
from raysearch.trial import Checkpoint, Trial, TrialStatus


class Attempts:
    """Journals how attempts begin and end, and says who is tried again.

    Args:
        plan: How often a trial is tried, and after how many failures the search ends.
        ledger: Where it is written, and what is known.
        decisions: Whether a limit is reached, after which nothing is tried again.
        folds: Told of trainings that are done.
    """

    def __init__(self, *, plan: Plan, ledger: Ledger, decisions: Decisions, folds: Folds) -> None:
        self._plan = plan
        self._ledger = ledger
        self._decisions = decisions
        self._folds = folds

    @property
    def _state(self) -> SearchState:
        return self._ledger.state

    def started(self, trial: str, *, worker: str, damaged: Mapping[str, str]) -> int:
        """Journal that a worker began to train the trial; return the attempt, from 1.

        Args:
            trial: Its id.
            worker: Host and process.
            damaged: Checkpoints that the worker could not read, by path, with what is wrong with
                each. They are given up; it went back to the one before them, or to the start.
        """
        known, at = self._state.trials[trial], self._ledger.now()
        lost = [c for c in known.starts if c.path in damaged]
        whole = [c for c in known.starts if c.path not in damaged]
        last = whole[-1].epoch if whole else 0
        started = ev.AttemptStarted(
            at=at,
            trial=trial,
            attempt=known.attempts + 1,
            worker=worker,
            from_epoch=last,
            reason=self._reason(known, [damaged[c.path] for c in lost], epoch=last),
        )
        self._ledger.emit(
            *(ev.CheckpointRemoved(at=at, trial=self._owner(c, known), path=c.path) for c in lost),
            started,
        )
        return known.attempts + 1

    def _reason(self, trial: Trial, faults: Sequence[str], *, epoch: int) -> str:
        """Return why an attempt is not like the one before; empty if it is."""
        times = trial.n_out_of_memory if self._plan.halves_batch else 0
        parts = [messages.halved(times), messages.went_back(faults, epoch=epoch)]
        return "; ".join(part for part in parts if part)

    def _owner(self, checkpoint: Checkpoint, trial: Trial) -> str:
        """Return the id of the trial that wrote a checkpoint which a trial begins from."""
        is_own = checkpoint in trial.checkpoints
        return trial.id if is_own else trial.takeovers[-1].source

    def finished(self, trial: str, *, reason: str) -> None:
        """Journal that training ended by itself; without a measurement the trial has failed.

        Raises:
            SearchAborted: All of the first trials failed.
        """
        if not self._is_in_training(trial):
            return
        if self._state.trials[trial].trained:
            self._folds.training_done(self._state.trials[trial], reason=reason)
            self.check_failures()
        else:
            error = messages.nothing_measured(reason, metric=self._plan.objective.metric)
            self.failed(trial, cause=NOT_MEASURED, error=error)

    def failed(self, trial: str, *, cause: str, error: str) -> bool:
        """Journal that the trial raised; return whether it is tried again.

        A full disk says nothing about the configuration, and the next trial would meet it too: the
        trial is interrupted, and goes on at the next `resume`.

        Raises:
            SearchAborted: All of the first trials failed, or the disk is full.
        """
        if not self._is_in_training(trial):
            return False
        known = self._state.trials[trial]
        ended = records.attempt_ended(known, cause=cause, error=error, at=self._ledger.now())
        if cause == DISK_FULL:
            self._ledger.emit(ended)
            raise SearchAborted(messages.disk_full(known, error=error))
        if self._is_tried_again(trial, cause=cause):
            self._ledger.emit(ended)
            return True
        self._ledger.end_trial(known, TrialStatus.FAILED, before=[ended], cause=cause, error=error)
        self.check_failures()
        return False

    def worker_lost(self, trial: str, *, error: str) -> bool:
        """Journal that the trial's worker is gone; return whether the trial is tried again.

        Raises:
            SearchAborted: All of the first trials failed.
        """
        if not self._is_in_training(trial):
            return False
        bad = self._state.n_bad_attempts(trial) + 1
        if bad >= self._plan.max_attempts:
            return self.failed(trial, cause=WORKER_LOST, error=f"{error}, {bad} times")
        known = self._state.trials[trial]
        at = self._ledger.now()
        self._ledger.emit(records.attempt_ended(known, cause=WORKER_LOST, error=error, at=at))
        return True

    def check_failures(self) -> None:
        """Give up if all of the first trials failed, and none in training is worth anything.

        Or if too many failed one after the other. Called after each end of a trial.

        Raises:
            SearchAborted: It is so.
        """
        limit, state = self._plan.abort_after, self._state
        in_a_row = self._plan.abort_in_a_row
        if in_a_row is not None and state.streak.failed_in_a_row >= in_a_row:
            raise SearchAborted(
                messages.failed_in_a_row(state.ended, n=state.streak.failed_in_a_row)
            )
        if (
            limit is None
            or not state.streak.is_failing
            or len(state.trials) - len(state.live) < limit
        ):
            return
        if any(t.value(self._plan.objective) is not None for t in state.live.values()):
            return
        raise SearchAborted(messages.all_failed(state.ended))

    def _is_in_training(self, trial: str) -> bool:
        """Return whether a trial has neither ended nor paused."""
        return trial in self._state.live and trial not in self._state.paused

    def _is_tried_again(self, trial: str, *, cause: str) -> bool:
        """Return whether a failure that says something about its configuration is tried again."""
        if self._decisions.is_over:
            return False
        happens_again = cause in (WORKER_LOST, NOT_MEASURED, NOT_FINITE)
        may_pass = (
            (self._plan.retry_exceptions and not happens_again)
            or cause == LOST_CONTACT
            or (cause == OUT_OF_MEMORY and self._plan.halves_batch)
        )
        return may_pass and self._state.n_bad_attempts(trial) + 1 < self._plan.max_attempts
