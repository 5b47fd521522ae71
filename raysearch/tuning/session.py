"""What do the two adapters of one driver session share?"""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ray.tune import PlacementGroupFactory
from ray.tune.experiment import Trial as RayTrial

from raysearch.engine import Engine
from raysearch.run_dir.group_commit import GroupCommit
from raysearch.training.job import TrainingJob
from raysearch.trial import Trial
from raysearch.tuning.actors import Actors
from raysearch.tuning.worker import WorkerRules

ROUNDS_AHEAD = 2
"""So many trials per slot before the last one, what comes after the search is prepared: started
only at the end, that would keep one core busy and leave the others idle."""

LOOK_EVERY_S = 1.0
"""How often it is looked whether `stop` was typed in another terminal, in seconds."""

ALONE_UP_TO = 16
"""With so many trials at work, or fewer, each decision is written alone, and carried out in the
same step of Ray's controller. Those that share a write wait for one of the next steps."""

SETTLE_S = 0.5
"""How long a stop waits before it asks whether Ray is there to carry it out, in seconds: what ended
this session may have been sent to Ray's processes as well."""

_log = logging.getLogger(__name__)


def _try(action: Callable[[], None], *, what: str) -> None:
    """Do something that the search does without if it fails."""
    try:
        action()
    except Exception:  # noqa: BLE001  it may fail in any way
        _log.warning(what, exc_info=True)


class SessionEnd(Enum):
    """How a session without a fault ends."""

    DONE = "done"
    """Nothing is left to train."""
    INTERRUPTED = "interrupted"
    """A signal asked for it; trials in training go on at the next `resume`."""
    STOPPED = "stopped"
    """`stop` asked for it; trials in training go on at the next `resume`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What must come about before trials are begun, while workers get ready for them."""

    example: TrainingJob
    """What they get ready for."""
    is_ready: Callable[[], bool]
    """Whether it has come about; asked in every step."""
    check: Callable[[], None]
    """Called once, then; raises if the search cannot begin, which ends the session."""
    open: Callable[[], Sequence[Trial]]
    """Called once, after that, unless somebody asked for the end meanwhile; starts the engine and
    returns the trials of an earlier session. What it raises ends the session."""


@dataclass(slots=True, kw_only=True)
class Session:
    """One driver session: what is run, with what, and whether it must stop."""

    engine: Engine
    """Decides and journals."""
    job_for: Callable[[Trial], TrainingJob]
    """What a worker needs to train a trial, from its last checkpoint if it has one."""
    slots: Callable[[], int]
    """How many trials may run at once; asked again, since clusters grow and shrink. See `room`."""
    unfinished: deque[Trial] = field(default_factory=deque)
    """Trials that were begun and go on before any new one."""
    resources: PlacementGroupFactory
    """What one trial is given."""
    max_losses: int
    """How often Ray restarts a trial whose worker is lost."""
    commit: GroupCommit | None = None
    """The engine's journal, where it can write for many trials at once."""
    opening: Opening | None = None
    """What is waited for before trials are begun; None once that is over."""
    rules: WorkerRules = field(default_factory=WorkerRules)
    """When workers give up on a trial, or on themselves."""
    objects: Any = None
    """A Ray reference to the objects without an import path that jobs name, pickled, by name; None
    for none."""
    on_last_trials: Callable[[], None] | None = None
    """Called once, when the last few trials are under way."""
    on_first_step: Callable[[], None] | None = None
    """Called once, when Ray Tune has started."""
    on_first_measured: Callable[[], None] | None = None
    """Called once, when workers have started and a trial has reported."""
    on_stopping: Callable[[], None] | None = None
    """Called once, when somebody asked for the end and it is under way."""
    on_ray: dict[str, RayTrial] = field(default_factory=dict)
    """Trials that Ray runs or is about to run."""
    actors: Actors = field(init=False)
    """Which of them wait for an actor, and which leave one."""
    is_next_awaited: bool = False
    """Whether, when it was last asked, the next trial's suggestion was not there."""
    is_stop_requested: Callable[[], bool] = lambda: False
    """Whether `stop` was typed; asked about once a second until it was."""
    check_cluster: Callable[[], None] = lambda: None
    """Raises RayGone when the Ray that the session runs on does not stand; called once a second."""
    error: Exception | None = None
    """Why everything must stop, when it is a fault."""
    end: SessionEnd = SessionEnd.DONE
    """How the session will have ended, by what is known so far."""
    n_ahead: int = 0
    """Workers that were started before there were trials."""
    looked_at: float = -math.inf
    """When it was last asked whether `stop` was typed, on the monotonic clock."""

    def __post_init__(self) -> None:
        self.actors = Actors(self.on_ray)

    @property
    def must_stop(self) -> bool:
        """Whether no trial may go on."""
        return self.end is not SessionEnd.DONE or self.error is not None

    @property
    def is_done(self) -> bool:
        """Whether Ray has nothing left to run.

        When a limit is reached, trials of an earlier session stay as they are: a larger budget goes
        on with them. So do paused ones of which none goes on.
        """
        if self.on_ray or self.opening is not None or not self.engine.stop_reason:
            return False
        return self.engine.is_over or not (self.unfinished or self.engine.goes_on)

    @property
    def are_all_begun(self) -> bool:
        """Whether Ray has all trials already that will ever be begun."""
        return bool(self.engine.stop_reason) and not (self.unfinished or self.engine.goes_on)

    @property
    def room(self) -> int:
        """How many trials may run at once; 0 where that cannot be had, which ends the session."""
        fits: int | None = self.guard(self.slots)
        return fits or 0

    @property
    def groups_writes(self) -> bool:
        """Whether so many trials may report at once that they share writes of the journal."""
        return self.commit is not None and len(self.on_ray) > ALONE_UP_TO

    def open_if_ready(self) -> None:
        """Let trials be begun if what they wait for has come about; called in every step."""
        opening = self.opening
        if opening is None or self.must_stop or not opening.is_ready():
            return
        self.guard(opening.check)
        if not self.must_stop:
            self.unfinished.extend(self.guard(opening.open) or ())
            self.opening = None

    def next_trial(self) -> Trial | None:
        """Return the trial that is begun next, or None if there is none now."""
        if self.engine.is_over:
            return None
        if self.unfinished:
            return self.unfinished.popleft()
        return self.engine.next_up(held=self.on_ray, beside=self.room > 1)

    def takes_one_more(self) -> bool:
        """Return whether a trial may be begun: in free room, or by the actor of one that ended.

        The latter only with a suggestion that is there, since `next_trial` may wait for one.
        """
        room = self.room
        if self.opening is not None:
            return len(self.on_ray) < room
        if not self.actors.may_begin(room):
            return False
        self.is_next_awaited = len(self.on_ray) >= room and not self.guard(self.is_next_ready)
        return not self.is_next_awaited

    def is_next_ready(self) -> bool:
        """Return whether an actor that is freed now gets its next trial, if there is one."""
        if self.unfinished or self.room == 1:
            return True
        return self.engine.is_next_ready(held=self.on_ray)

    def take_back(self) -> None:
        """Queue the trials again that a worker refused which is to be replaced.

        Ray Tune sets them to failed and tells nobody.
        """
        refused = [id for id, trial in self.on_ray.items() if trial.status == RayTrial.ERROR]
        for trial in refused:
            self.actors.forget(self.on_ray.pop(trial))
            if trial in self.engine.state.trials:  # and no worker that only got ready
                self.unfinished.append(self.engine.state.trials[trial])

    def guard(self, action: Callable[[], Any]) -> Any:
        """Run the action; keep its error and stop everything, since Ray would bury it."""
        try:
            return action()
        except Exception as error:  # noqa: BLE001  raised again by the driver, when Ray is done
            self.error = self.error or error
            return None

    def look_around(self, *, is_one_starting: bool) -> None:
        """See whether `stop` was typed, and prepare what comes after; called in every step.

        Args:
            is_one_starting: Whether an actor is being started, which is not to be slowed down.
        """
        if self.on_first_step is not None:
            begin, self.on_first_step = self.on_first_step, None
            begin()
        self._look_for_stop()
        if (
            self.on_last_trials is not None
            and self.opening is None
            and self.end is SessionEnd.DONE
            and self.on_ray
            and not self.unfinished
            and not is_one_starting
            and self.engine.n_trials_left <= ROUNDS_AHEAD * self.room
        ):
            prepare, self.on_last_trials = self.on_last_trials, None
            _try(prepare, what="what comes after the search could not be prepared")

    def note_measured(self) -> None:
        """Note that a trial has reported."""
        if self.on_first_measured is not None:
            begin, self.on_first_measured = self.on_first_measured, None
            begin()

    def stops(self) -> bool:
        """Return whether everything must end now, and say so the first time; called in every step.

        Raises:
            RayGone: The Ray that would end it is gone.
        """
        if not self.must_stop:
            return False
        if self.end is not SessionEnd.DONE and self.on_stopping is not None:
            say, self.on_stopping = self.on_stopping, None
            _try(say, what="it could not be said that the search stops")
            time.sleep(SETTLE_S)
        self.check_cluster()
        return True

    def _look_for_stop(self) -> None:
        now = time.monotonic()
        if self.must_stop or now - self.looked_at < LOOK_EVERY_S:
            return
        self.looked_at = now
        self.check_cluster()
        if self.is_stop_requested():
            self.end = SessionEnd.STOPPED

    def __getstate__(self) -> dict[str, Any]:
        return {}  # Ray Tune pickles its settings for a restore of its own, which is never used

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take nothing back: see `__getstate__`."""
