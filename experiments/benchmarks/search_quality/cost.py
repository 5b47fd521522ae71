"""How long does a suggestion take after so many trials?"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from raysearch.searchers import Searcher
from raysearch.trial import Suggestion, Trial, trial_id
from search_quality.methods import Method
from search_quality.running import ended
from search_quality.tables import Table

N_SUGGESTIONS = 11
"""After each number of trials; the trial of each ends before the next is asked for."""


def cost(method: Method, table: Table, *, sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield, for each number of trials, the seconds of a suggestion: the first one, and others.

    Args:
        method: What suggests.
        table: Whose trials it is shown, drawn at random.
        sizes: Numbers of trials.
    """
    rng = np.random.default_rng(0)
    for size in sizes:
        table.trainings.reseed(0)
        searcher = method.build(table, seed=0)
        searcher.prepare()
        trials = [_trial(n, table.space.sample(rng), table=table) for n in range(1, size + 1)]
        started_at = time.perf_counter()
        for trial in trials:
            searcher.observe(trial)
        observing_s = time.perf_counter() - started_at
        seconds = _suggestions(searcher, table=table, size=size)
        yield {
            "method": method.label,
            "trials": size,
            "first_s": round(seconds[0], 5),
            "median_s": round(statistics.median(seconds[1:]), 5),
            "max_s": round(max(seconds[1:]), 5),
            "observe_s": round(observing_s / size, 6),
        }


def _suggestions(searcher: Searcher, *, table: Table, size: int) -> list[float]:
    """Return the seconds of each suggestion, with what was learnt from the one before."""
    seconds = []
    for number in range(size + 1, size + 1 + N_SUGGESTIONS):
        started_at = time.perf_counter()
        suggestion = searcher.suggest(number=number, pending=[])
        seconds.append(time.perf_counter() - started_at)
        if not isinstance(suggestion, Suggestion):
            raise RuntimeError(f"{searcher} has nothing to suggest after {number - 1} trials")
        searcher.observe(_trial(number, suggestion.configuration, table=table))
    return seconds


def _trial(number: int, configuration: Any, *, table: Table) -> Trial:
    value, seconds = table.evaluate(configuration)
    begun = Trial(id=trial_id(number), number=number, configuration=configuration)
    return ended(begun, value, seconds=seconds, metric=table.objective.metric)
