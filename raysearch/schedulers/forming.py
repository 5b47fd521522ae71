"""How large is a population, when are its members compared, and which wishes cannot be met?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from raysearch.checks import integer_fault, number_fault, raise_faults
from raysearch.schedulers.exploring import mutable_keys
from raysearch.space import Space

POPULATION = 12
"""Members where the budget has no number of trials."""

_ROUNDS = 10
"""Comparisons of a member that is trained to its end, about, where no interval is set."""


@dataclass(frozen=True, kw_only=True)
class Formation:
    """What a policy of populations is asked for; the fields are its settings of the same names.

    Call `check` first: what it accepts has the sizes and rungs below.
    """

    method: str
    """Its name in an experiment file, for messages."""
    max_epochs: int
    max_trials: int | None
    max_total_epochs: int | None
    population: int | None
    interval: int | None
    quantile: float
    scale: float
    resample: float
    space: Space | None
    parameters: list[str] | None
    fixed: Mapping[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Members of a population."""
        return self.population or self.max_trials or POPULATION

    @property
    def every(self) -> int:
        """Epochs between two comparisons."""
        return self.interval or max(1, self.max_epochs // _ROUNDS)

    @property
    def rungs(self) -> tuple[int, ...]:
        """Epochs at which members are compared."""
        return tuple(range(self.every, self.max_epochs, self.every))

    @property
    def mutable(self) -> tuple[str, ...]:
        """Keys of the parameters that change."""
        return self._mutable[0]

    @cached_property
    def _mutable(self) -> tuple[tuple[str, ...], list[str]]:
        if self.space is None:
            return (), []
        return mutable_keys(self.space, parameters=self.parameters, fixed=self.fixed)

    def check(self, *further: str | None) -> None:
        """Refuse what cannot be.

        Args:
            further: Faults of settings that this method alone has; None for none.

        Raises:
            ConfigurationError: A setting lies outside its range, or nothing can be changed; all of
                it is named at once.
        """
        raise_faults(
            self._interval_fault(),
            self._population_fault(),
            self._budget_fault(),
            _open_fault("scheduler.quantile", self.quantile, at_most=0.5),
            _open_fault("scheduler.scale", self.scale, at_most=1),
            number_fault("scheduler.resample", self.resample, at_least=0, at_most=1),
            *further,
            *self._mutable[1],
        )

    def _interval_fault(self) -> str | None:
        if self.max_epochs < 2:
            return (
                f"scheduler: {self.method} compares trials before their last epoch, which is epoch "
                f"{self.max_epochs}. Give fidelity.max_epochs of at least 2."
            )
        if self.interval is None:
            return None
        most = self.max_epochs - 1
        return integer_fault("scheduler.interval", self.interval, at_least=1, at_most=most)

    def _population_fault(self) -> str | None:
        if self.max_trials is not None and self.max_trials < 2:
            return (
                f"scheduler: {self.method} compares at least 2 trials, and budget.trials is "
                f"{self.max_trials}. Give more trials, or use another scheduler."
            )
        if self.population is None:
            return None
        fault = integer_fault(
            "scheduler.population", self.population, at_least=2, at_most=self.max_trials
        )
        if fault is None or self.max_trials is None:
            return fault
        return f"{fault} budget.trials is {self.max_trials}."

    def _budget_fault(self) -> str | None:
        """Return that nobody would go on after a first comparison, if the budget is so small."""
        size, every, total = self.size, self.every, self.max_total_epochs
        if total is None or total > size * every:
            return None
        most = (total - 1) // every
        enough = f"population from 2 to {most}, or " if most >= 2 else ""
        return (
            f"scheduler.population is {size}, and {size} trials of {every} epochs use up "
            f"budget.epochs, {total}, before the first comparison. Give {enough}"
            f"budget.epochs of more than {size * every}."
        )


def _open_fault(key: str, value: object, *, at_most: float) -> str | None:
    """Return what is wrong with a number that must be above 0."""
    if type(value) in (int, float) and 0 < value <= at_most:  # type: ignore[operator]
        return None
    return f"{key} is {value!r}. It must be a number above 0, and at most {at_most:g}."
