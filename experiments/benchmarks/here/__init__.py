"""How does a search go whose trials are trained in this process, one after the other, without Ray?

For benchmarks that compare methods: engine, jobs and training are those of every search, so a trial
pauses, takes over and is stopped as anywhere; and the search ends the same every time.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from raysearch.driving import plan_of
from raysearch.engine import Engine
from raysearch.engine.causes import NOT_FINITE
from raysearch.experiment import Experiment
from raysearch.run_dir.journal import MemoryJournal
from raysearch.training.fit import train
from raysearch.training.job import Ending, Report
from raysearch.training.jobs import job_for
from raysearch.trial import DecisionKind, Trial, TrialStatus


def searched(experiment: Experiment, folder: Path) -> Engine:
    """Return the engine of a search that has ended.

    Args:
        experiment: Of a model that Lightning trains.
        folder: For the checkpoints.
    """
    engine = Engine(
        plan=plan_of(experiment),
        space=experiment.space,
        searcher=experiment.make_searcher(),
        scheduler=experiment.make_scheduler(),
        journal=MemoryJournal(),
        remove_checkpoint=lambda path: (folder / path).unlink(),
    )
    engine.start(settings=experiment.settings, space=experiment.space.to_json(), versions={})
    while (trial := engine.next_up()) is not None:
        engine.attempt_started(trial.id, worker="here")
        _train(trial, engine=engine, experiment=experiment, folder=folder)
    return engine


def _train(trial: Trial, *, engine: Engine, experiment: Experiment, folder: Path) -> None:
    def report(told: Report) -> bool:
        written = told.checkpoint
        if written is not None:
            written = replace(written, path=f"trials/{trial.id}/{written.path}")
        decision = engine.measured(trial.id, told.measurement, checkpoint=written)
        return decision.kind is DecisionKind.CONTINUE

    at = engine.pauses_at(trial)
    ending = train(job_for(experiment, trial, run_dir=folder, checkpoint_at=at), report=report)
    if engine.state.trials[trial.id].status is not TrialStatus.RUNNING:
        return  # it has paused or ended, as was decided about its last report
    if ending is Ending.DIVERGED:
        engine.failed(trial.id, cause=NOT_FINITE, error="weights are not finite")
    else:
        engine.finished(trial.id, reason=f"training {ending}")
