"""How are many configurations drawn, changed and compared at once?

A model of a space is asked about hundreds of candidates for each suggestion, so they are rows of an
array, and not one configuration is built until one of them is chosen. A row has a place in [0, 1]
for every parameter of the space, as `Space.encode` has it, but also for those that are inactive in
it: they are ready for the moment in which a change makes them active.

To a kernel, a row is a vector of features whose squared distances mean the same for all kinds of
parameters: 1 from one end of a range of numbers to the other, and 1 between any two values that
have no order. A number that is inactive lies in the middle of its range, so that all configurations
lie in one Euclidean space, whatever is active in them, and every kernel of distances is a valid
one.

References:
    Swersky et al., "Raiders of the Lost Architecture: Kernels for Bayesian Optimization in
    Conditional Parameter Spaces", 2013 (arXiv:1409.4011): why inactive parameters are put somewhere
    in the same space.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from raysearch.searchers.slots import MOST_ONE_HOT, Mask, Places, slot_of
from raysearch.space import Parameter, Space
from raysearch.trial import Configuration, Value

Rows = NDArray[np.float64]

CHANCES_OF_CHANGES = (0.5, 0.3, 0.2)
"""Of one, two and three changed parameters in a mutation."""

LARGEST_STEP = 0.3
"""Standard deviation of a number's step in a mutation, at most."""


class Vectors:
    """Draws, changes and describes many configurations of a space at once.

    Args:
        space: The search space.

    Shapes:
        N rows, D parameters of the space, F features of all of them

    Example:
        >>> from raysearch.space import Choice, Float
        >>> vectors = Vectors(Space({"norm": Choice(["none", "batch"]), "rate": Float(0.0, 0.5)}))
        >>> row = vectors.encode({"norm": "batch", "rate": 0.25})
        >>> row, vectors.features(row[None])[0].round(3)
        (array([0.75, 0.5 ]), array([0.   , 0.707, 0.5  ]))
        >>> vectors.decode(row)
        {'norm': 'batch', 'rate': 0.25}
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._slots = [slot_of(parameter) for parameter in space.parameters]
        self._conditions = [_conditions(p, space=space) for p in space.parameters]
        searched = [slot.n_features > 0 for slot in self._slots]
        self._searched = np.array(searched, dtype=bool)
        counts = [slot.n_features for slot in self._slots if slot.n_features]
        self.parameter_of: NDArray[np.intp] = np.repeat(np.arange(len(counts)), counts)
        """Of each feature, which of the parameters with more than one value it belongs to."""
        self.are_ordered: Mask = np.array([not s.is_category for s in self._slots], dtype=bool)
        """Which parameters are numbers, or have other values in order, (D,)."""
        parents = {column for c in self._conditions for parents in c for column, _ in parents}
        self.are_parents: Mask = np.isin(np.arange(len(self._slots)), list(parents))
        """Which parameters others depend on, (D,)."""

    @property
    def n_parameters(self) -> int:
        """Parameters with more than one value."""
        return int(self._searched.sum())

    @property
    def n_columns(self) -> int:
        """Parameters of the space, the D of the shapes."""
        return len(self._slots)

    def encode(self, configuration: Configuration) -> Places:
        """Return the row of a configuration, with 0.5 where it is inactive.

        Shapes:
            returns: (D,)
        """
        return np.nan_to_num(self._space.encode(configuration), nan=0.5)

    def decode(self, row: Places) -> dict[str, Value]:
        """Return the configuration of a row."""
        return self._space.decode(row)

    def draw(self, n: int, rng: np.random.Generator) -> Rows:
        """Return random rows, as samplings and priors say.

        Shapes:
            returns: (n, D)
        """
        return self.at_quantiles(rng.random((n, self.n_columns)))

    def at_quantiles(self, quantiles: Rows) -> Rows:
        """Return the rows at quantiles of samplings and priors, parameter by parameter.

        Shapes:
            quantiles, returns: (N, D)
        """
        rows = np.empty_like(quantiles)
        for column, slot in enumerate(self._slots):
            rows[:, column] = slot.drawn(quantiles[:, column])
        return rows

    def active(self, rows: Rows) -> Mask:
        """Return which parameters are active in each row.

        Shapes:
            rows, returns: (N, D)
        """
        active = np.ones(rows.shape, dtype=bool)
        for column, conditions in enumerate(self._conditions):
            for parents in conditions:
                holds = np.zeros(len(rows), dtype=bool)
                for parent, places in parents:
                    is_at = np.abs(rows[:, parent, None] - places).min(axis=1) < 1e-9
                    holds |= active[:, parent] & is_at
                active[:, column] &= holds
        return active

    def features(self, rows: Rows) -> Rows:
        """Return what a kernel sees of rows.

        Shapes:
            rows: (N, D)
            returns: (N, F)
        """
        active = self.active(rows)
        seen = [
            slot.features(rows[:, column], active[:, column])
            for column, slot in enumerate(self._slots)
            if slot.n_features
        ]
        return np.concatenate(seen, axis=1) if seen else np.zeros((len(rows), 0))

    def branches(self) -> list[tuple[int, Places]]:
        """Return the parameters that others depend on, and that depend on none, with their places.

        Returns:
            Columns, each with the places of all its values.
        """
        return [
            (int(column), places)
            for column in np.flatnonzero(self.are_parents)
            if not self._conditions[column]
            and (places := self._slots[column].places) is not None
            and 1 < len(places) <= MOST_ONE_HOT
        ]

    def pinned(self, rows: Rows, pin: tuple[int, float], rng: np.random.Generator) -> Rows:
        """Return rows with one column at a place; what becomes active by that is drawn anew.

        Args:
            rows: (N, D)
            pin: The column, of a parameter without conditions, and the place of a value.
            rng: Governs the draws.
        """
        column, place = pin
        pinned = rows.copy()
        pinned[:, column] = place
        is_new = self.active(pinned) & ~self.active(rows)
        return np.where(is_new, self.draw(len(rows), rng), pinned)

    def mutate(
        self, rows: Rows, rng: np.random.Generator, *, largest_step: float = LARGEST_STEP
    ) -> Rows:
        """Return rows that differ in one to three active parameters from the given ones.

        The standard deviation of a number's step is drawn for each row, from a thirtieth of
        `largest_step` on. What becomes active by a change is drawn anew.

        Shapes:
            rows, returns: (N, D)
        """
        n, active = len(rows), self.active(rows)
        children = rows.copy()
        n_changes = 1 + rng.choice(len(CHANCES_OF_CHANGES), size=n, p=CHANCES_OF_CHANGES)
        order = np.where(active & self._searched, rng.random(rows.shape), np.inf)
        places_in_order = order.argsort(axis=1).argsort(axis=1)
        chosen = (places_in_order < n_changes[:, None]) & np.isfinite(order)
        spread = largest_step * 30 ** -rng.random((n, 1))
        steps, dice = spread * rng.standard_normal(rows.shape), rng.random(rows.shape)
        for column, slot in enumerate(self._slots):
            changed = slot.changed(rows[:, column], steps[:, column], dice[:, column])
            children[:, column] = np.where(chosen[:, column], changed, rows[:, column])
        is_new = self.active(children) & ~active
        return np.where(is_new, self.draw(n, rng), children)


Parents = list[tuple[int, Places]]
"""Columns that a condition can mean, each with the places at which it holds."""


def _conditions(parameter: Parameter, *, space: Space) -> list[Parents]:
    """Return the conditions under which a parameter is active; all must hold."""
    columns = {p.label: column for column, p in enumerate(space.parameters)}
    return [
        [
            (columns[parent.label], np.array(places))
            for parent in space[key]
            if (places := [parent.domain.to_unit(v) for v in values if parent.domain.contains(v)])
        ]
        for key, values in parameter.when
    ]
