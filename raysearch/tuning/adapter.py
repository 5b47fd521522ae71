"""How do the engine's decisions become what Ray Tune does?

Ray Tune asks two objects what to do: a search algorithm for new trials (`TrialSource`, in
`source`), and a trial scheduler about each result (`EngineScheduler`). Both act for one `Session`;
the journal is written inside the engine, so always before Ray acts. Both use documented
interfaces; what they hand to Ray Tune is a `ScratchTrial`.

A trial that is paused ends for Ray Tune, and frees its actor as one that is stopped does; when it
goes on, Ray Tune gets it again, with its last checkpoint, as it does after a loss.

Which actor is freed when, and who gets it, is the second thing that this module sees to, by what
`actors` knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ray.tune.experiment import Trial as RayTrial
from ray.tune.schedulers import TrialScheduler
from ray.tune.stopper import Stopper

from raysearch.engine.causes import NOT_FINITE
from raysearch.training.job import Ending
from raysearch.training.silence import TIMEOUT
from raysearch.trial import Checkpoint, Decision, DecisionKind, TrialStatus
from raysearch.tuning.holding import Holding
from raysearch.tuning.messages import read_message
from raysearch.tuning.session import Session
from raysearch.tuning.source import AHEAD, config_for

_DIVERGED = "weights of the model are not finite, from which training does not recover"


class EngineScheduler(TrialScheduler):
    """Journals what trials report, asks the engine, and frees actors one at a time.

    Args:
        session: Shared with the source.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._actors = session.actors
        self._again: set[str] = set()
        self._has_freed = False
        self._held = Holding(session, decide=self._decide, end=self._end)

    # ---- called by Ray Tune

    def on_trial_add(self, tune_controller: Any, trial: RayTrial) -> None:
        """Note a new trial, or one that goes back to the queue after its worker was lost."""
        self._session.on_ray[trial.trial_id] = trial
        self._actors.wait(trial)

    def on_trial_result(
        self, tune_controller: Any, trial: RayTrial, result: Mapping[str, Any]
    ) -> str:
        """Journal a message, and return what Ray does with the trial."""
        self._actors.begin(trial)
        if self._session.must_stop:
            return str(TrialScheduler.NOOP)
        if self._held.is_in_use:
            self._held.take(trial, dict(result))
            self._held.step(tune_controller)
            return str(TrialScheduler.NOOP)
        decision = self._decide(trial, dict(result))
        if decision is None:
            return str(TrialScheduler.NOOP)
        if decision.kind is DecisionKind.CONTINUE:
            return str(TrialScheduler.CONTINUE)
        is_freed = self._actors.next_to_leave() is None and self._may_free()
        self._end(trial, is_freed=is_freed)
        return str(TrialScheduler.STOP if is_freed else TrialScheduler.NOOP)

    def on_trial_error(self, tune_controller: Any, trial: RayTrial) -> None:
        """Journal the loss of a worker, and see that the trial is tried again.

        One whose process ended because it failed, and is tried again, is in the journal already.
        One that has ended or paused, and only waits for its actor to be freed, loses nothing.
        Ray itself starts a trial again that was running. One that had only been given a worker,
        which then turned out to be dead, it gives up; that one goes back to our own queue.
        """
        session = self._session
        self._held.heed(trial)
        self._forget(trial)
        if session.must_stop or trial.trial_id not in session.engine.state.trials:
            return
        if trial.status == RayTrial.PENDING and not self._is_done_with(trial):
            # it did not begin: the worker that it got was dead before
            session.unfinished.append(session.engine.state.trials[trial.trial_id])
            return
        if trial.trial_id in self._again:
            self._again.remove(trial.trial_id)
        elif self._is_done_with(trial) or not session.guard(lambda: self._lost(trial)):
            return
        if trial.status == RayTrial.ERROR:  # Ray has stopped it, and is about to queue it again
            self._update_job(trial)
        else:
            session.unfinished.append(session.engine.state.trials[trial.trial_id])

    def on_trial_complete(
        self, tune_controller: Any, trial: RayTrial, result: Mapping[str, Any]
    ) -> None:
        """Note that Ray is done with a trial that ran."""
        self._forget(trial)

    def on_trial_remove(self, tune_controller: Any, trial: RayTrial) -> None:
        """Note that Ray is done with a trial that waited."""
        self._forget(trial)

    def choose_trial_to_run(self, tune_controller: Any) -> RayTrial | None:
        """Return the trial that gets the next actor; called in every controller step."""
        self._has_freed = False
        is_next_awaited, self._session.is_next_awaited = self._session.is_next_awaited, False
        self._session.look_around(is_one_starting=self._is_one_starting())
        self._held.step(tune_controller)
        self._forget_what_has_ended(tune_controller)
        actors = self._actors
        new, ended = actors.take_new(), actors.next_to_leave()
        is_exchanged = new is not None and not actors.is_one_idle and self._session.opening is None
        if ended is not None and (is_exchanged or (not is_next_awaited and self._may_free())):
            self._free(ended, tune_controller, is_exchanged=is_exchanged)
            if is_exchanged:
                return new
        waiting = actors.waiting()
        if not waiting:
            return None
        actors.is_one_idle = False  # it is taken
        return waiting[0]

    def _free(self, trial: RayTrial, tune_controller: Any, *, is_exchanged: bool) -> None:
        """Let Ray free the actor of a trial that has ended."""
        self._actors.forget(trial)
        if not is_exchanged:
            self._has_freed = self._actors.is_one_idle = True
        tune_controller.stop_trial(trial)

    def _forget_what_has_ended(self, tune_controller: Any) -> None:
        """Stop what waits for an actor in vain.

        Trials that have ended, as one that hung and that Ray queues again; and workers that were to
        get ready and are late.
        """
        for trial in self._actors.waiting():
            if self._has_ended(trial):
                tune_controller.stop_trial(trial)

    def debug_string(self) -> str:
        """Return a line for Ray's own display, which is switched off."""
        return "raysearch"

    def __getstate__(self) -> dict[str, Any]:
        return {}

    # ---- inside

    def _decide(self, trial: RayTrial, result: dict[str, Any]) -> Decision | None:
        """Journal a message, and return the decision; None if the session must stop."""
        decision: Decision | None = self._session.guard(lambda: self._receive(trial, result))
        return decision

    def _end(self, trial: RayTrial, *, is_freed: bool = False) -> None:
        """Let the actor leave a trial that does not go on, and be freed: now, or in its turn."""
        trial.leave()
        if is_freed:
            self._has_freed = self._actors.is_one_idle = True
        else:
            self._actors.leave(trial)

    def _receive(self, trial: RayTrial, result: dict[str, Any]) -> Decision:
        engine = self._session.engine
        if trial.trial_id not in engine.state.live or self._is_done_with(trial):
            return Decision(kind=DecisionKind.STOP)  # Ray started it again; for us it has ended
        kind, content = read_message(result)
        if kind == "measured":
            return self._measured(trial, content)
        if kind == "started":
            damaged = {f"trials/{name}": why for name, why in content["damaged"].items()}
            engine.attempt_started(trial.trial_id, worker=content["worker"], damaged=damaged)
            if damaged:
                self._update_job(trial)
            return Decision(kind=DecisionKind.CONTINUE)
        if kind == "gauged":
            decision = engine.gauged(trial.trial_id, content["values"], seconds=content["seconds"])
            self._update_job(trial)
            return decision
        if kind == "failed":
            goes_on = engine.failed(trial.trial_id, cause=content["cause"], error=content["error"])
            if goes_on:
                self._again.add(trial.trial_id)
            if goes_on or content["cause"] == TIMEOUT:  # asked to go on, its process ends
                return Decision(kind=DecisionKind.CONTINUE)
        elif content["ending"] == Ending.DIVERGED:
            engine.failed(trial.trial_id, cause=NOT_FINITE, error=_DIVERGED)
        else:
            is_whole = content["ending"] == Ending.COMPLETED  # the last epoch was not measured
            reason = engine.plan.completion if is_whole else f"training {content['ending']}"
            engine.finished(trial.trial_id, reason=reason)
        return Decision(kind=DecisionKind.STOP)

    def _lost(self, trial: RayTrial) -> bool:
        lost = self._session.engine.worker_lost
        return lost(trial.trial_id, error="its process or node went away")

    def _measured(self, trial: RayTrial, content: dict[str, Any]) -> Decision:
        self._session.note_measured()
        checkpoint = _in_run_dir(content["checkpoint"], trial=trial.trial_id)
        decision = self._session.engine.measured(
            trial.trial_id, content["measurement"], checkpoint=checkpoint
        )
        if checkpoint is not None:
            self._update_job(trial)
        return decision

    def _update_job(self, trial: RayTrial) -> None:
        """Let any later start of the trial read its last checkpoint."""
        known = self._session.engine.state.trials[trial.trial_id]
        trial.set_config(config_for(self._session, known))

    def _has_ended(self, trial: RayTrial) -> bool:
        """Return whether nothing is left to do for a trial, or for what Ray takes for one."""
        if trial.trial_id.startswith(AHEAD):
            return self._session.opening is None and self._actors.is_late(trial)
        return self._is_done_with(trial)

    def _is_done_with(self, trial: RayTrial) -> bool:
        """Return whether what Ray runs of a trial is over: it has ended, is paused, or cut off."""
        engine = self._session.engine
        known = engine.state.trials.get(trial.trial_id)
        if known is None:
            return False
        is_cut_off = known.status is TrialStatus.INTERRUPTED and engine.is_over
        return known.status.is_ended or known.status is TrialStatus.PAUSED or is_cut_off

    def _may_free(self) -> bool:
        """Return whether freeing an actor now costs no other one, and there is work for it.

        Ray Tune ends an actor that is free while no trial waits for one.
        """
        session = self._session
        if session.opening is not None or self._has_freed:
            return False
        if self._is_one_starting() and not session.are_all_begun:  # else nobody misses that one
            return False
        if self._actors.waiting():  # and nothing starts, or nobody misses it
            return True
        return bool(self._session.guard(self._session.is_next_ready))

    def _is_one_starting(self) -> bool:
        return self._actors.is_one_starting(self._session.room)

    def _forget(self, trial: RayTrial) -> None:
        self._held.forget(trial)
        self._session.on_ray.pop(trial.trial_id, None)
        self._actors.forget(trial)


class SessionStopper(Stopper):
    """Tells Ray Tune to end everything once the session must stop.

    Args:
        session: Shared with source and scheduler.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self, trial_id: str, result: Mapping[str, Any]) -> bool:
        """Return False: single trials are the scheduler's to stop."""
        return False

    def stop_all(self) -> bool:
        """Return whether every trial must end now; asked in every step of Ray's controller."""
        return self._session.stops()

    def __getstate__(self) -> dict[str, Any]:
        return {}


def _in_run_dir(checkpoint: Checkpoint | None, *, trial: str) -> Checkpoint | None:
    """Return the checkpoint with its path relative to the run directory, not to the trial's."""
    return checkpoint and replace(checkpoint, path=f"trials/{trial}/{checkpoint.path}")
