"""Which configurations were tried before, and what is left of the space?"""

from __future__ import annotations

from collections.abc import Iterable, Set
from itertools import islice
from typing import TYPE_CHECKING

from raysearch.space import Space
from raysearch.trial import Configuration, Trial, Value

if TYPE_CHECKING:
    import numpy as np

Key = frozenset[tuple[str, Value]]
"""A configuration in a form that can be looked up."""

N_DRAWS = 100
"""Draws in a row that must all have been tried before what is left is enumerated."""

N_ENUMERATED = 10_000
"""Configurations among which what is left is looked for at least, where there are that many."""


def key(configuration: Configuration) -> Key:
    """Return the configuration in a form that can be looked up.

    Example:
        >>> key({"depth": 2, "norm": "none"}) == key({"norm": "none", "depth": 2})
        True
    """
    return frozenset(configuration.items())


def keys_of(trials: Iterable[Trial]) -> set[Key]:
    """Return the keys of the trials' configurations."""
    return {key(trial.configuration) for trial in trials}


def draw_untried(
    space: Space, rng: np.random.Generator, *, tried: Set[Key]
) -> dict[str, Value] | None:
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
