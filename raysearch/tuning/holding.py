"""How do many trials that report at once wait for one write of the journal?

What trials say is gathered while a write is under way. When that is over, Ray is told what to do
with the trials whose decisions it holds, and all that has come meanwhile is decided and written
together. Nothing is carried out before the journal holds why.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ray.tune.experiment import Trial as RayTrial
from ray.tune.schedulers import TrialScheduler

from raysearch.trial import Decision, DecisionKind
from raysearch.tuning.session import Session

Decide = Callable[[RayTrial, dict[str, Any]], Decision | None]


class Holding:
    """Holds messages of trials until they are decided, and decisions until they are written.

    Args:
        session: Its `commit` writes.
        decide: Journals a message, and returns what happens to its trial; None if the session must
            stop.
        end: Lets Ray free the actor of a trial that does not go on.
    """

    def __init__(
        self, session: Session, *, decide: Decide, end: Callable[[RayTrial], None]
    ) -> None:
        self._session = session
        self._decide = decide
        self._end = end
        self._messages: list[tuple[RayTrial, dict[str, Any]]] = []
        self._decided: list[tuple[RayTrial, Decision]] = []

    @property
    def is_in_use(self) -> bool:
        """Whether messages are to be held: there are many workers, or some are held already."""
        return self._session.groups_writes or bool(self._messages or self._decided)

    def take(self, trial: RayTrial, message: dict[str, Any]) -> None:
        """Hold a message of a trial, which Ray leaves as it is until it hears of it."""
        self._messages.append((trial, message))

    def heed(self, trial: RayTrial) -> None:
        """Decide now what a trial has said whose worker is gone; nothing of it is carried out."""
        said = [message for other, message in self._messages if other is trial]
        self.forget(trial)
        for message in said:
            if not self._session.must_stop:
                self._decide(trial, message)

    def forget(self, trial: RayTrial) -> None:
        """Hold nothing of a trial any more: Ray is done with it."""
        self._messages = [each for each in self._messages if each[0] is not trial]
        self._decided = [each for each in self._decided if each[0] is not trial]

    def step(self, controller: Any) -> None:
        """Carry out what is written by now, and begin to write what has come; called often."""
        session = self._session
        commit = session.commit
        if commit is None or not (self._messages or self._decided) or not commit.is_settled:
            return
        session.guard(commit.settle)
        decided, self._decided = self._decided, []
        for trial, decision in decided:
            if session.must_stop:
                return
            self._carry_out(controller, trial, decision)
        messages, self._messages = self._messages, []
        if messages:
            session.guard(lambda: self._begin(messages))

    def _begin(self, messages: list[tuple[RayTrial, dict[str, Any]]]) -> None:
        session, commit = self._session, self._session.commit
        assert commit is not None, "only where there is one are messages held"
        with commit.gathered():
            for trial, message in messages:
                decision = None if session.must_stop else self._decide(trial, message)
                if decision is not None:
                    self._decided.append((trial, decision))

    def _carry_out(self, controller: Any, trial: RayTrial, decision: Decision) -> None:
        if decision.kind is not DecisionKind.CONTINUE:
            self._end(trial)
        elif trial.status == RayTrial.RUNNING:
            controller._execute_action(trial, TrialScheduler.CONTINUE)
