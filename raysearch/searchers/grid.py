"""Which configuration of a grid comes next? Every one of them, once, in the order of the space."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice

from raysearch.checks import integer_fault, raise_faults
from raysearch.errors import ConfigurationError
from raysearch.searchers.base import EXHAUSTED, NoSuggestion
from raysearch.searchers.suitability import refuse, require_places
from raysearch.searchers.tried import Key, Tried, key
from raysearch.space import Domain, Float, Int, Parameter, Space
from raysearch.trial import Configuration, Objective, Suggestion, Trial, Value

MOST_COUNTED = 100_000
"""Configurations of a grid that are counted at most, where a person is told their number."""

MOST_VALUES = 10_000
"""Values of one parameter that a grid holds at most; each is kept in memory."""


class Grid:
    """Suggests every configuration of a grid, as nested loops would.

    The last parameter of the space varies fastest, the first one slowest. That is the order in
    which people read a grid, and so it is kept, although a grid that the budget cuts short has then
    seen few values of its first parameters: `random` covers a space better in few trials.

    Choices and booleans take all their values. So do numbers with a step, and numbers with up to
    `resolution` values; other numbers take `resolution` of them, both bounds included, evenly in
    their sampling: at equal factors on a log scale. Parameters whose conditions hold for no value
    of the grid are left out.

    A configuration that was tried already is passed over, whoever suggested it. Nothing is drawn
    and nothing learnt, so that trials may run in any number at once.

    Args:
        space: The search space.
        objective: Not used: nothing is learnt.
        objectives: Not used, too: of several, any will do.
        seed: Not used: nothing is drawn.
        resolution: Values of a number without a step, at least 1; with 1, it is the middle. None
            for a grid of steps alone: numbers without one are then refused.

    Raises:
        ConfigurationError: The resolution is not positive, or a parameter has too many values.
        UnsuitableSpace: There is no resolution, and a number has no step; or a parameter has
            values that no few can stand for, such as graphs.

    Example:
        >>> objective = Objective(metric="val/loss", direction="minimize")
        >>> space = Space({"depth": Int(1, 2), "learning_rate": Float(1e-4, 1e-2, log=True)})
        >>> grid = Grid(space, objective=objective, resolution=3)
        >>> for number in range(1, 5):
        ...     suggestion = grid.suggest(number=number, pending=[])
        ...     grid.observe(Trial(id="", number=number, configuration=suggestion.configuration))
        ...     print(suggestion.configuration)
        {'depth': 1, 'learning_rate': 0.0001}
        {'depth': 1, 'learning_rate': 0.001}
        {'depth': 1, 'learning_rate': 0.01}
        {'depth': 2, 'learning_rate': 0.0001}
    """

    def __init__(
        self,
        space: Space,
        *,
        objective: Objective,
        objectives: Sequence[Objective] = (),
        seed: int = 0,
        resolution: int | None = 5,
    ) -> None:
        del objective, objectives, seed
        if resolution is not None:
            raise_faults(integer_fault("searcher.resolution", resolution, at_least=1))
        require_places(space, method="grid")
        self._rest = configurations(space, resolution=resolution)
        self._ahead: dict[Key, dict[str, Value]] = {}  # taken from the rest; no trial ended with it
        self._tried = Tried()

    def prepare(self) -> None:
        """Do nothing: what comes next needs no more than what is imported."""

    def suggest(self, *, number: int, pending: Sequence[Trial]) -> Suggestion | NoSuggestion:
        """Return the first configuration that was not tried, or EXHAUSTED."""
        del number
        self._tried.set_pending(pending)
        for found, configuration in chain(self._ahead.items(), self._further()):
            if found not in self._tried:
                return Suggestion(configuration=configuration, origin={"kind": "grid"})
        return EXHAUSTED

    def observe(self, trial: Trial) -> None:
        """Remember that the configuration was tried."""
        self._tried.add(trial)
        self._ahead.pop(key(trial.configuration), None)

    def _further(self) -> Iterator[tuple[Key, dict[str, Value]]]:
        """Yield what is left of the rest, and keep it until a trial has ended with it."""
        for configuration in self._rest:
            found = key(configuration)
            if not self._tried.has_ended(found):
                self._ahead[found] = configuration
                yield found, configuration


def configurations(space: Space, *, resolution: int | None) -> Iterator[dict[str, Value]]:
    """Yield every configuration of the grid once, the first parameter varying slowest.

    Nothing is computed ahead: the first of a million is there at once.

    Args:
        space: What the grid is laid over.
        resolution: Values of a number without a step, at least 1; None if there are none.

    Example:
        >>> space = Space({"width": Int(8, 24, step=8), "dropout": Float(0.0, 0.5)})
        >>> [c["dropout"] for c in configurations(space, resolution=2) if c["width"] == 24]
        [0.0, 0.5]
    """
    _check_steps(space, resolution=resolution)
    _check_sizes(space, resolution=resolution)
    levels = [(p, values(p.domain, resolution=resolution)) for p in space.parameters]
    return _completed({}, levels)


def values(domain: Domain, *, resolution: int | None) -> tuple[Value, ...]:
    """Return the values of a parameter that the grid holds, in their order.

    Example:
        >>> values(Int(1, 100, log=True), resolution=3), values(Int(0, 6, step=2), resolution=3)
        ((1, 10, 100), (0, 2, 4, 6))
    """
    return tuple(domain.grid(None if _has_step(domain) else resolution))


def count(space: Space, *, resolution: int | None, at_most: int = MOST_COUNTED) -> int:
    """Return how many configurations the grid holds, or `at_most` if that is less.

    They are enumerated: 100,000 take half a second.

    Example:
        >>> count(Space({"width": Int(1, 3), "rate": Float(0, 1)}), resolution=5, at_most=100)
        15
    """
    return sum(1 for _ in islice(configurations(space, resolution=resolution), at_most))


def _check_steps(space: Space, *, resolution: int | None) -> None:
    endless = [p for p in space if p.domain.size() is None]
    if resolution is None:
        refuse(
            endless,
            method="grid",
            why="infinitely many values, and a grid takes each of them",
            remedy="give each a step, or say with searcher.resolution how many to take",
        )
    refuse(
        [parameter for parameter in endless if not _has_grid(parameter.domain)],
        method="grid",
        why="infinitely many values without an order, of which no few stand for all",
        remedy="or leave them out of the space",
    )


def _has_grid(domain: Domain) -> bool:
    try:
        domain.grid(1)
    except ConfigurationError:
        return False
    return True


def _check_sizes(space: Space, *, resolution: int | None) -> None:
    for parameter in space.parameters:
        size = parameter.domain.size()
        n = resolution if resolution is not None and not _has_step(parameter.domain) else size
        if n is not None and n > MOST_VALUES and (size is None or size > MOST_VALUES):
            raise ConfigurationError(
                f"{parameter.key} has {n} values in the grid, and may have {MOST_VALUES}. Give it "
                "a larger step, or lower searcher.resolution."
            )


def _has_step(domain: Domain) -> bool:
    if isinstance(domain, Int):
        return domain.step != 1
    return isinstance(domain, Float) and domain.step is not None


def _completed(
    configuration: Configuration, levels: Sequence[tuple[Parameter, tuple[Value, ...]]]
) -> Iterator[dict[str, Value]]:
    for index, (parameter, listed) in enumerate(levels):
        if parameter.is_active(configuration):
            for value in listed:
                extended = {**configuration, parameter.key: value}
                yield from _completed(extended, levels[index + 1 :])
            return
    yield dict(configuration)
