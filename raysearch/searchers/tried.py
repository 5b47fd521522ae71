"""Which configurations were tried before, and what is left of the space?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from raysearch.searchers.base import EXHAUSTED, NoSuggestion
from raysearch.searchers.pending import Pending
from raysearch.space import Space
from raysearch.trial import Configuration, Suggestion, Trial, Value

if TYPE_CHECKING:
    import numpy as np

Key = frozenset[tuple[str, Value]]
"""A configuration in a form that can be looked up."""

N_DRAWS = 100
"""Draws in a row that must all have been tried before what is left is enumerated."""

N_NEIGHBOURS = 20
"""Mutations of a configuration that was tried until a random one is taken in its place."""

N_ENUMERATED = 10_000
"""Configurations among which what is left is looked for at least, where there are that many."""


def key(configuration: Configuration) -> Key:
    """Return the configuration in a form that can be looked up.

    Example:
        >>> key({"depth": 2, "norm": "none"}) == key({"norm": "none", "depth": 2})
        True
    """
    return frozenset(configuration.items())


class Keys(Protocol):
    """Configurations that can be looked up: a set of keys, or `Tried`."""

    def __contains__(self, key: object, /) -> bool:
        """Return whether the key is among them."""
        ...

    def __len__(self) -> int:
        """Return how many there are at most."""
        ...


class Tried:
    """Remembers the configurations of all trials, those that were observed and those that were not.

    What is asked of it takes the same time however many trials have ended, and the key of a
    configuration is made once, not for every suggestion that is asked for while its trial lasts.

    Example:
        >>> tried, trial = Tried(), Trial(id="0000", number=0, configuration={"depth": 2})
        >>> tried.set_pending([trial])
        >>> key({"depth": 2}) in tried, tried.has_ended(key({"depth": 2}))
        (True, False)
        >>> tried.add(trial), tried.add(trial)
        (True, False)
        >>> tried.set_pending([])
        >>> key({"depth": 2}) in tried
        True
    """

    def __init__(self) -> None:
        self._ended: set[Key] = set()
        self._told: set[int] = set()  # numbers of trials
        self._by_trial: dict[str, tuple[Configuration, Key]] = {}
        self._pending: Counter[Key] = Counter()
        self._last: Pending | None = None

    def add(self, trial: Trial) -> bool:
        """Remember a trial that ended or is paused; return whether it is told for the first time.

        One of an earlier run is not remembered: only trials of this search can win it, so what was
        good there may be tried here.
        """
        is_new = trial.number not in self._told
        self._told.add(trial.number)
        if not trial.is_evidence:
            self._ended.add(self._key_of(trial))
        return is_new

    def set_pending(self, trials: Sequence[Trial]) -> None:
        """Take these as the trials of which nothing is known, in place of those told before."""
        last, self._last = self._last, trials if isinstance(trials, Pending) else None
        if isinstance(trials, Pending) and last is not None and trials.follows(last):
            for trial in trials.gone:
                self._forget(trial)
            for begun in trials.begun:
                self._by_trial[begun.id] = begun.configuration, self._key_of(begun)
                self._pending[self._by_trial[begun.id][1]] += 1
        else:
            self._by_trial = {t.id: (t.configuration, self._key_of(t)) for t in trials}
            self._pending = Counter(known for _, known in self._by_trial.values())

    def has_ended(self, key: Key) -> bool:
        """Return whether a trial with this configuration has ended or is paused."""
        return key in self._ended

    def __contains__(self, key: object) -> bool:
        return key in self._ended or key in self._pending

    def __len__(self) -> int:
        return len(self._ended) + len(self._pending)

    def _forget(self, trial: str) -> None:
        """Take a trial out of those that are pending."""
        _, known = self._by_trial.pop(trial)
        self._pending[known] -= 1
        if not self._pending[known]:
            del self._pending[known]

    def _key_of(self, trial: Trial) -> Key:
        configuration, known = self._by_trial.get(trial.id, (None, None))
        if known is None or configuration is not trial.configuration:
            return key(trial.configuration)
        return known


def draw_untried(space: Space, rng: np.random.Generator, *, tried: Keys) -> dict[str, Value] | None:
    """Return a random configuration that was not tried, or None if all of them were.

    As a rule the first draw is new. When a hundred in a row are not, a finite space is nearly used
    up, and one of those that are left is drawn with equal chances: of all of them in a space of up
    to ten thousand configurations; of the first ones of the grid in a larger one, just as many as
    must hold one that is new. That bounds the cost by the number of trials, not by that of the
    space. In an infinite space, of which a part may still be finite, the last draw is returned,
    tried or not.

    Args:
        space: The space to draw from.
        rng: Governs all draws.
        tried: Keys of the configurations to avoid.
    """
    configuration = space.sample(rng)
    for _ in range(N_DRAWS - 1):
        if key(configuration) not in tried:
            return configuration
        configuration = space.sample(rng)
    if key(configuration) not in tried or space.grid_size() is None:
        return configuration
    enumerated = islice(space.grid(), max(N_ENUMERATED, len(tried) + 1))
    left = [candidate for candidate in enumerated if key(candidate) not in tried]
    return left[int(rng.integers(len(left)))] if left else None


def near_untried(
    space: Space, configuration: Configuration, rng: np.random.Generator, *, tried: Keys
) -> dict[str, Value] | None:
    """Return a configuration if it is new, else a neighbour that is, or None if none was found.

    Args:
        space: The space that it lies in.
        configuration: What is wanted.
        rng: Governs the draws: neighbours are mutations, those of later attempts further away.
        tried: Keys of the configurations to avoid.
    """
    near = dict(configuration)
    for _ in range(N_NEIGHBOURS):
        if key(near) not in tried:
            return near
        near = space.mutate(near, rng)
    return None


def suggest_untried(
    space: Space,
    rng: np.random.Generator,
    *,
    tried: Keys,
    wanted: Configuration | None = None,
    origin: Mapping[str, Any] | None = None,
) -> Suggestion | NoSuggestion:
    """Return what a method wants if it is new, else a neighbour, else a random one, or EXHAUSTED.

    Where every method ends: what it has to say of a space that is used up is said here.

    Args:
        space: The search space.
        rng: Governs all draws.
        tried: Keys of the configurations to avoid.
        wanted: A configuration of the space; None for a random one.
        origin: Where it comes from; not told of random ones, which say that they are.
    """
    near = None if wanted is None else near_untried(space, wanted, rng, tried=tried)
    if near is not None:
        return Suggestion(configuration=near, origin=origin or {})
    untried = draw_untried(space, rng, tried=tried)
    if untried is None:
        return EXHAUSTED
    return Suggestion(configuration=untried, origin={"kind": "random"})
