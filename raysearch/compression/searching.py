"""Which recipe makes a model smallest and fastest without harm? A search on raysearch's own engine.

A trial is a recipe: it is applied to the winner as it was before the refit, and measured on
validation data, which that model was not trained on. Trial 0000 is the model as it is. Those that
come into question are trained again (see `confirming`). Journal and files lie in a run directory of
its own below the search's, so that it goes on where it was interrupted.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from raysearch.compression.bound import COST, Bound, front
from raysearch.compression.confirming import Judged, choose
from raysearch.compression.recipe import Recipe, first_recipes, recipe_space
from raysearch.compression.subject import Subject
from raysearch.compression.trying import Trying
from raysearch.compression.wish import Wish
from raysearch.counting import counted
from raysearch.engine import Engine, Plan
from raysearch.errors import ConfigurationError, RaysearchError, TrialFailed, Unsupported
from raysearch.imports import load_object
from raysearch.results.messages import phrase
from raysearch.run_dir import RunDir
from raysearch.schedulers.none import NoScheduler
from raysearch.searchers import SEARCHERS
from raysearch.searchers.repeats import without_repeats
from raysearch.training.failure import describe_failure
from raysearch.trial import Measurement, Objective, SearchStatus, Trial, trial_id

COST_OBJECTIVE = Objective(metric=COST, direction="minimize")
UNSUPPORTED = "unsupported"
"""Cause of a trial whose recipe cannot be applied to the model."""
WORKER = f"{socket.gethostname()}:{os.getpid()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What a search for recipes came to."""

    run_dir: RunDir
    """Its journal and files."""
    bound: Bound
    trials: tuple[Trial, ...]
    best: Judged | None
    """The recipe of the least cost within the bound that makes the model smaller or faster; None
    if none does."""

    @property
    def front(self) -> list[Trial]:
        """The trials that none beats in size, latency and quality together, smallest first."""
        return front(list(self.trials), objective=self.bound.objective)


def search_recipes(
    subject: Subject, *, wish: Wish, run_dir: RunDir, say: Callable[[str], None]
) -> Chosen:
    """Try recipes until the budget is used, and return the best; goes on where it was interrupted.

    Args:
        subject: The winner as it was before the refit.
        wish: What is searched for.
        run_dir: Of this search; empty, or with what an interrupted one has left.
        say: Told what is begun, unless all is done already, and of each trial that ended.

    Raises:
        ConfigurationError: There is no such searcher.
        Unsupported: Not even the model as it is can be written and measured as ONNX.

    Side effects:
        Writes the run directory. Trains in this process.
    """
    if wish.searcher not in SEARCHERS:
        raise ConfigurationError(f"{wish.searcher} is not a searcher. See `list searchers`.")
    if wish.max_epochs is None:
        wish = replace(wish, max_epochs=_epochs_of_trial(subject))
    with run_dir.writing(doing="compressing") as journal:
        engine = _engine(subject, wish=wish, journal=journal, run_dir=run_dir)
        trying = Trying(subject, wish=wish, run_dir=run_dir)
        waiting = _begun(engine, wish=wish, run_dir=run_dir)
        if trial_id(0) in engine.state.trials:
            trying.know(engine.state.trials[trial_id(0)])
        n_done = len(engine.state.trials) - len(waiting)
        if n_done < wish.trials:
            say(_beginning(subject, wish=wish, n_done=n_done))
        while (trial := waiting.pop(0) if waiting else engine.next_trial()) is not None:
            _try(engine, trial, trying=trying, say=say)
            if trial.number == 0 and engine.state.trials[trial.id].last is None:
                engine.end(SearchStatus.FAILED, reason="the model cannot be exported")
                raise Unsupported(engine.state.trials[trial.id].error or "it cannot be exported")
        chosen = _chosen(engine, trying=trying, wish=wish, run_dir=run_dir, say=say)
        engine.end(SearchStatus.FINISHED, reason=engine.stop_reason)
        return chosen


def _beginning(subject: Subject, *, wish: Wish, n_done: int) -> str:
    """Return what is about to be done, for a person who waits for the first recipe."""
    done = f", {n_done} of which are done" if n_done else ""
    return (
        f"trying {counted(wish.trials, 'recipe')} on trial {subject.trial.id}{done}, with up to "
        f"{counted(wish.max_epochs or 1, 'epoch')} of training each; after Ctrl-C the same command "
        "goes on"
    )


def _epochs_of_trial(subject: Subject) -> int:
    """Return the epochs that a trial has at most; 8 where steps are counted."""
    return 8 if subject.job.max_steps is not None else subject.job.max_epochs


def _engine(subject: Subject, *, wish: Wish, journal: Any, run_dir: RunDir) -> Engine:
    max_epochs = wish.max_epochs or 1
    space = recipe_space(max_epochs=max_epochs)
    settings = without_repeats({"name": wish.searcher})  # leaders are confirmed afterwards
    made = load_object(SEARCHERS[settings.pop("name")])
    searcher = made(space, objective=COST_OBJECTIVE, seed=subject.job.seed, **settings)
    return Engine(
        plan=Plan(objective=COST_OBJECTIVE, max_epochs=1, max_trials=wish.trials, abort_after=None),
        space=space,
        searcher=searcher,
        scheduler=NoScheduler(objective=COST_OBJECTIVE, max_epochs=1),
        journal=journal,
        remove_checkpoint=run_dir.storage.delete,
        points=first_recipes(max_epochs=max_epochs),
    )


def _begun(engine: Engine, *, wish: Wish, run_dir: RunDir) -> list[Trial]:
    """Start the search, or take it up; return the trials that were interrupted."""
    settings = {
        "name": "compression",
        "model": [{"function": "raysearch.compression.applying:apply_recipe", "args": {}}],
        "refit": False,
        "budget": {"trials": wish.trials},
        "resources": {"gpus": 0},
        "compress": wish.to_json(),
    }
    if run_dir.has_search():
        engine.replay(run_dir.events())
        return engine.resume(settings={"objective": asdict(COST_OBJECTIVE), **settings})
    space = recipe_space(max_epochs=wish.max_epochs or 1)
    engine.start(settings=settings, space=space.to_json(), versions={})
    return []


def _try(engine: Engine, trial: Trial, *, trying: Trying, say: Callable[[str], None]) -> None:
    """Carry out one trial and journal what came of it."""
    recipe = Recipe.of(trial.configuration)
    engine.attempt_started(trial.id, worker=WORKER)
    begun_s = time.monotonic()
    try:
        values, checkpoint, left = trying.measured(trial.id, recipe)
    except Unsupported as error:
        engine.failed(trial.id, cause=UNSUPPORTED, error=str(error))
        say(f"{trial.id} {recipe.describe()}: not possible: {phrase(error)}")
        return
    except RaysearchError as error:
        if not isinstance(error, TrialFailed):
            raise
        engine.failed(trial.id, cause="exception", error=str(error))
        say(f"{trial.id} {recipe.describe()}: failed: {phrase(error)}")
        return
    except Exception as error:  # noqa: BLE001 - whatever the user's model raises as it is trained
        failure = describe_failure(error)
        engine.failed(trial.id, cause=failure.cause, error=failure.summary)
        say(f"{trial.id} {recipe.describe()}: failed: {failure.summary}")
        return
    seconds = time.monotonic() - begun_s
    measurement = Measurement(epoch=1, step=1, values=values, seconds=seconds)
    engine.measured(trial.id, measurement, checkpoint=checkpoint)
    say(f"{trial.id} {recipe.describe()}: {trying.told(values)}{left and f' ({left})'}")


def _chosen(
    engine: Engine, *, trying: Trying, wish: Wish, run_dir: RunDir, say: Callable[[str], None]
) -> Chosen:
    trials = tuple(engine.state.trials.values())
    original = trials[0].last
    if original is None:  # it is raised before
        raise Unsupported("the model as it is was not measured")
    best = choose(engine, trying=trying, trainings=wish.trainings, say=say)
    bound = trying.bound_for(dict(original.values))
    return Chosen(run_dir=run_dir, bound=bound, trials=trials, best=best)
