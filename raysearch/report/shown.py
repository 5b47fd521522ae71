"""What does every figure need to know of a run?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cached_property

from raysearch.errors import RunDirectoryError
from raysearch.report.figure import Axis
from raysearch.results.chronicle import Chronicle, chronicle
from raysearch.results.found import Found
from raysearch.results.importance import Importance, importance
from raysearch.results.messages import to_type
from raysearch.space import Space
from raysearch.trial import Objective, Trial, TrialStatus

STATUS_COLORS = {
    TrialStatus.COMPLETED: "#2f6f9f",
    TrialStatus.STOPPED: "#98a4b0",
    TrialStatus.FAILED: "#c0392b",
    TrialStatus.REJECTED: "#8e6bb0",
}
UNDER_WAY = "#3c9d6b"
"""Colour of what has not ended."""
WINNER = "#e08e0b"
DEFAULT = "#1d232a"
"""Colours of the winner and of the default configuration."""
RUN_COLORS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#7f6000",
    "#444444",
)
"""Of several runs; distinct for colour-blind eyes, after Okabe and Ito."""

WIDE = 50.0
"""Ratio of the largest to the smallest loss from which on an axis is logarithmic."""
FAR = 3.0
"""Ends of an axis leave out values that lie so many times farther out than the rest is wide."""


class Shown:
    """A run in a report.

    Args:
        results: The run.
        place: Its place among the runs of the report, from 0.
        first: Owner of its first trial: how many trials the runs before it have.
        name: Unique in the report.
    """

    def __init__(self, results: Found, *, place: int, first: int, name: str) -> None:
        self.results = results
        self.place = place
        self.name = name
        self.trials: Sequence[Trial] = list(results.state.trials.values())
        self._owners = {trial.id: first + n for n, trial in enumerate(self.trials)}

    @property
    def color(self) -> str:
        """Its colour beside other runs."""
        return RUN_COLORS[self.place % len(RUN_COLORS)]

    @property
    def objective(self) -> Objective:
        """What was improved."""
        return self.results.objective

    @cached_property
    def chronicle(self) -> Chronicle:
        """What happened when."""
        return chronicle(self.results)

    @cached_property
    def importance(self) -> Importance:
        """Which hyperparameters mattered; loads Optuna."""
        return importance(self.results)

    @cached_property
    def space(self) -> Space:
        """What was searched."""
        return Space.from_json(self.results.state.space)

    @cached_property
    def ranking(self) -> list[Trial]:
        """The trials with a value, best first."""
        return self.results.ranking()

    @cached_property
    def winner(self) -> Trial | None:
        """The winner, so far if the search goes on."""
        return self.results.winner

    @cached_property
    def shades(self) -> dict[str, float]:
        """Of each trial with a value: its place among them, from 0, the worst, to 1, the best."""
        last = max(1, len(self.ranking) - 1)
        return {trial.id: 1 - n / last for n, trial in enumerate(self.ranking)}

    def owner(self, trial: str) -> int:
        """Return the place of a trial in the list of the page."""
        return self._owners[trial]

    def owners(self, trials: Iterable[Trial]) -> list[int]:
        """Return the places of trials in the list of the page."""
        return [self._owners[trial.id] for trial in trials]

    @property
    def value_axis(self) -> Axis:
        """The axis of the objective, for values of trials at their best."""
        values = [v for trial in self.ranking if (v := trial.value(self.objective)) is not None]
        return axis_of(values, objective=self.objective)


def shown(found: Sequence[Found]) -> list[Shown]:
    """Return the runs of a report.

    Raises:
        RunDirectoryError: One of them has no trial with a value, so that there is nothing to show.
    """
    names = _unique([results.run_dir.path.absolute().name for results in found])
    runs, first = [], 0
    for place, (results, name) in enumerate(zip(found, names, strict=True)):
        if not results.ranking():
            raise RunDirectoryError(nothing_to_show(results))
        runs.append(Shown(results, place=place, first=first, name=name))
        first += len(runs[-1].trials)
    return runs


def nothing_to_show(results: Found) -> str:
    """Return the message for a run without any trial that has a value."""
    path, trials = results.run_dir.path, results.state.trials
    metric = results.objective.metric
    if not trials:
        what = f"{path} has no trial yet"
    else:
        n = len(trials)
        none = "its trial has not" if n == 1 else f"none of its {n} trials has"
        what = f"{path}: {none} reported a finite {metric} yet"
    return (
        f"{what}, so there is nothing to show. Look again once one has; what stands there so far: "
        f"{to_type('results', path)}. Nothing was written."
    )


def axis_of(values: Iterable[float], *, objective: Objective) -> Axis:
    """Return an axis on which most values can be told apart.

    It is logarithmic for losses that are far apart, and leaves out single values that lie so far
    on the bad side that nothing else could be seen.

    Example:
        >>> loss = Objective(metric="val/loss", direction="minimize")
        >>> axis_of([0.01, 0.1, 1.0, 2.0], objective=loss).is_log
        True
        >>> axis_of([0.5, 0.6, 0.7, 0.65], objective=loss).ends is None
        True
    """
    ordered = sorted(value for value in values if math.isfinite(value))
    if not ordered:
        return Axis(title=objective.metric)
    low, high = ordered[0], ordered[-1]
    if objective.direction == "minimize" and low > 0 and high / low > WIDE:
        return Axis(title=objective.metric, is_log=True)
    near = ordered[round(0.95 * (len(ordered) - 1))], ordered[round(0.05 * (len(ordered) - 1))]
    if objective.direction == "minimize" and high - near[0] > FAR * (near[0] - low) > 0:
        pad = 0.08 * (near[0] - low)
        return Axis(title=objective.metric, ends=(low - pad, near[0] + pad))
    if objective.direction == "maximize" and near[1] - low > FAR * (high - near[1]) > 0:
        pad = 0.08 * (high - near[1])
        return Axis(title=objective.metric, ends=(near[1] - pad, high + pad))
    return Axis(title=objective.metric)


def color_of(trial: Trial) -> str:
    """Return the colour of a trial's status."""
    return STATUS_COLORS.get(trial.status, UNDER_WAY)


def status_name(trial: Trial) -> str:
    """Return the status of a trial that has ended; "under way" of all others."""
    return str(trial.status) if trial.status.is_ended else "under way"


def _unique(names: Sequence[str]) -> list[str]:
    """Return the names, with a number behind those that occur twice.

    Example:
        >>> _unique(["a", "b", "a"])
        ['a', 'b', 'a (2)']
    """
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found
