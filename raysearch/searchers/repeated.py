"""How much of a configuration's value is luck? It is trained several times, and judged by the mean.

Each execution is a trial of its own, with a seed of its own, so that executions run in parallel and
every one of them can be looked at. The method that suggests configurations knows nothing of it: it
is told of each as of one trial, with the mean of what its executions measured.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from raysearch.checks import integer_fault, raise_faults
from raysearch.errors import ConfigurationError, unknown_name
from raysearch.imports import load_object
from raysearch.searchers import SEARCHERS
from raysearch.searchers.base import NoSuggestion, Searcher
from raysearch.searchers.repeats import without_repeats
from raysearch.searchers.tried import Key, key
from raysearch.space import Space
from raysearch.trial import (
    REPEAT,
    Measurement,
    Objective,
    Recommendation,
    Suggestion,
    Trial,
    TrialStatus,
)


@dataclass(slots=True)
class _Group:
    """The executions of one configuration that ended or are paused, by number."""

    ended: dict[int, Trial] = field(default_factory=dict)
    told: Trial | None = None
    """What the method knows of them."""

    @property
    def is_told(self) -> bool:
        """Whether the method knows."""
        return self.told is not None

    @property
    def has_failed(self) -> bool:
        """Whether one of them failed, so that no further one is worth it."""
        return any(trial.status is TrialStatus.FAILED for trial in self.ended.values())


class Repeated:
    """Suggests each configuration several times; those of another searcher.

    A configuration of which one execution failed is not repeated any more, and has failed.

    Args:
        space: The search space.
        objective: What is improved.
        seed: Given to the other searcher.
        times: Executions of each configuration, at least 1.
        searcher: Name and settings of the other searcher.

    Raises:
        ConfigurationError: There is no such searcher, or a setting is out of range.

    Example:
        >>> from raysearch.space import Int
        >>> loss = Objective(metric="val_loss", direction="minimize")
        >>> twice = Repeated(
        ...     Space({"n": Int(1, 9)}), objective=loss, times=2, searcher={"name": "random"}
        ... )
        >>> default = Trial(id="0000", number=0, configuration={"n": 5})
        >>> twice.suggest(number=1, pending=[default])
        Suggestion(configuration={'n': 5}, origin={'kind': 'repeat', 'of': '0000'})
    """

    def __init__(
        self,
        space: Space,
        *,
        objective: Objective,
        seed: int = 0,
        times: int = 2,
        searcher: Mapping[str, Any],
    ) -> None:
        raise_faults(integer_fault("searcher.times", times, at_least=1))
        name = searcher.get("name", "")
        if name not in SEARCHERS:
            raise ConfigurationError(unknown_name(name, kind="a searcher", valid=SEARCHERS))
        alone = without_repeats(searcher)  # one who repeats is enough
        settings = {key: value for key, value in alone.items() if key != "name"}
        made = load_object(SEARCHERS[name])
        self._searcher: Searcher = made(space, objective=objective, seed=seed, **settings)
        self._objective = objective
        self._times = times
        self._groups: dict[Key, _Group] = {}

    def prepare(self) -> None:
        """Import what the other searcher needs."""
        self._searcher.prepare()

    def suggest(self, *, number: int, pending: Sequence[Trial]) -> Suggestion | NoSuggestion:
        """Return a configuration that lacks executions, the earliest first, or else a new one."""
        known: dict[Key, list[Trial]] = {
            found: list(group.ended.values())
            for found, group in self._groups.items()
            if not group.is_told
        }
        for trial in pending:
            found = key(trial.configuration)
            if found not in self._groups or not self._groups[found].is_told:
                known.setdefault(found, []).append(trial)
        unknown = [min(trials, key=lambda trial: trial.number) for trials in known.values()]
        for first in sorted(unknown, key=lambda trial: trial.number):
            trials = known[key(first.configuration)]
            has_failed = any(trial.status is TrialStatus.FAILED for trial in trials)
            if len(trials) < self._times and not has_failed:
                origin = {"kind": REPEAT, "of": first.id}
                return Suggestion(configuration=first.configuration, origin=origin)
        return self._searcher.suggest(number=number, pending=unknown)

    def observe(self, trial: Trial) -> None:
        """Tell the other searcher, once all executions of the configuration are known.

        Where one that was paused goes on, it is told of them again.
        """
        if trial.is_evidence:
            self._searcher.observe(trial)
            return
        group = self._groups.setdefault(key(trial.configuration), _Group())
        group.ended[trial.number] = trial
        if len(group.ended) < self._times and not group.has_failed:
            return
        if group.told is not None and group.told.status is TrialStatus.FAILED:
            return  # that stands, whatever else becomes known
        mean = together(list(group.ended.values()))
        if group.told is not None:  # to the method it stays the same trial
            mean = replace(mean, id=group.told.id, number=group.told.number)
        group.told = mean
        self._searcher.observe(mean)

    def recommend(self, trials: Sequence[Trial]) -> Recommendation | None:
        """Return the best execution of the configuration with the best mean."""
        numbers = {trial.number for trial in trials}
        best = math.inf
        found: Recommendation | None = None
        for group in self._groups.values():
            executions = list(group.ended.values())
            loss = mean_loss(executions, objective=self._objective)
            may_win = [trial for trial in executions if trial.number in numbers]
            if len(executions) < self._times or not may_win or loss >= best:
                continue
            best = loss
            value = self._objective.value(loss)
            found = Recommendation(
                number=min(may_win, key=lambda trial: trial.rank_key(self._objective)).number,
                reason=f"best mean {value:.4g} of {len(executions)} executions",
            )
        return found


def mean_loss(executions: Sequence[Trial], *, objective: Objective) -> float:
    """Return the mean of the executions' best values, such that less is better; infinity for none.

    One that never reached a finite value makes it infinite.
    """
    losses = [objective.loss(trial.value(objective)) for trial in executions]
    return math.fsum(losses) / len(losses) if losses and math.inf not in losses else math.inf


def together(executions: Sequence[Trial]) -> Trial:
    """Return the first execution with the mean of what all of them measured.

    Epochs that not all of them reached are left out. Where one failed, it stands for all.
    """
    failed = [trial for trial in executions if trial.status is TrialStatus.FAILED]
    if failed:
        return failed[0]
    first = min(executions, key=lambda trial: trial.number)
    each = [{m.epoch: m for m in trial.measurements} for trial in executions]
    shared = [m for m in first.measurements if all(m.epoch in measured for measured in each)]
    means = tuple(_mean([measured[m.epoch] for measured in each]) for m in shared)
    return replace(first, measurements=means)


def _mean(measurements: Sequence[Measurement]) -> Measurement:
    first = measurements[0]
    values: dict[str, float | None] = {}
    for name in first.values:
        each = [m.values.get(name) for m in measurements]
        finite = [value for value in each if value is not None]
        values[name] = math.fsum(finite) / len(each) if len(finite) == len(each) else None
    return replace(first, values=values)
