"""Which configuration looks best, parameters taken together? Multivariate TPE, by Optuna.

As in `hyperopt`, the values of the few best trials are compared with those of the rest; but these
estimators are of all parameters at once, so that what goes well together is found together. Trials
that have not ended count as bad ("constant liar"), which spreads parallel trials out. In a
conditional space, the parameters that are always active together have estimators of their own,
built from the trials that have them.

References:
    Watanabe, "Tree-Structured Parzen Estimator: Understanding Its Algorithm Components and Their
    Roles for Better Empirical Performance", 2023 (arXiv:2304.11127).
    Falkner, Klein and Hutter, "BOHB: Robust and Efficient Hyperparameter Optimization at Scale",
    ICML 2018: multivariate estimators.
    Akiba et al., "Optuna: A Next-generation Hyperparameter Optimization Framework", KDD 2019.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from raysearch.checks import integer_fault, raise_faults
from raysearch.randomness import generator
from raysearch.searchers.base import NoSuggestion
from raysearch.searchers.needs import refuse_without
from raysearch.searchers.optuna_words import Words, study_showing
from raysearch.searchers.ranking import Rank, Ranking, is_usable, rank
from raysearch.searchers.suitability import require_places
from raysearch.searchers.tried import Tried, suggest_untried
from raysearch.space import Space
from raysearch.trial import Configuration, Objective, Suggestion, Trial, Value

Told = Any
"""A trial as Optuna keeps it (`optuna.trial.FrozenTrial`)."""


class TPE:
    """Suggests what is typical of the best trials so far, by Optuna's multivariate TPE.

    The first `n_startup` trials are random, drawn as the priors of the space say; Optuna itself
    knows no priors. Numbers without steps are searched by their place on the unit interval, others
    by the index of the value.

    Optuna takes the same order from trials that raysearch does: those that were trained in full, by
    their values, then those that were stopped, by the epochs that they reached and then by their
    best values, then those that failed (see `ranking`).

    Of a long history, Optuna is shown the better half of `n_history` trials and the latest others,
    so that suggestion 10,000 costs no more than one at that limit. Of n trials that it is shown, it
    counts the n / 10 best, and at most 25, as good.

    No configuration is suggested twice: in place of one that was tried, a neighbour of it is
    suggested, or a random one if its neighbours were tried as well. So a finite space is exhausted
    once each has been tried. A trial whose configuration lies outside the space, as in a search
    that goes on with other ranges, is not learnt from.

    Args:
        space: The search space.
        objective: What is improved.
        seed: Governs all draws; suggestion n draws from its own generator.
        n_startup: Trials that must have ended before TPE is used, at least 1.
        n_candidates: Draws among which the best is taken, at least 1.
        n_history: Trials that TPE is shown at most, at least 50.

    Raises:
        ConfigurationError: A setting lies outside its range, or Optuna is not installed.
        UnsuitableSpace: The space has values without a place on a scale.

    Example:
        >>> from raysearch.space import Float
        >>> objective = Objective(metric="val/loss", direction="minimize")
        >>> searcher = TPE(Space({"dropout": Float(0.0, 0.5)}), objective=objective, seed=0)
        >>> searcher.suggest(number=1, pending=[]).origin
        {'kind': 'random'}
    """

    def __init__(
        self,
        space: Space,
        *,
        objective: Objective,
        seed: int = 0,
        n_startup: int = 10,
        n_candidates: int = 24,
        n_history: int = 300,
    ) -> None:
        raise_faults(
            integer_fault("searcher.n_startup", n_startup, at_least=1),
            integer_fault("searcher.n_candidates", n_candidates, at_least=1),
            integer_fault("searcher.n_history", n_history, at_least=50),
        )
        require_places(space, method="tpe")
        refuse_without("optuna", method="tpe")
        self._space = space
        self._objective = objective
        self._seed = seed
        self._n_startup = n_startup
        self._n_candidates = n_candidates
        self._n_history = n_history
        self._words = Words(space)
        self._tried = Tried()
        self._ranking = Ranking()
        self._configurations: dict[int, Configuration] = {}  # of the trials that were observed
        self._told: dict[int, tuple[Rank, Told]] = {}  # by number, and by what rank it was told
        self._now_shown: list[Told] = []  # what the study shows

    def prepare(self) -> None:
        """Import Optuna, which takes a second."""
        importlib.import_module("optuna")

    def suggest(self, *, number: int, pending: Sequence[Trial]) -> Suggestion | NoSuggestion:
        """Return a configuration that is new, or EXHAUSTED."""
        rng = generator(self._seed, role="searcher", number=number)
        self._tried.set_pending(pending)
        wanted = None
        if self._has_model:
            wanted = self._propose(pending, seed=int(rng.integers(2**32)))
        return suggest_untried(
            self._space, rng, tried=self._tried, wanted=wanted, origin={"kind": "tpe"}
        )

    def observe(self, trial: Trial) -> None:
        """Learn from a trial."""
        self._tried.add(trial)
        if self._space.contains(trial.configuration):
            self._configurations[trial.number] = trial.configuration
            self._ranking.put(rank(trial, objective=self._objective))

    @property
    def _has_model(self) -> bool:
        """Whether there are enough trials, and one of them had a value."""
        return (
            bool(self._words.named)
            and len(self._ranking) >= self._n_startup
            and is_usable(self._ranking.at(0))
        )

    def _shown(self) -> list[Told]:
        """Return the trials that TPE is shown, in Optuna's words, in the order of their numbers."""
        shown = self._ranking.shown(n_best=self._n_history // 2, at_most=self._n_history)
        for known in shown:
            number = known[-1]
            if number not in self._told or self._told[number][0] != known:
                told = self._words.trial(number, self._configurations[number], known)
                self._told[number] = known, told
        return [self._told[number][1] for number in sorted(known[-1] for known in shown)]

    def _propose(self, pending: Sequence[Trial], *, seed: int) -> dict[str, Value]:
        """Return what TPE suggests, tried before or not."""
        import optuna

        inside = [trial for trial in pending if self._space.contains(trial.configuration)]
        running = [self._words.trial(t.number, t.configuration, None) for t in inside]
        self._now_shown[:] = [*self._shown(), *running]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            self._study.sampler = optuna.samplers.TPESampler(
                n_startup_trials=0,
                n_ei_candidates=self._n_candidates,
                seed=seed,
                multivariate=True,
                group=True,  # conditional parameters apart from the others
                constant_liar=True,
            )
        return self._words.suggested(self._study.ask())

    @cached_property
    def _study(self) -> Any:
        return study_showing(self._now_shown)
