"""How much of the winner's result is luck? Its configuration is trained again with further seeds.

The model of each seed is trained as the winner's own is: the same configuration on the same data
for as many epochs, where only what is drawn differs (weights, order, dropout). The winner's is that
of repeat 0, bit for bit what it is without the others, which lie in `winner/seeds/`. Nothing is
chosen among them: none is better than another but by luck.

They are trained as many at once as trials were, and journalled in the order of their seeds, each as
soon as those before it are there, so a refit that is interrupted goes on after the last of these.
If one fails, those before it are what there is, and all output says why.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace

from raysearch.errors import RunDirectoryError, TrialFailed
from raysearch.results.executor import Executor
from raysearch.results.found import Found
from raysearch.results.history import job_of
from raysearch.results.lineage import refit_line
from raysearch.results.messages import phrase
from raysearch.results.winner_files import write_config, write_metrics
from raysearch.results.winner_folder import NEXT_SEED, install_seed, telling_what_is_kept
from raysearch.run_dir import events as ev
from raysearch.trial import Trial

Record = Callable[[ev.Handed | ev.Measured], None]
"""Journals an event and applies it to the state; `Engine.record`, or that of a session of one's
own."""

Say = Callable[[str], None]
"""Told what a person waits for."""


def say_nothing(text: str) -> None:
    """Be a `Say` to nobody."""


def refitting(number: int, *, of: int, to: int | None = None) -> str:
    """Return what is said before models are trained, counted from 1.

    Args:
        number: The first, or only, one.
        of: How many there will be.
        to: The last one that is trained beside it.

    Example:
        >>> refitting(2, of=3)
        'refitting the winner on train + validation data: refit 2 of 3'
        >>> refitting(2, to=5, of=5)
        'refitting the winner on train + validation data: refits 2 to 5 of 5'
    """
    doing = "refitting the winner on train + validation data"
    if of == 1:
        return doing
    which = f"refit {number}" if to in (None, number) else f"refits {number} to {to}"
    return f"{doing}: {which} of {of}"


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
        if model.n_models >= seeds:
            return model
        self.say(refitting(model.n_models + 1, to=seeds, of=seeds))
        return self._train(replace(model, seeds=seeds, seeds_reason=""))

    def _train(self, model: ev.Refitted) -> ev.Refitted:
        """Train the models that are missing, and add each once those before it are there."""
        repeats = range(model.n_models, model.seeds)
        works = [self._work(repeat, epochs=model.epochs) for repeat in repeats]
        waiting: dict[int, TrialFailed | None] = {}
        with (
            telling_what_is_kept(self.found.run_dir),
            self._left_clean(repeats),
            closing(self.executor.each(works)) as outcomes,  # so that none trains on after an error
        ):
            begun_s = time.monotonic()
            for place, came_to in outcomes:
                waiting[repeats[place]] = came_to
                while model.n_models in waiting and not model.seeds_reason:
                    seconds, begun_s = time.monotonic() - begun_s, time.monotonic()
                    model = replace(model, seconds=model.seconds + seconds)
                    model = self._added(model, failure=waiting.pop(model.n_models))
                if model.seeds_reason:
                    break
        return model

    @contextmanager
    def _left_clean(self, repeats: Iterable[int]) -> Iterator[None]:
        """Remove models that will not count: those behind one that failed or was interrupted."""
        try:
            yield
        finally:
            for repeat in repeats:
                with suppress(OSError, RunDirectoryError):  # what went wrong before is what is told
                    self.found.run_dir.storage.delete(NEXT_SEED.format(repeat))

    def _work(self, repeat: int, *, epochs: int) -> Callable[[Executor], None]:
        """Return what trains the model of a seed, and writes it to where nothing reads it yet."""
        run_dir, key = self.found.run_dir, NEXT_SEED.format(repeat)
        job = replace(job_of(self.found, self.trial, epochs=epochs), repeat=repeat)

        def work(executor: Executor) -> None:
            run_dir.storage.delete(key)  # of a refit that was killed
            path = run_dir.path.absolute() / key
            refit_line(self.found, self.trial, job, epochs=epochs, path=path, executor=executor)

        return work

    def _added(self, model: ev.Refitted, *, failure: TrialFailed | None) -> ev.Refitted:
        """Add the next model to those that there are, or say why there is none; journal it."""
        run_dir, repeat = self.found.run_dir, model.n_models
        sizes, reason = model.seed_bytes, ""
        if failure is None:
            sizes = (*sizes, install_seed(run_dir, repeat=repeat))
        else:
            there = "is one model only" if repeat == 1 else f"are {repeat} models only"
            failed = f"refit {repeat + 1} of {model.seeds} failed: {phrase(failure)}"
            reason = f"{failed}; there {there}"
        model = replace(model, at=time.time(), seed_bytes=sizes, seeds_reason=reason)
        job = replace(job_of(self.found, self.trial, epochs=model.epochs), repeat=repeat)
        write_config(self.found, trial=self.trial, job=job, model=model)
        write_metrics(self.found, trial=self.trial, model=model)
        self.record(model)
        return model
