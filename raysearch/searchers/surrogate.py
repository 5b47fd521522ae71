"""What does a model know after so many trials, whoever asks and however often?

A suggestion may depend on the trials that ended, and not on how often a suggestion was asked for
before. But hyperparameters are sampled by a chain that goes on from trial to trial. So the chain
moves by a fixed schedule of numbers of ended trials, each move from a generator of its own: after
every one of the first trials, then each time there are 6 % more of them, and later 15 %. A search
that was resumed runs through the same moves, some 80 for 5,000 trials.

Of a long history the model is shown `n_history` trials, one half the best of all, the other the
latest of the rest; a move is shown up to 120, chosen in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from raysearch.randomness import generator
from raysearch.searchers.gaussian_process import GaussianProcess, moved
from raysearch.searchers.kernel import Array, Likelihood, Prior
from raysearch.searchers.ranking import Rank
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


@dataclass(frozen=True, slots=True)
class Known:
    """What a model knows at one moment."""

    process: GaussianProcess
    rows: Rows
    """(N, D), the trials that it is shown, the best first."""
    numbers: tuple[int, ...]
    """Of these trials."""
    targets: Targets


class Surrogate:
    """A Gaussian process of all trials that ended, in the order in which they did.

    Args:
        vectors: Of the space.
        seed: Governs the chain of hyperparameters.
        n_samples: Vectors of hyperparameters.
        n_first: Ended trials from which on there is a model, at least 2.
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
        self._sample: Array | None = None
        self._schedule = _schedule(n_first)
        self._next_move = next(self._schedule)
        self._known: Known | None = None

    def __len__(self) -> int:
        """Return how many trials have ended."""
        return len(self._rows)

    def add(self, row: Array, rank: Rank) -> None:
        """Take a trial that ended into account."""
        self._rows.append(row)
        self._ranks.append(rank)
        self._known = None

    def known(self) -> Known | None:
        """Return the model of all trials that ended; None while there are too few."""
        if len(self) < self._n_first:
            return None
        while self._next_move <= len(self):
            self._move(self._next_move)
            self._next_move = next(self._schedule)
        if self._known is None and self._sample is not None:
            rows, numbers, targets = self._shown(len(self), at_most=self._n_history)
            self._known = Known(
                process=GaussianProcess(
                    features=self._vectors.features(rows),
                    targets=targets.values,
                    sample=self._sample,
                    parameter_of=self._vectors.parameter_of,
                ),
                rows=rows,
                numbers=numbers,
                targets=targets,
            )
        return self._known

    def _move(self, n_ended: int) -> None:
        """Move the chain, given the first so many trials."""
        rng = generator(self._seed, role="hyperparameters", number=n_ended)
        rows, _, targets = self._shown(n_ended, at_most=min(self._n_history, N_FOR_MOVES))
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

    def _shown(self, n_ended: int, *, at_most: int) -> tuple[Rows, tuple[int, ...], Targets]:
        """Return what a model is shown of the first so many trials, the best first."""
        order = sorted(range(n_ended), key=lambda index: self._ranks[index])
        targets = targets_of([self._ranks[index] for index in order])
        if n_ended > at_most:
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
        numbers = tuple(self._ranks[index][-1] for index in order)
        return np.stack([self._rows[index] for index in order]), numbers, targets


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
