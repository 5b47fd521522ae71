"""Which of the recipes that were tried is chosen? The best that stays so when trained again.

Whoever takes the best of many takes one that was lucky, too: in its training, and with the examples
that it was measured on. So the recipe that comes first is trained again with other seeds, one
training after the other, and is worth what these come to on average; if another one comes first
then, it is that one's turn. That ends once the first one has had all its trainings. A recipe that
trains nothing comes to the same each time.

References:
    Cawley and Talbot, "On Over-fitting in Model Selection and Subsequent Selection Bias in
    Performance Evaluation", JMLR 2010.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from raysearch.compression.bound import COST, DROP_ERROR, NOTHING_GAINED
from raysearch.compression.recipe import Recipe
from raysearch.compression.trying import Trying
from raysearch.engine import Engine
from raysearch.errors import RaysearchError, TrialFailed
from raysearch.run_dir import events as ev
from raysearch.training.failure import describe_failure
from raysearch.trial import Trial

MOST = 8
"""Further trainings of all recipes together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a recipe is worth, all its trainings taken together."""

    trial: Trial
    values: Mapping[str, float | None]
    """Means; how sure the loss of quality is, of all together."""
    cost: float
    n_trainings: int

    @property
    def recipe(self) -> Recipe:
        """The recipe."""
        return Recipe.of(self.trial.configuration)


def choose(
    engine: Engine, *, trying: Trying, trainings: int, say: Callable[[str], None]
) -> Judged | None:
    """Return the recipe of the least cost that stands its further trainings; None if none gains.

    Args:
        engine: Has the recipes that were tried; further trainings are journalled as repeats.
        trying: Trains and measures.
        trainings: Of a recipe, the first one counted.
        say: Told of each further training.
    """
    known = {trial.id: _judged(engine, trial, trying=trying) for trial in _tried(engine)}
    while known:
        best = min(known.values(), key=lambda each: (each.cost, each.trial.number))
        if best.cost >= NOTHING_GAINED:
            return None
        if _is_settled(best, trainings=trainings):
            return best
        if sum(each.n_trainings - 1 for each in known.values()) >= MOST:
            settled = [each for each in known.values() if _is_settled(each, trainings=trainings)]
            found = min(settled, key=lambda each: (each.cost, each.trial.number), default=best)
            return found if found.cost < NOTHING_GAINED else best
        _train_again(engine, best, trying=trying, trainings=trainings, say=say)
        known[best.trial.id] = _judged(engine, best.trial, trying=trying)
    return None


def _tried(engine: Engine) -> list[Trial]:
    """Return the recipes that were measured and change something."""
    return [
        trial
        for trial in engine.state.trials.values()
        if trial.last is not None and not Recipe.of(trial.configuration).is_unchanged
    ]


def _is_settled(judged: Judged, *, trainings: int) -> bool:
    return not judged.recipe.trains or judged.n_trainings >= trainings


def _judged(engine: Engine, trial: Trial, *, trying: Trying) -> Judged:
    repeats = engine.state.handover.repeats.get(trial.id, {})
    trained = [dict(trial.last.values) if trial.last else {}]
    trained += [dict(repeats[number].values) for number in sorted(repeats)]
    values = {name: _mean(each.get(name) for each in trained) for name in trained[0]}
    values[DROP_ERROR] = trained[-1].get(DROP_ERROR)
    values.pop(COST, None)
    cost = trying.bound_for(values).cost(values)
    return Judged(trial=trial, values=values, cost=cost, n_trainings=len(trained))


def _mean(values: Iterable[float | None]) -> float | None:
    """Return the mean, which is none if one of them is none."""
    told = list(values)
    known = [value for value in told if value is not None]
    return statistics.fmean(known) if known and len(known) == len(told) else None


def _train_again(
    engine: Engine, judged: Judged, *, trying: Trying, trainings: int, say: Callable[[str], None]
) -> None:
    """Train a recipe once more, and journal what came of it; a failure is a null."""
    trial, recipe, repeat = judged.trial, judged.recipe, judged.n_trainings
    begun_s = time.monotonic()
    values: dict[str, float | None] = {trying.objective.metric: None}
    what = f"{trial.id} {recipe.describe()}, training {repeat + 1} of {trainings}"
    try:
        values, _, _ = trying.measured(trial.id, recipe, repeat=repeat)
        say(f"{what}: {trying.told(values)}")
    except RaysearchError as error:
        if not isinstance(error, TrialFailed):
            raise
        say(f"{what}: failed: {error}")
    except Exception as error:  # noqa: BLE001 - whatever the user's model raises as it is trained
        say(f"{what}: failed: {describe_failure(error).summary}")
    engine.record(
        ev.Measured(
            at=time.time(),
            trial=trial.id,
            attempt=1,
            epoch=1,
            step=1,
            values=values,
            seconds=time.monotonic() - begun_s,
            repeat=repeat,
        )
    )
