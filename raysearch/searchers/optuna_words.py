"""How do a space and its trials look to Optuna?

Every parameter is told under its label. Numbers without steps are floats, their places on the unit
interval, which knows bounds and samplings; numbers with steps and ordered choices are integers, the
index of the value; values without an order are categories, by their index. Conditions need no
words: a trial has no value for what was inactive in it.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from raysearch.searchers.ranking import Rank, is_completed, is_usable
from raysearch.searchers.suitability import has_order
from raysearch.space import Parameter, Space
from raysearch.trial import Configuration, Value

MOST_INDICES = 1000
"""Values of a number up to which it is searched by their index; beyond, by its place."""

FIRST_NUMBER = 1_000_000_000
"""Added to the numbers of trials that Optuna is told, so that none equals that of a new one."""


@dataclass(frozen=True, slots=True)
class Named:
    """A parameter as Optuna knows it."""

    label: str
    n_values: int | None
    """None for a place in [0, 1]."""
    is_category: bool
    places: tuple[float, ...] = ()
    """Of the values, where there is an index."""

    @classmethod
    def of(cls, parameter: Parameter) -> Named:
        """Return how Optuna knows a parameter of more than one value.

        Example:
            >>> from raysearch.space import Int
            >>> named = Named.of(Parameter(key="n", domain=Int(2, 8, step=2), label="n"))
            >>> named.n_values, named.told(named.places[3]), named.place(2)
            (4, 3, 0.625)
        """
        domain = parameter.domain
        size = domain.size()
        is_category = not has_order(domain)
        if size is None or (size > MOST_INDICES and not is_category):
            return cls(label=parameter.label, n_values=None, is_category=False)
        places = tuple(domain.to_unit(value) for value in domain.grid())
        return cls(label=parameter.label, n_values=size, is_category=is_category, places=places)

    def distribution(self) -> Any:
        """Return Optuna's name for what values it has."""
        from optuna import distributions

        if self.n_values is None:
            return distributions.FloatDistribution(0.0, 1.0)
        if self.is_category:
            return distributions.CategoricalDistribution(range(self.n_values))
        return distributions.IntDistribution(0, self.n_values - 1)

    def told(self, place: float) -> float | int:
        """Return what Optuna is told for a place of a value."""
        if self.n_values is None:
            return place
        return min(range(self.n_values), key=lambda index: abs(self.places[index] - place))

    def place(self, told: float) -> float:
        """Return the place of what Optuna suggests."""
        return float(told) if self.n_values is None else self.places[int(told)]


class Words:
    """A space and its trials in Optuna's words.

    Args:
        space: The search space.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self.named = {
            parameter.label: Named.of(parameter)
            for parameter in space.parameters
            if parameter.domain.size() != 1
        }
        self._distributions: dict[str, Any] = {}

    def trial(self, number: int, configuration: Configuration, ranked: Rank | None) -> Any:
        """Return a trial as Optuna keeps it (`optuna.trial.FrozenTrial`).

        Args:
            number: The trial's number.
            configuration: In the space.
            ranked: What became of it; None while it has not ended. Those that were stopped are
                "pruned" in Optuna's words, and those that failed are pruned without a value, the
                worst of all.
        """
        from optuna.trial import FrozenTrial, TrialState

        params = self._told(configuration)
        known = self._known_distributions()
        state, value, steps = TrialState.RUNNING, None, dict[int, float]()
        if ranked is not None and is_completed(ranked):
            state, value = TrialState.COMPLETE, ranked[2]
        elif ranked is not None:
            state = TrialState.PRUNED
            if is_usable(ranked):
                steps = {-ranked[1]: ranked[2]}  # epochs: value
        return FrozenTrial(
            number=FIRST_NUMBER + number,
            trial_id=FIRST_NUMBER + number,
            state=state,
            value=value,
            intermediate_values=steps,
            datetime_start=None,
            datetime_complete=None,
            params=params,
            distributions={label: known[label] for label in params},
            user_attrs={},
            system_attrs={},
        )

    def suggested(self, asked: Any) -> dict[str, Value]:
        """Return the configuration that Optuna suggests.

        Args:
            asked: An `optuna.Trial`, asked for each parameter that is active.
        """
        known = self._known_distributions()
        configuration: dict[str, Value] = {}
        for parameter in self._space.parameters:
            if not parameter.is_active(configuration):
                continue
            named = self.named.get(parameter.label)
            place = 0.5
            if named is not None:
                place = named.place(_asked(asked, named, known[named.label]))
            configuration[parameter.key] = parameter.domain.from_unit(place)
        return configuration

    def _told(self, configuration: Configuration) -> dict[str, float | int]:
        places = self._space.encode(configuration).tolist()
        return {
            parameter.label: self.named[parameter.label].told(place)
            for parameter, place in zip(self._space.parameters, places, strict=True)
            if parameter.label in self.named and place == place  # NaN where it is inactive
        }

    def _known_distributions(self) -> Mapping[str, Any]:
        if not self._distributions:
            self._distributions = {n.label: n.distribution() for n in self.named.values()}
        return self._distributions


def _asked(asked: Any, named: Named, distribution: Any) -> float:
    if named.n_values is None:
        return float(asked.suggest_float(named.label, 0.0, 1.0))
    if named.is_category:
        return float(asked.suggest_categorical(named.label, distribution.choices))
    return float(asked.suggest_int(named.label, 0, named.n_values - 1))


def study_showing(shown: list[Any]) -> Any:
    """Return a study whose trials are exactly those in a list, which may be changed at any time.

    Args:
        shown: Trials as Optuna keeps them.
    """
    import optuna

    class Shown(optuna.storages.InMemoryStorage):
        """What is in memory are the trials that were asked for; what is shown is the list."""

        def get_all_trials(
            self, study_id: int, deepcopy: bool = True, states: Container[Any] | None = None
        ) -> list[Any]:
            del study_id, deepcopy
            return [t for t in shown if states is None or t.state in states]

    with _quietly():
        return optuna.create_study(storage=Shown(), direction="minimize")


@contextmanager
def _quietly() -> Iterator[None]:
    """Let Optuna say nothing about what it makes, and leave its log as it was."""
    from optuna import logging

    before = logging.get_verbosity()
    logging.set_verbosity(logging.WARNING)
    try:
        yield
    finally:
        logging.set_verbosity(before)
