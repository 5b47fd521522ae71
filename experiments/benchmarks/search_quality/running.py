"""How does one search on a table go, and what does the method hand over on the way?"""

from __future__ import annotations

import heapq
import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from raysearch.searchers import Recommending, Searcher
from raysearch.trial import Measurement, Suggestion, Trial, TrialStatus, trial_id
from search_quality.methods import Method
from search_quality.tables import Table

MARKS = (25, 50, 100)
"""Evaluations after which the incumbent is looked at; the last evaluation is one more."""

N_TIMED = 5
"""Suggestions up to a mark whose median time is told."""

DURATIONS = ("table", "equal")
"""How long a training takes in simulated time: as the table says, or as long as any other."""


def search(
    method: Method,
    table: Table,
    *,
    seed: int,
    evaluations: int,
    workers: int,
    duration: str = "table",
) -> dict[str, Any]:
    """Return regrets at each mark, and the milliseconds of a suggestion there.

    Beside the regret of the incumbent stand that of the best observed configuration, and that of
    the best one that was evaluated at all, which nobody but the table knows.

    Args:
        method: What suggests.
        table: What is searched.
        seed: Of the method, and of the trainings that are drawn.
        evaluations: Trials in all.
        workers: Trials at once.
        duration: How long each takes, one of `DURATIONS`.
    """
    table.trainings.reseed(seed)
    course = _Course(
        table=table, searcher=method.build(table, seed=seed), takes_equal_time=duration == "equal"
    )
    marks = sorted({mark for mark in MARKS if mark < evaluations} | {evaluations})
    kinds = ("regret", "observed", "evaluated")
    regrets: dict[str, dict[str, float]] = {kind: {} for kind in kinds}
    ms = {}
    for n_ended in range(1, evaluations + 1):
        course.fill(workers, evaluations=evaluations)
        course.finish()
        if n_ended in marks:
            for kind, regret in zip(kinds, course.regrets(), strict=True):
                regrets[kind][str(n_ended)] = round(regret, 6)
            ms[str(n_ended)] = round(1000 * statistics.median(course.seconds[-N_TIMED:]), 3)
    return {**regrets, "ms": ms}


@dataclass(slots=True, kw_only=True)
class _Course:
    """A search under way, in simulated time."""

    table: Table
    searcher: Searcher
    takes_equal_time: bool
    """Whether all trainings take as long."""
    now_s: float = 0.0
    running: list[tuple[float, int, Trial, Trial]] = field(default_factory=list)
    """A heap: when it ends, its number, the trial as it runs and as it ends."""
    ended: list[Trial] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    """Real time of each suggestion."""
    is_exhausted: bool = False

    def fill(self, workers: int, *, evaluations: int) -> None:
        """Let every free worker begin a trial, unless there is none to begin now."""
        while len(self.running) < workers and len(self.ended) + len(self.running) < evaluations:
            if not self._begin():
                return

    def _begin(self) -> bool:
        number = len(self.ended) + len(self.running) + 1
        pending = [begun for _, _, begun, _ in sorted(self.running, key=lambda item: item[1])]
        started_at = time.perf_counter()
        suggestion = self.searcher.suggest(number=number, pending=pending)
        self.seconds.append(time.perf_counter() - started_at)
        if not isinstance(suggestion, Suggestion):
            if not self.running:
                raise RuntimeError(f"{self.searcher} has no more to suggest after {number - 1}")
            return False
        self.table.space.validate(suggestion.configuration)
        value, seconds = self.table.evaluate(suggestion.configuration)
        seconds = 1.0 if self.takes_equal_time else seconds
        begun = Trial(
            id=trial_id(number),
            number=number,
            configuration=suggestion.configuration,
            origin=suggestion.origin,
            status=TrialStatus.RUNNING,
        )
        end = ended(begun, value, seconds=seconds, metric=self.table.objective.metric)
        heapq.heappush(self.running, (self.now_s + seconds, number, begun, end))
        return True

    def finish(self) -> None:
        """Let the next trial end that does, and tell the searcher."""
        self.now_s, _, _, trial = heapq.heappop(self.running)
        self.ended.append(trial)
        self.searcher.observe(trial)

    def regrets(self) -> tuple[float, float, float]:
        """Return those of the incumbent, of the best observed, and of the best evaluated trial."""
        objective = self.table.objective
        observed = min(self.ended, key=lambda t: objective.loss(t.value(objective)))
        incumbent = recommendation(self.searcher, self.ended) or observed
        return (
            self.table.regret(incumbent.configuration),
            self.table.regret(observed.configuration),
            min(self.table.regret(trial.configuration) for trial in self.ended),
        )


def recommendation(searcher: Searcher, trials: Sequence[Trial]) -> Trial | None:
    """Return the trial that a searcher recommends of those that ended; None without an opinion."""
    if not isinstance(searcher, Recommending):
        return None
    found = searcher.recommend(trials)
    return None if found is None else next(t for t in trials if t.number == found.number)


def ended(trial: Trial, value: float, *, seconds: float, metric: str) -> Trial:
    """Return a trial as it is after one training, at the end."""
    measured = Measurement(
        epoch=1,
        step=1,
        values={metric: value if math.isfinite(value) else None},
        seconds=seconds,
    )
    return Trial(
        id=trial.id,
        number=trial.number,
        configuration=trial.configuration,
        origin=trial.origin,
        status=TrialStatus.COMPLETED,
        measurements=(measured,),
    )
