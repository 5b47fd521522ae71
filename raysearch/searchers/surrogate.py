"""What does a model know after so many trials, whoever asks and however often?

A suggestion may depend on the trials that were observed, and not on how often a suggestion was
asked for before. But hyperparameters are sampled by a chain that goes on from trial to trial. So
the chain moves by a fixed schedule of numbers of trials, each move from a generator of its own, and
by what was known then: after every one of the first trials, then each time there are 6 % more of
them, and later 15 %. A search that was resumed runs through the same moves, some 80 for 5,000
trials. A trial that is told again has another rank from then on, and is no further one.

Of a long history the model is shown `n_history` trials, one half the best of all, the other the
latest of the rest; a move is shown up to 120, chosen in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from raysearch.gaussian.kernel import Array, Likelihood, Prior
from raysearch.gaussian.process import GaussianProcess, moved
from raysearch.randomness import generator
from raysearch.searchers.ranking import Rank, is_usable
from raysearch.searchers.targets import Targets, targets_of
from raysearch.searchers.vectors import Rows, Vectors

N_FIRST_MOVES = 15
"""Moves before the first model, from draws of the prior."""

N_SINGLY = 24
"""Trials up to which the chain moves after each."""

GROWTH = 1.06
"""How many times as many trials there are at the next move, later."""

N_FOR_MOVES = 120
"""Trials that a move is shown at most, since it takes five times as long as a suggestion."""

LATE_GROWTH = 1.15
"""How many times as many trials there are at the next move, beyond that number."""


ROUGHNESS = 0.1
"""Variance of what is a configuration's own and no luck, relative to that of all trials' values.

Without it, a choice among 100 noisy trials of seven tables had a regret that was .009 ± .004 worse;
with 0.02 to 0.2 it was .001 to .005 worse (thirty seeds). Of a smooth function whose values are
exact, the noise is less than this, and the best observed is chosen.
"""


@dataclass(frozen=True, slots=True)
class Known:
    """What a model knows at one moment."""

    process: GaussianProcess
    rows: Rows
    """(N, D), the trials that it is shown, the best first."""
    targets: Targets
    numbers: tuple[int, ...]
    """Of these trials."""


class Surrogate:
    """A Gaussian process of all trials that were observed, in the order in which they were first.

    Args:
        vectors: Of the space.
        seed: Governs the chain of hyperparameters.
        n_samples: Vectors of hyperparameters.
        n_first: Trials from which on there is a model, at least 2.
        n_history: Trials that the model is shown at most.
    """

    def __init__(
        self, vectors: Vectors, *, seed: int, n_samples: int, n_first: int, n_history: int
    ) -> None:
        self._vectors = vectors
        self._seed = seed
        self._n_samples = n_samples
        self._n_first = n_first
        self._n_history = n_history
        self._prior = Prior(vectors.n_parameters)
        self._rows: list[Array] = []
        self._ranks: list[Rank] = []
        self._index: dict[int, int] = {}  # of a trial's number
        self._due: list[tuple[list[Array], list[Rank]]] = []  # of moves that are to be made
        self._sample: Array | None = None
        self._schedule = _schedule(n_first)
        self._next_move = next(self._schedule)
        self._known: Known | None = None
        self._n_usable = 0

    def __len__(self) -> int:
        """Return how many trials are known."""
        return len(self._rows)

    @property
    def n_usable(self) -> int:
        """How many of them had a value that counts."""
        return self._n_usable

    def add(self, row: Array, rank: Rank) -> None:
        """Take a trial into account, or what is known of it now."""
        self._known = None
        self._n_usable += is_usable(rank)
        if rank[-1] in self._index:
            index = self._index[rank[-1]]
            self._n_usable -= is_usable(self._ranks[index])
            self._rows[index], self._ranks[index] = row, rank
            return
        self._index[rank[-1]] = len(self._rows)
        self._rows.append(row)
        self._ranks.append(rank)
        if len(self) == self._next_move:
            self._due.append((list(self._rows), list(self._ranks)))
            self._next_move = next(self._schedule)

    def known(self) -> Known | None:
        """Return the model of all trials; None while there are too few."""
        if len(self) < self._n_first:
            return None
        while self._due:
            self._move(*self._due.pop(0))
        if self._known is None and self._sample is not None:
            known = self._rows, self._ranks
            rows, ranks, targets = self._shown(*known, at_most=self._n_history)
            self._known = Known(
                process=GaussianProcess(
                    features=self._vectors.features(rows),
                    targets=targets.values,
                    sample=self._sample,
                    parameter_of=self._vectors.parameter_of,
                    roughness=ROUGHNESS,
                ),
                rows=rows,
                targets=targets,
                numbers=tuple(rank[-1] for rank in ranks),
            )
        return self._known

    def _move(self, of: Sequence[Array], ranks: Sequence[Rank]) -> None:
        """Move the chain, given rows and ranks of the first so many trials."""
        rng = generator(self._seed, role="hyperparameters", number=len(ranks))
        rows, _, targets = self._shown(of, ranks, at_most=min(self._n_history, N_FOR_MOVES))
        likelihood = Likelihood(
            features=self._vectors.features(rows),
            targets=targets.values,
            parameter_of=self._vectors.parameter_of,
            prior=self._prior,
        )
        n_moves = 1
        if self._sample is None:
            self._sample = self._prior.draw(self._n_samples, rng)
            n_moves = N_FIRST_MOVES
        for _ in range(n_moves):
            self._sample = moved(self._sample, likelihood, rng=rng)

    def _shown(
        self, rows: Sequence[Array], ranks: Sequence[Rank], *, at_most: int
    ) -> tuple[Rows, list[Rank], Targets]:
        """Return what a model is shown of trials in their order, the best first."""
        order = sorted(range(len(ranks)), key=lambda index: ranks[index])
        targets = targets_of([ranks[index] for index in order])
        if len(ranks) > at_most:
            n_best = at_most // 2
            latest = sorted(order[n_best:])[-(at_most - n_best) :]
            late = set(latest)
            kept = [
                position
                for position, index in enumerate(order)
                if position < n_best or index in late
            ]
            order = [order[position] for position in kept]
            targets = Targets(
                values=targets.values[kept],
                per_loss=targets.per_loss,
                loss_at_zero=targets.loss_at_zero,
            )
        shown = [ranks[index] for index in order]
        return np.stack([rows[index] for index in order]), shown, targets


def _schedule(first: int) -> Iterator[int]:
    """Yield after how many trials the chain moves.

    Example:
        >>> from itertools import islice
        >>> list(islice(_schedule(22), 6))
        [22, 23, 24, 26, 28, 30]
    """
    n = first
    while True:
        yield n
        growth = GROWTH if n < N_FOR_MOVES else LATE_GROWTH
        n = n + 1 if n < N_SINGLY else int(np.ceil(n * growth))
