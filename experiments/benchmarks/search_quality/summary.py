"""What is each method worth over all tables and seeds, and is it better than random search?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

RANDOM = "random"


def summaries(lines: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield one line for each method, number of workers and duration of trainings, as they came.

    Args:
        lines: What single searches came to; the same search twice counts once, as it was last.
    """
    by_method: dict[tuple[str, int, str], dict[tuple[str, int], Mapping[str, Any]]] = {}
    for line in lines:
        kind = line["method"], line["workers"], line.get("duration", "table")
        by_method.setdefault(kind, {})[line["table"], line["seed"]] = line
    for (method, workers, duration), searches in by_method.items():
        marks = list(next(iter(searches.values()))["regret"])
        last = marks[-1]
        yield {
            "method": method,
            "workers": workers,
            "duration": duration,
            "tables": len({table for table, _ in searches}),
            "seeds": len({seed for _, seed in searches}),
            "regret": {mark: _mean(searches, mark, "regret") for mark in marks},
            "standard_error": {mark: _standard_error(searches, mark) for mark in marks},
            **_further(searches, marks),
            "ms": {mark: _mean(searches, mark, "ms") for mark in marks},
            "by_table": _by_table(searches, last),
            "p_no_better_than_random": _p_value(
                searches, by_method.get((RANDOM, workers, duration), {}), mark=last
            ),
        }


Searches = Mapping[tuple[str, int], Mapping[str, Any]]
"""The lines of one method by table and seed."""


def _mean(searches: Searches, mark: str, figure: str) -> float:
    return round(float(np.mean([line[figure][mark] for line in searches.values()])), 4)


def _further(searches: Searches, marks: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return the means of the other regrets; lines of before 2026-11-29 have none."""
    return {
        figure: {mark: _mean(searches, mark, figure) for mark in marks}
        for figure in ("observed", "evaluated")
        if all(figure in line for line in searches.values())
    }


def _by_table(searches: Searches, mark: str) -> dict[str, float]:
    tables = dict.fromkeys(table for table, _ in searches)
    return {
        name: _mean({k: v for k, v in searches.items() if k[0] == name}, mark, "regret")
        for name in tables
    }


def _standard_error(searches: Searches, mark: str) -> float | None:
    """Return the standard error over seeds of the mean over tables; None of one seed."""
    seeds = sorted({seed for _, seed in searches})
    if len(seeds) < 2:
        return None
    means = [
        np.mean([line["regret"][mark] for (_, s), line in searches.items() if s == seed])
        for seed in seeds
    ]
    return round(float(np.std(means, ddof=1) / np.sqrt(len(seeds))), 4)


def _p_value(searches: Searches, random: Searches, *, mark: str) -> float | None:
    """Return the chance of as much of a lead if it were none; None without the same searches."""
    from scipy.stats import wilcoxon

    shared = sorted(set(searches) & set(random))
    mine = [searches[key]["regret"][mark] for key in shared]
    theirs = [random[key]["regret"][mark] for key in shared]
    if mine == theirs:  # random search itself, or none that can be compared
        return None
    return float(f"{wilcoxon(mine, theirs, alternative='less').pvalue:.2g}")
