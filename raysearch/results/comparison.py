"""Is one way to search better than another on this data, or was it luck?

Runs whose settings differ in nothing but the seed are one group: the same search, tried again. What
a run is worth is the best value it had found when as many epochs were trained as in the shortest of
all runs, so that none is better for having had more time. Two groups are compared by a permutation
test of the difference of their means: how often would runs that are dealt to the two groups at
random differ at least as much? Every deal is counted where that is feasible, so the probability is
exact.

Data and objective must be the same: runs that differ in these do not say which search is better,
and are not compared.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

import numpy as np

from raysearch.experiment.spaces import MODEL
from raysearch.results.chronicle import chronicle
from raysearch.results.found import Found
from raysearch.results.kinds import family_names
from raysearch.trial import Objective

FEWEST_RUNS = 2
"""Runs of a group from which on it is compared."""
MOST_DEALS = 20_000
"""Beyond so many deals, as many are drawn at random."""
TASK = ("data", "objective", "objectives")
"""Sections in which runs that are compared agree."""
_ASIDE = ("seed", "name", "include", "evidence")
"""Sections that make no difference between two searches of one group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Runs of the same search with different seeds."""

    label: str
    """What sets it apart from the other groups: "searcher.name=tpe"."""
    runs: tuple[str, ...]
    values: tuple[float, ...]
    """The best value of each run after `Comparison.epochs` epochs."""

    @property
    def mean(self) -> float:
        """The mean of the values."""
        return mean(self.values)

    @property
    def std(self) -> float | None:
        """The sample standard deviation; None for a single run."""
        return stdev(self.values) if len(self.values) > 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duel:
    """The better one of two groups, and how sure that is."""

    better: Group
    worse: Group
    difference: float
    """Of the means, at least 0: in favour of the better one."""
    p: float | None
    """How often chance alone brings a difference as large, in either direction; None where one of
    them has too few runs to say."""
    n_deals: int = 0
    """Deals that `p` was counted over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Groups of runs, the best first, and each pair of them."""

    groups: tuple[Group, ...] = ()
    duels: tuple[Duel, ...] = ()
    epochs: int = 0
    """Trained in each run when its value was taken: as many as in the shortest one."""
    reason: str = ""
    """Why nothing is compared, a phrase for a person."""


def compare(found: Sequence[Found]) -> Comparison:
    """Return how the searches of several runs compare.

    Args:
        found: Runs, those of one search with several seeds among them.
    """
    different = [key for key in TASK if _differ([run.state.settings.get(key) for run in found])]
    if different:
        return Comparison(reason=f"they differ in {' and '.join(different)}")
    objective, chronicles = found[0].objective, [chronicle(run) for run in found]
    epochs = min(known.epochs for known in chronicles)
    values = [known.best_after(epochs) for known in chronicles]
    without = [run for run, value in zip(found, values, strict=True) if value is None]
    if without:
        paths = ", ".join(run.run_dir.path.name for run in without)
        return Comparison(reason=f"no finite {objective.metric} after {epochs} epochs in {paths}")
    by_group: dict[str, list[int]] = {}
    settings = [_flat(run.state.settings) for run in found]
    for n, flat in enumerate(settings):
        sections = found[n].state.settings.get(MODEL)  # of which the label has the names alone
        by_group.setdefault(repr((sorted(flat.items()), sections)), []).append(n)
    labels = _labels([settings[members[0]] for members in by_group.values()])
    groups = [
        Group(
            label=label,
            runs=tuple(found[n].run_dir.path.absolute().name for n in members),
            values=tuple(value for n in members if (value := values[n]) is not None),
        )
        for label, members in zip(labels, by_group.values(), strict=True)
    ]
    groups.sort(key=lambda group: objective.loss(group.mean))
    pairs = itertools.combinations(groups, 2)
    duels = tuple(_duel(one, other, objective=objective) for one, other in pairs)
    return Comparison(groups=tuple(groups), duels=duels, epochs=epochs)


def _differ(values: Sequence[Any]) -> bool:
    return any(value != values[0] for value in values)


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return settings under dotted keys, those that make no difference left out."""
    found: dict[str, str] = {}
    for key, value in settings.items():
        if not prefix and key in _ASIDE:
            continue
        if not prefix and key == MODEL:
            found[key] = "+".join(family_names(settings))
        elif isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = str(value)
    return found


def _labels(settings: Sequence[Mapping[str, str]]) -> list[str]:
    """Return what sets each of several settings apart; of a method its name alone.

    Example:
        >>> tpe = {"searcher.name": "tpe", "searcher.n_startup": "10", "parallel": "auto"}
        >>> _labels([tpe, {"searcher.name": "random", "parallel": "auto"}])
        ['searcher.name=tpe', 'searcher.name=random']
        >>> _labels([tpe])
        ['all']
    """
    keys = list(dict.fromkeys(key for flat in settings for key in flat))
    differing = [key for key in keys if _differ([flat.get(key) for flat in settings])]
    named = {key.partition(".")[0] for key in differing if key.endswith(".name")}
    told = [k for k in differing if k.endswith(".name") or k.partition(".")[0] not in named]
    labels = [" ".join(f"{key}={flat.get(key, '-')}" for key in told) or "all" for flat in settings]
    if len(set(labels)) == len(labels):
        return labels
    return [" ".join(f"{key}={flat.get(key, '-')}" for key in differing) for flat in settings]


def _duel(better: Group, worse: Group, *, objective: Objective) -> Duel:
    difference = objective.loss(worse.mean) - objective.loss(better.mean)
    if min(len(better.values), len(worse.values)) < FEWEST_RUNS:
        return Duel(better=better, worse=worse, difference=difference, p=None)
    p, n_deals = permutation_test(better.values, worse.values)
    return Duel(better=better, worse=worse, difference=difference, p=p, n_deals=n_deals)


def permutation_test(one: Sequence[float], other: Sequence[float]) -> tuple[float, int]:
    """Return how often two samples dealt at random differ as much as these, and of how many deals.

    Two-sided, on the difference of means.

    Args:
        one: At least one value.
        other: At least one value.

    Example:
        >>> permutation_test([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
        (0.1, 20)
        >>> permutation_test([1.0, 2.0], [1.0, 2.0])
        (1.0, 6)

    References:
        Fisher, "The Design of Experiments", 1935, section 21.
    """
    values = np.array([*one, *other], dtype=np.float64)
    n = len(one)
    seen = float(abs(values[:n].mean() - values[n:].mean()))
    slack = 1e-12 * max(1.0, float(np.abs(values).max()))
    n_deals = math.comb(len(values), n)
    is_exact = n_deals <= MOST_DEALS
    every = itertools.combinations(range(len(values)), n)
    deals: Iterator[Sequence[int]] = every if is_exact else _drawn(len(values), n)
    total, n_counted, n_as_large = float(values.sum()), 0, 0
    for deal in deals:
        first = float(values[list(deal)].sum())
        apart = abs(first / n - (total - first) / (len(values) - n))
        n_counted += 1
        n_as_large += apart >= seen - slack
    return n_as_large / n_counted, n_counted


def _drawn(n_values: int, n: int) -> Iterator[Sequence[int]]:
    """Yield random deals; the first one is the deal that was seen, which chance brings, too."""
    yield range(n)
    rng = np.random.default_rng(0)
    for _ in range(MOST_DEALS - 1):
        yield rng.permutation(n_values)[:n].tolist()
