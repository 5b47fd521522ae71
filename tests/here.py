"""A search whose trials are trained in this process, one after the other, without Ray."""

from __future__ import annotations

from dataclasses import replace

from raysearch.driving import plan_of
from raysearch.engine import Engine
from raysearch.run_dir import RunDir
from raysearch.training.fit import train
from raysearch.training.jobs import job_for
from raysearch.trial import DecisionKind, SearchStatus


class Here:
    """One driver session after another over one run directory."""

    def __init__(self, path, experiment):
        self.run_dir, self.experiment = RunDir(path), experiment
        self.journal = self.run_dir.journal()
        self.engine = self._engine()
        self.engine.start(
            settings=dict(experiment.settings), space=experiment.space.to_json(), versions={}
        )
        self.going_on = []

    def _engine(self):
        return Engine(
            plan=plan_of(self.experiment),
            space=self.experiment.space,
            searcher=self.experiment.make_searcher(),
            scheduler=self.experiment.make_scheduler(),
            journal=self.journal,
            remove_checkpoint=self.run_dir.storage.delete,
        )

    def kill(self):
        """Leave everything as it is, and take it up again from the journal."""
        self.journal.close()
        self.journal = self.run_dir.journal()
        self.engine = self._engine()
        self.engine.replay(self.run_dir.events())
        self.going_on = self.engine.resume(settings=dict(self.experiment.settings))
        return self

    def run(self, *, until=None):
        """Train until nothing is left, or until a trial is about to be trained."""
        while trial := self.going_on.pop(0) if self.going_on else self.engine.next_up():
            self.engine.attempt_started(trial.id, worker="here")
            if until is not None and until(trial):
                return self
            job = job_for(self.experiment, trial, run_dir=self.run_dir.path)
            ending = train(job, report=self._report(trial.id))
            self.engine.finished(trial.id, reason=f"training {ending}")
        self.engine.end(SearchStatus.FINISHED)
        self.journal.close()
        return self

    def _report(self, trial):
        def report(told):
            written = told.checkpoint
            if written is not None:
                written = replace(written, path=f"trials/{trial}/{written.path}")
            decision = self.engine.measured(trial, told.measurement, checkpoint=written)
            return decision.kind is DecisionKind.CONTINUE

        return report
