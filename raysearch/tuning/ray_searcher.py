"""How does a searcher of Ray Tune's suggest in a search of raysearch?

It is made anew for each suggestion, and told of all trials there are: those that ended with their
results, and those that have not. So a suggestion depends on its number, on the seed and on the
trials alone, as the contract asks, and a resume that reads the journal goes on as if it had never
stopped. Most searchers cannot be told of a trial that they did not suggest; all can be given points
to suggest first, and are then given the results of these:

    searcher: {class: "ray.tune.search.hyperopt:HyperOptSearch", args: {n_initial_points: 10}}
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ray import tune
from ray.tune.search import Searcher

from raysearch.errors import ConfigurationError, SearchAborted
from raysearch.randomness import generator
from raysearch.searchers.base import EXHAUSTED, WAIT, NoSuggestion
from raysearch.searchers.optuna_words import Named
from raysearch.searchers.suitability import require_flat, require_places
from raysearch.searchers.tried import Tried, suggest_untried
from raysearch.space import Space
from raysearch.trial import Configuration, Objective, Suggestion, Trial, TrialStatus, Value
from raysearch.tuning.ray_classes import SEEDS, accepts, checked_class, construct, drawing_from

POINTS = "points_to_evaluate"

NEAR = 1e-9
"""By how much the place of a point may differ when it is suggested."""

Point = Mapping[str, float | int]
"""A configuration as Ray's searcher knows it: places on the unit interval, and indices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A trial that ended, as Ray's searcher is told of it."""

    trial: str
    point: Point
    result: Mapping[str, Any]
    """What Ray Tune would have as its last result."""
    value: float | None
    """None where it failed."""


class RaySearcher:
    """Suggests what a searcher of Ray Tune's does, in a space without conditions.

    Numbers and ordered choices are searched by their places on the unit interval, which knows
    bounds, steps and samplings, other choices by the index of the value. Priors are not told. A
    trial is worth its best value, also one that was stopped early; one that failed, or was never
    finite, is told of as failed, and one that is paused as in training. No configuration is
    suggested twice: in place of one that was tried, a neighbour of it is suggested, or a random
    one.

    To be told of all trials takes a time that grows with their number, about a millisecond for each
    with HyperOptSearch. Where that is long, suggestions are made ahead, while trials train.

    Args:
        space: The search space.
        objective: What is improved.
        seed: Governs all draws; suggestion n draws from its own generator.
        class_path: The class, as "ray.tune.search.hyperopt:HyperOptSearch".
        args: Arguments of its constructor.

    Raises:
        ConfigurationError: There is no such class, it refuses the arguments, or it cannot be told
            of trials; an UnsuitableSpace if the space has conditions or graphs.

    Example:
        >>> from raysearch.space import Float
        >>> objective = Objective(metric="val/loss", direction="minimize")
        >>> searcher = RaySearcher(
        ...     Space({"dropout": Float(0.0, 0.5)}),
        ...     objective=objective,
        ...     class_path="ray.tune.search.hyperopt:HyperOptSearch",
        ...     args={},
        ... )
        >>> searcher.suggest(number=1, pending=[]).origin
        {'kind': 'HyperOptSearch'}
    """

    def __init__(
        self,
        space: Space,
        *,
        objective: Objective,
        seed: int = 0,
        class_path: str,
        args: Mapping[str, Any],
    ) -> None:
        self._name = class_path.rpartition(":")[2]
        require_places(space, method=self._name)
        require_flat(space, method=self._name)
        self._space = space
        self._objective = objective
        self._seed = seed
        self._args = args
        self._class = checked_class(class_path, base=Searcher, section="searcher")
        if not accepts(self._class, POINTS):
            raise ConfigurationError(
                f"searcher: {self._name} has no argument {POINTS}, so it cannot be told of the "
                "default configuration, nor after a resume of the trials before it. Add one to "
                "its constructor, and suggest these points first; or name another searcher."
            )
        self._takes_results = (
            getattr(self._class, "add_evaluated_point", None) is not Searcher.add_evaluated_point
        )
        self._named = [Named.of(parameter) for parameter in space if parameter.domain.size() != 1]
        self._tried = Tried()
        self._ended: list[Told] = []
        self._made(seed=0, points=[])  # what is wrong with it is said at once

    def prepare(self) -> None:
        """Do nothing: what is needed was imported as it was made."""

    def suggest(self, *, number: int, pending: Sequence[Trial]) -> Suggestion | NoSuggestion:
        """Return a configuration that is new, or what Ray's searcher says instead."""
        rng = generator(self._seed, role="searcher", number=number)
        self._tried.set_pending(pending)
        wanted = None
        if self._named:
            with drawing_from(rng):
                asked = self._guarded(number, lambda: self._asked(number, pending, rng=rng))
            if asked is None:
                return WAIT
            if asked == Searcher.FINISHED:
                return EXHAUSTED
            wanted = self._configuration(asked)
        return suggest_untried(
            self._space, rng, tried=self._tried, wanted=wanted, origin={"kind": self._name}
        )

    def observe(self, trial: Trial) -> None:
        """Learn from a trial that ended."""
        self._tried.add(trial)
        if self._space.contains(trial.configuration):
            self._ended.append(self._told(trial))

    def _asked(self, number: int, pending: Sequence[Trial], *, rng: Any) -> Any:
        """Return what Ray's searcher answers once it is told of all trials."""
        ended = [] if self._takes_results else self._ended
        known: dict[str, Point] = {told.trial: told.point for told in ended}
        for trial in pending:
            if self._space.contains(trial.configuration):
                known[trial.id] = self._point(trial.configuration)
        # the latest first, since HyperOptSearch keeps them the other way round
        order = list(reversed(known))
        searcher = self._made(
            seed=int(rng.integers(2**31)), points=[dict(known[name]) for name in order]
        )
        if self._takes_results:
            for told in self._ended:
                self._add(searcher, told)
        for name in order:
            self._check_first(searcher.suggest(name), known[name])
        for told in ended:
            is_bad = told.value is None
            searcher.on_trial_complete(told.trial, None if is_bad else dict(told.result), is_bad)
        return searcher.suggest(f"next-{number}")

    def _made(self, *, seed: int, points: list[dict[str, float | int]]) -> Any:
        """Return a searcher that knows the space, and nothing else.

        Raises:
            ConfigurationError: It refuses the arguments or the space.
        """
        given: dict[str, Any] = {name: seed for name in SEEDS if accepts(self._class, name)}
        if points:
            given[POINTS] = points
        searcher = construct(self._class, self._args, section="searcher", **given)
        mode = "min" if self._objective.direction == "minimize" else "max"
        config = {named.label: _domain(named) for named in self._named}
        if not config:
            return searcher
        try:
            takes = searcher.set_search_properties(self._objective.metric, mode, config)
        except Exception as error:  # a class of anybody's may raise anything
            raise ConfigurationError(
                f"searcher: {self._name} cannot search this space, since it raised "
                f"{type(error).__name__}: {error} Name another searcher, or fix some parameters."
            ) from error
        if not takes:
            raise ConfigurationError(
                f"searcher: {self._name} does not take the space or the objective of the "
                "experiment. Leave out what says its own, or name another searcher."
            )
        return searcher

    def _add(self, searcher: Any, told: Told) -> None:
        is_bad = told.value is None
        value = math.nan if told.value is None else told.value
        searcher.add_evaluated_point(dict(told.point), value, error=is_bad)

    def _check_first(self, suggested: Any, point: Point) -> None:
        """See that a searcher suggests the points that it is given, each in its turn.

        Raises:
            SearchAborted: It does not, and would take one trial's result for another's.
        """
        is_same = isinstance(suggested, dict) and all(
            label in suggested and abs(suggested[label] - told) <= NEAR
            for label, told in point.items()
        )
        if not is_same:
            raise SearchAborted(
                f"Ray's {self._name} suggests {suggested!r}, and not the first of {POINTS} that "
                f"is left, {dict(point)!r}. So it cannot be told of trials. {_ELSE}"
            )

    def _guarded(self, number: int, question: Callable[[], Any]) -> Any:
        try:
            return question()
        except (ConfigurationError, SearchAborted):
            raise
        except Exception as error:  # a class of anybody's may raise anything
            raise SearchAborted(
                f"Ray's {self._name} raised {type(error).__name__} when it was asked for trial "
                f"{number}: {error}. {_ELSE}"
            ) from error

    def _told(self, trial: Trial) -> Told:
        failed = trial.status in (TrialStatus.FAILED, TrialStatus.REJECTED)
        value = None if failed else trial.value(self._objective)
        return Told(
            trial=trial.id,
            point=self._point(trial.configuration),
            value=value,
            result={
                self._objective.metric: value,
                "done": True,
                "time_total_s": trial.seconds,
                "training_iteration": trial.epochs,
                "trial_id": trial.id,
            },
        )

    def _point(self, configuration: Configuration) -> dict[str, float | int]:
        """Return a configuration of the space as Ray's searcher knows it."""
        vector = self._space.encode(configuration).tolist()
        labels = [parameter.label for parameter in self._space]
        places = dict(zip(labels, vector, strict=True))
        return {
            named.label: named.told(places[named.label])
            if named.is_category
            else places[named.label]
            for named in self._named
        }

    def _configuration(self, asked: Mapping[str, Any]) -> dict[str, Value]:
        places = {
            named.label: named.place(asked[named.label])
            if named.is_category
            else min(max(float(asked[named.label]), 0.0), 1.0)
            for named in self._named
        }
        return self._space.decode([places.get(parameter.label, 0.5) for parameter in self._space])


_ELSE = "The trials so far are kept; to go on, `resume` with another one, such as searcher=auto."


def _domain(named: Named) -> Any:
    """Return Ray Tune's name for what values a parameter has."""
    if named.is_category:
        return tune.choice(list(range(named.n_values or 1)))
    return tune.uniform(0.0, 1.0)
