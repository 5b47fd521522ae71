"""Which trials does Ray Tune get, and what is each of them given?

One of the two objects that Ray Tune asks what to do (see `adapter`): a search algorithm, which
hands out what the engine has next.
"""

from __future__ import annotations

from typing import Any

from ray.tune.experiment import Trial as RayTrial
from ray.tune.search import SearchAlgorithm

from raysearch.trial import Trial
from raysearch.tuning.scratch_trial import ScratchTrial
from raysearch.tuning.session import Opening, Session
from raysearch.tuning.worker import EXAMPLE, JOB, OBJECTS, RULES, WorkerConfig

AHEAD = "ahead-"
"""Begins the ids of what Ray takes for trials, and what only starts workers."""


class TrialSource(SearchAlgorithm):
    """Hands trials to Ray Tune, one for each free slot.

    Args:
        session: Shared with the scheduler.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._experiment: Any = None

    def add_configurations(self, experiments: Any) -> None:
        """Take the experiment that Ray Tune made of the Tuner's settings; called once."""
        self._experiment = experiments[0] if isinstance(experiments, list) else experiments

    def next_trial(self) -> RayTrial | None:
        """Return a trial if a slot is free; None also while the searcher is asked for it."""
        session = self._session
        session.take_back()
        session.open_if_ready()
        if session.must_stop or not session.takes_one_more():
            return None
        if session.opening is not None:
            return self._start_ahead(session.opening)
        return session.guard(self._make_trial)

    def is_finished(self) -> bool:
        """Return whether all trials have ended; before that, Ray Tune must keep its actors."""
        return self._finished or self._session.must_stop or self._session.is_done

    def _start_ahead(self, opening: Opening) -> RayTrial | None:
        """Return what Ray takes for a trial, whose actor will be free for the first real one."""
        session = self._session
        if session.n_ahead >= session.room:
            return None
        session.n_ahead += 1
        config = _common(session, {EXAMPLE: opening.example})
        return self._on_ray(f"{AHEAD}{session.n_ahead}", config=config, max_failures=0)

    def _make_trial(self) -> RayTrial | None:
        session = self._session
        trial = session.next_trial()
        if trial is None:
            return None
        bad = session.engine.state.n_bad_attempts(trial.id)
        max_failures = max(0, session.max_losses - bad)
        return self._on_ray(trial.id, config=config_for(session, trial), max_failures=max_failures)

    def _on_ray(self, trial: str, *, config: dict[str, Any], max_failures: int) -> RayTrial:
        return ScratchTrial(
            self._experiment.spec["run"],
            config=config,
            trial_id=trial,
            storage=self._experiment.storage,
            placement_group_factory=self._session.resources,
            trial_dirname_creator=_dirname,
            max_failures=max_failures,
        )

    def __getstate__(self) -> dict[str, Any]:
        return {}


def config_for(session: Session, trial: Trial) -> WorkerConfig:
    """Return what a worker is given to train a trial."""
    return _common(session, {JOB: session.job_for(trial)})


def _common(session: Session, work: dict[str, Any]) -> WorkerConfig:
    objects = {} if session.objects is None else {OBJECTS: session.objects}
    return WorkerConfig({**work, RULES: session.rules, **objects})


def _dirname(trial: RayTrial) -> str:
    return str(trial.trial_id)
