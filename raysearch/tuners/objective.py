"""What does a tuner improve, and in which direction?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from raysearch import trial
from raysearch.errors import ConfigurationError
from raysearch.experiment.objectives import known_direction
from raysearch.measure import MEASURES
from raysearch.space.values import show

_WORDS: dict[str, trial.Direction] = {
    "max": "maximize",
    "maximize": "maximize",
    "min": "minimize",
    "minimize": "minimize",
}


@dataclass(frozen=True, slots=True)
class Objective:
    """A metric as the model logs it, and its better direction, "min" or "max".

    Example:
        >>> str(Objective("val_loss", "min")), Objective("f1", "max").better_than(0.9, 0.8)
        ('Objective(name="val_loss", direction="min")', True)
    """

    name: str
    direction: str

    def __post_init__(self) -> None:
        if self.direction not in _WORDS:
            raise ConfigurationError(
                f"objective: the direction of {self.name} is {show(self.direction)}. Write min or "
                "max."
            )
        object.__setattr__(self, "direction", _WORDS[self.direction][:3])

    def __str__(self) -> str:
        return f'Objective(name="{self.name}", direction="{self.direction}")'

    @property
    def resolved(self) -> trial.Objective:
        """The same for the engine."""
        return trial.Objective(metric=self.name, direction=_WORDS[self.direction])

    def has_value(self, logs: dict[str, Any]) -> bool:
        """Return whether the metric is among those logged."""
        return self.name in logs

    def get_value(self, logs: dict[str, Any]) -> Any:
        """Return the metric's value among those logged."""
        return logs[self.name]

    def better_than(self, a: float, b: float) -> bool:
        """Return whether a value is strictly better than another; NaN is the worst."""
        return self.resolved.is_better(a, than=b)


def as_objectives(given: Any) -> tuple[Objective, ...]:
    """Return one objective, or those of a list, the first of which comes first.

    Several are not added up: what is found is the Pareto front, and what wins is chosen of it, with
    each objective on the scale of the front.

    Raises:
        ConfigurationError: One is none, or is listed twice.

    Example:
        >>> [each.direction for each in as_objectives(["val_accuracy", "params"])]
        ['max', 'min']
    """
    if not isinstance(given, list | tuple):
        return (as_objective(given),)
    found = tuple(Objective(n, "min") if n in MEASURES else as_objective(n) for n in given)
    names = [each.name for each in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not found:
        what = f"names {', '.join(twice)} twice" if twice else "is an empty list"
        raise ConfigurationError(f"objective {what}. Name each metric once.")
    return found


def as_objective(given: Any) -> Objective:
    """Return an objective; the direction of a metric that is named alone follows from its name.

    Raises:
        ConfigurationError: It is none, or its direction cannot be told.

    Example:
        >>> as_objective("val_accuracy").direction, as_objective("val_loss").direction
        ('max', 'min')
    """
    if isinstance(given, Objective):
        return given
    if isinstance(given, trial.Objective):
        return Objective(given.metric, given.direction)
    if not isinstance(given, str) or not given:
        raise ConfigurationError(
            f"objective is {show(given)}. Name a metric that the model logs, such as "
            '"val_accuracy", or give Objective("val_f", "max").'
        )
    direction = known_direction(given)
    if direction is None:
        raise ConfigurationError(
            f"objective: whether more or less of {given} is better cannot be told by its name. "
            f'Write Objective("{given}", "min"), or "max".'
        )
    return Objective(given, direction)
