"""How much of the winner's result is luck? Its configuration is trained again with further seeds.

The model of each seed is trained as the winner's own is: the same configuration on the same data
for as many epochs, where only what is drawn differs (weights, order, dropout). The winner's is that
of repeat 0, bit for bit what it is without the others, which lie in `winner/seeds/`. Nothing is
chosen among them: none is better than another but by luck.

Each is journalled as it is done, so a refit that is interrupted goes on after the last one. If one
fails, those before it are what there is, and all output says why.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from raysearch.errors import TrialFailed
from raysearch.results.executor import Executor
from raysearch.results.found import Found
from raysearch.results.history import job_of
from raysearch.results.lineage import refit_line
from raysearch.results.messages import phrase
from raysearch.results.winner_files import write_config, write_metrics
from raysearch.results.winner_folder import NEXT, install_seed, telling_what_is_kept
from raysearch.run_dir import events as ev
from raysearch.training.job import TrainingJob
from raysearch.trial import Trial

Record = Callable[[ev.Handed | ev.Measured], None]
"""Journals an event and applies it to the state; `Engine.record`, or that of a session of one's
own."""

Say = Callable[[str], None]
"""Told what a person waits for."""


def say_nothing(text: str) -> None:
    """Be a `Say` to nobody."""


def refitting(number: int, *, of: int) -> str:
    """Return what is said before a model is trained, counted from 1.

    Example:
        >>> refitting(2, of=3)
        'refitting the winner on train + validation data: refit 2 of 3'
    """
    doing = "refitting the winner on train + validation data"
    return doing if of == 1 else f"{doing}: refit {number} of {of}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedTraining:
    """Trains a winner with further seeds."""

    found: Found
    """The search; its state includes what `record` journals."""
    trial: Trial
    """The winner."""
    executor: Executor
    record: Record
    say: Say

    def bring_to(self, model: ev.Refitted, *, seeds: int, retries: bool) -> ev.Refitted:
        """Train the models that are missing, and return the record of all that there are.

        Args:
            model: The record of those that lie in `winner/`.
            seeds: Models to be had, the winner's own counted.
            retries: Whether to try one again that could not be trained before.

        Raises:
            RunDirectoryError: The disk is full; the models before are kept.
            ConfigurationError: The classes of the trial cannot be found here.

        Side effects:
            For each model: writes it, config.yaml and metrics.json, atomically; then journals it.
        """
        if model.is_enough(seeds=seeds) and not (retries and model.seeds_reason):
            if not model.is_complete:  # fewer will do than an interrupted call was to train
                model = replace(model, at=time.time(), seeds=model.n_models)
                self.record(model)
            return model
        job = job_of(self.found, self.trial, epochs=model.epochs)
        for repeat in range(model.n_models, seeds):
            model = self._train(model, replace(job, repeat=repeat), seeds=seeds)
            if model.seeds_reason:
                break
        return model

    def _train(self, model: ev.Refitted, job: TrainingJob, *, seeds: int) -> ev.Refitted:
        """Train one more model; return the record with it, or with the reason why not."""
        run_dir, begun_s = self.found.run_dir, time.monotonic()
        self.say(refitting(job.repeat + 1, of=seeds))
        sizes, reason = model.seed_bytes, ""
        with telling_what_is_kept(run_dir):
            run_dir.storage.delete(NEXT)  # of a refit that was killed
            try:
                path = run_dir.path.absolute() / NEXT
                refit_line(
                    self.found,
                    self.trial,
                    job,
                    epochs=model.epochs,
                    path=path,
                    executor=self.executor,
                )
            except TrialFailed as error:
                there = "is one model only" if job.repeat == 1 else f"are {job.repeat} models only"
                reason = f"refit {job.repeat + 1} of {seeds} failed: {phrase(error)}; there {there}"
            else:
                sizes = (*sizes, install_seed(run_dir, repeat=job.repeat))
        model = replace(
            model,
            at=time.time(),
            seconds=model.seconds + time.monotonic() - begun_s,
            seeds=seeds,
            seed_bytes=sizes,
            seeds_reason=reason,
        )
        write_config(self.found, trial=self.trial, job=job, model=model)
        write_metrics(self.found, trial=self.trial, model=model)
        self.record(model)
        return model
