"""Which hyperparameters mattered, and on how many trials does that rest?

PED-ANOVA asks of each parameter how far the values of the best trials differ from those of all
trials: where the best have the same values as the rest, it did not matter. It needs no more than
the order of trials, so that trials which were stopped early count as well (see
`searchers.ranking`), and what the searcher drew more often than the rest is allowed for, since all
trials are compared with. Conditional parameters are weighed by how often they were active, and the
choice of a branch counts for itself.

How much of it is chance is asked by giving the same configurations in another order `N_SHUFFLES`
times: a parameter stands out if its importance is larger than in each of these.

References:
    Watanabe, Bansal and Hutter, "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in
    Arbitrary Subspaces", IJCAI 2023.
"""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from raysearch.results.found import Found
from raysearch.searchers.optuna_words import Words, study_showing
from raysearch.searchers.ranking import is_usable, rank
from raysearch.space import Graph, Space
from raysearch.trial import Trial

FEWEST = 20
"""Trials from which on anything is said."""
MOST = 400
"""Trials that are looked at: the best half and an even share of the others, if there are more."""
BEST_SHARE, FEWEST_BEST = 0.1, 5
"""The best trials are this share of all, and so many at least."""
N_SHUFFLES = 19
"""Without any influence, a parameter stands out with a probability of 1 / (N_SHUFFLES + 1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """How much a parameter mattered."""

    label: str
    """As the space names it: "learning_rate[optimizer=sgd]" where the key alone is ambiguous."""
    key: str
    share: float
    """Of the importance of all parameters, from 0 to 1."""
    n_trials: int
    """Those in which it was active."""
    stands_out: bool
    """Whether it is more than chance gives a parameter without influence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """Which hyperparameters mattered."""

    effects: tuple[Effect, ...] = ()
    """The most important first; none where there is nothing to say."""
    n_trials: int = 0
    n_best: int = 0
    """How many of them are the best, which the others are compared with."""
    reason: str = ""
    """Why nothing is said, a phrase for a person."""


def importance(found: Found) -> Importance:
    """Return which hyperparameters mattered in a search; loads Optuna."""
    space = Space.from_json(found.state.space)
    ranked = ranked_trials(found, space=space)
    if len(ranked) < FEWEST:
        return Importance(
            reason=f"it takes {FEWEST} trials with a value, and there are {len(ranked)}"
        )
    plain = _without_graphs(space)
    words = Words(plain)
    if not words.named:
        return Importance(reason="no parameter has more than one value")
    if find_spec("optuna") is None:
        return Importance(reason="it needs optuna: pip install 'raysearch[optuna]'")
    told = [
        words.trial(place, {k: v for k, v in trial.configuration.items() if k in plain}, as_rank)
        for place, trial in enumerate(_fewer(ranked))
        for as_rank in [(0, 0, float(place), place)]
    ]
    n_best = max(FEWEST_BEST, math.ceil(BEST_SHARE * len(told)))
    raw = _importances(told, n_best=n_best)
    chance = _by_chance(told, n_best=n_best, labels=list(raw))
    active = Counter(label for trial in told for label in trial.params)
    keys = {parameter.label: parameter.key for parameter in plain.parameters}
    total = sum(raw.values()) or 1.0
    effects = [
        Effect(
            label=label,
            key=keys[label],
            share=value / total,
            n_trials=active[label],
            stands_out=value > chance[label],
        )
        for label, value in sorted(raw.items(), key=lambda item: (-item[1], item[0]))
    ]
    return Importance(effects=tuple(effects), n_trials=len(told), n_best=n_best)


def ranked_trials(found: Found, *, space: Space) -> list[Trial]:
    """Return the ended trials that have a value and lie in the space, best first."""
    keyed = [
        (place, trial)
        for trial in found.state.ended
        if is_usable(place := rank(trial, objective=found.objective))
        and space.contains(trial.configuration)
    ]
    return [trial for _, trial in sorted(keyed, key=lambda pair: pair[0])]


def _without_graphs(space: Space) -> Space:
    """Return the space without the parameters whose values have no place on a scale."""
    graphs = {p.key for p in space.parameters if isinstance(p.domain, Graph)}
    return space.without(graphs) if graphs else space


def _fewer(ranked: Sequence[Trial]) -> list[Trial]:
    """Return evenly chosen trials where there are too many to look at, still best first."""
    if len(ranked) <= MOST:
        return list(ranked)
    return [ranked[round(n * (len(ranked) - 1) / (MOST - 1))] for n in range(MOST)]


def _importances(told: list[Any], *, n_best: int) -> Mapping[str, float]:
    from optuna.importance import PedAnovaImportanceEvaluator

    evaluator = PedAnovaImportanceEvaluator(target_quantile=n_best / len(told))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rare branches; how many trials have them is said beside
        found: Mapping[str, float] = evaluator.evaluate(study_showing(told))
    return found


def _by_chance(told: Sequence[Any], *, n_best: int, labels: Sequence[str]) -> Mapping[str, float]:
    """Return the largest importance of each parameter when the order of trials means nothing."""
    rng = np.random.default_rng(0)
    largest = dict.fromkeys(labels, 0.0)
    for _ in range(N_SHUFFLES):
        shuffled = [
            _with_value(told[n], float(v)) for n, v in enumerate(rng.permutation(len(told)))
        ]
        for label, value in _importances(shuffled, n_best=n_best).items():
            largest[label] = max(largest[label], value)
    return largest


def _with_value(trial: Any, value: float) -> Any:
    from copy import copy

    other = copy(trial)
    other.values = [value]
    return other
