"""Which numbers promise the largest gain in the next interval of training?

A Gaussian process expects a change of the loss of each configuration, at each epoch and from each
loss. It is time-varying: the epoch is a coordinate like the parameters, with a length of its own
that the data decide, so that what is long past says less. Intervals that are in training count as
known for the deviation and not for the mean, so that what is chosen for members side by side
spreads. The choice is where the upper confidence bound of the gain is largest.

Departures from the paper: time enters a Matern kernel of all coordinates instead of the factor
(1 - epsilon)^(|t - t'| / 2) of another one; the kernel's hyperparameters are sampled and not
optimised; and changes count by their ranks, as quantiles of a normal distribution, so that
one run that diverged does not hide all differences. The loss at the beginning is a coordinate, as
in the authors' own code.

References:
    Parker-Holder, Nguyen and Roberts, "Provably Efficient Online Hyperparameter Optimization with
    Population-Based Bandits", NeurIPS 2020 (arXiv:2002.02518), sections 3 and 4.
    Desautels, Krause and Burdick, "Parallelizing Exploration-Exploitation Tradeoffs in Gaussian
    Process Bandit Optimization", JMLR 2014: deviations with what is under way.

Shapes:
    N intervals, M candidates, D parameters, F = D + 2 features
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np

from raysearch.gaussian.kernel import Array, Likelihood, Prior
from raysearch.gaussian.process import GaussianProcess, moved
from raysearch.randomness import generator
from raysearch.schedulers.intervals import Beginning, Interval
from raysearch.space import Domain, Space
from raysearch.trial import Configuration, Value

LEAST = 2
"""Intervals from which on there is a model."""

N_SHOWN = 100
"""The latest intervals, which the model is shown."""

N_FOR_MOVES = 40
"""Of these, how many its hyperparameters are sampled by."""

N_SAMPLES, N_MOVES = 6, 10
"""Vectors of hyperparameters, and how often they are moved from draws of the prior."""

GROWTH = 1.25
"""How many times as many intervals there are when they are sampled anew."""

N_RANDOM, N_NEAR, N_CLIMBS, N_CLIMBING, N_NEIGHBOURS = 128, 64, 3, 4, 16
"""Candidates anywhere, and near the present values; rounds, of how many best, with how many."""

NEAR, CLIMBING = 0.1, 0.05
"""Standard deviations of steps to them, on the unit interval."""

INACTIVE = 0.5
"""Place of a parameter that a configuration does not have."""


class Foresight:
    """Chooses numbers for the next interval by what is known of those before.

    Args:
        space: The search space.
        keys: Of the parameters that are chosen: each has places on [0, 1].
        max_epochs: Epochs of a trial.
        seed: Governs the hyperparameters.
    """

    def __init__(self, space: Space, *, keys: Sequence[str], max_epochs: int, seed: int) -> None:
        self._space, self._keys = space, tuple(keys)
        self._max_epochs, self._seed = max_epochs, seed
        self._prior = Prior(len(self._keys) + 2)
        self._sampled: tuple[int, Array] | None = None

    def choose(
        self,
        at: Beginning,
        known: Sequence[Interval],
        under_way: Sequence[Beginning],
        rng: np.random.Generator,
    ) -> dict[str, Value]:
        """Return values of the parameters that are active in a configuration.

        Args:
            at: Where the next interval begins, and with which configuration if nothing changed.
            known: Intervals that are over, in their order, at least `LEAST`.
            under_way: Those in training.
            rng: Governs the candidates.
        """
        domains = self._domains(at.configuration)
        active = [column for column, domain in enumerate(domains) if domain is not None]
        if not active:
            return {}
        shown = known[-N_SHOWN:]
        losses = np.sort([each.beginning.loss for each in shown])
        model = GaussianProcess(
            features=self._features([each.beginning for each in shown], losses),
            targets=normal_scores([each.change for each in shown]),
            sample=self._sample(known),
            parameter_of=np.arange(len(self._keys) + 2),
        )
        wider = model
        if under_way:
            wider = model.with_fantasies(self._features(under_way, losses), rng=rng)
        context = self._features([at], losses)[0]
        width = math.sqrt(confidence(len(shown)))

        def gain(rows: Array) -> Array:
            features = np.repeat(context[None], len(rows), axis=0)
            features[:, active] = rows
            mean, _ = model.posterior(features)
            _, deviation = wider.posterior(features)
            return np.asarray((width * deviation - mean).mean(axis=0))

        chosen = [domain for domain in domains if domain is not None]
        row = _best(gain, chosen, near=context[active], rng=rng)
        keys = [self._keys[column] for column in active]
        return {
            key: domain.from_unit(float(place))
            for key, domain, place in zip(keys, chosen, row, strict=True)
        }

    def _domains(self, configuration: Configuration) -> list[Domain | None]:
        """Return the domain of each key in a configuration; None where it is not active."""
        return [
            next((p.domain for p in self._space[key] if p.is_active(configuration)), None)
            for key in self._keys
        ]

    def _features(self, beginnings: Sequence[Beginning], losses: Array) -> Array:
        """Return what the model sees: places of parameters, the time, and the loss among others.

        Shapes:
            losses: (N,), in rising order.
            returns: (len(beginnings), F) in [0, 1]
        """
        rows = [
            [
                *self._places(each.configuration),
                each.epoch / self._max_epochs,
                float(np.searchsorted(losses, each.loss) / len(losses)),
            ]
            for each in beginnings
        ]
        return np.array(rows)

    def _places(self, configuration: Configuration) -> list[float]:
        domains = self._domains(configuration)
        return [
            INACTIVE
            if domain is None or not domain.contains(configuration.get(key))
            else domain.to_unit(configuration[key])
            for key, domain in zip(self._keys, domains, strict=True)
        ]

    def _sample(self, known: Sequence[Interval]) -> Array:
        """Return hyperparameters, (S, H): a function of what was known at their last sampling."""
        n = _sampled_at(len(known))
        if self._sampled is None or self._sampled[0] != n:
            shown = known[max(0, n - N_FOR_MOVES) : n]
            rng = generator(self._seed, role="pb2 hyperparameters", number=n)
            likelihood = Likelihood(
                features=self._features(
                    [each.beginning for each in shown],
                    np.sort([each.beginning.loss for each in shown]),
                ),
                targets=normal_scores([each.change for each in shown]),
                parameter_of=np.arange(len(self._keys) + 2),
                prior=self._prior,
            )
            sample = self._prior.draw(N_SAMPLES, rng)
            for _ in range(N_MOVES):
                sample = moved(sample, likelihood, rng=rng)
            self._sampled = n, sample
        return self._sampled[1]


def _sampled_at(n: int) -> int:
    """Return after how many of n intervals hyperparameters were sampled last.

    Example:
        >>> [_sampled_at(n) for n in (2, 3, 4, 8, 9, 100)]
        [2, 3, 4, 7, 9, 94]
    """
    last = following = LEAST
    while following <= n:
        last, following = following, max(following + 1, math.ceil(following * GROWTH))
    return last


def confidence(n: int) -> float:
    """Return by how many squared deviations the bound lies above the mean: the paper's beta.

    Example:
        >>> [round(confidence(n), 2) for n in (2, 10, 100)]
        [0.2, 1.59, 3.89]
    """
    return 0.2 + max(0.0, math.log(0.4 * n))


def normal_scores(values: Sequence[float]) -> Array:
    """Return quantiles of a standard normal distribution by the ranks of values; ties share theirs.

    Example:
        >>> normal_scores([3.0, float("inf"), 1.0]).round(2)
        array([ 0.  ,  0.97, -0.97])
        >>> normal_scores([1.0, 1.0])
        array([0., 0.])
    """
    given = np.asarray(values, dtype=np.float64)
    ordered = np.sort(given)
    below = np.searchsorted(ordered, given, side="left")
    up_to = np.searchsorted(ordered, given, side="right")
    quantiles = (below + up_to) / (2 * len(given))
    return np.array([NormalDist().inv_cdf(float(quantile)) for quantile in quantiles])


def _best(
    gain: Callable[[Array], Array],
    domains: Sequence[Domain],
    *,
    near: Array,
    rng: np.random.Generator,
) -> Array:
    """Return the row of legal places that promises most, (D,).

    Args:
        gain: What rows promise, (M,) for (M, D).
        domains: Of the columns.
        near: The present places, (D,).
        rng: Governs the candidates.
    """

    def legal(rows: Array) -> Array:
        places = [
            [
                domain.to_unit(domain.from_unit(float(u)))
                for domain, u in zip(domains, row, strict=True)
            ]
            for row in np.clip(rows, 0.0, 1.0)
        ]
        return np.array(places)

    def beside(rows: Array, *, step: float) -> Array:
        return legal(rows + step * rng.standard_normal(rows.shape))

    anywhere = legal(rng.random((N_RANDOM, len(domains))))
    rows = np.concatenate([anywhere, beside(np.repeat(near[None], N_NEAR, axis=0), step=NEAR)])
    gains = gain(rows)
    for _ in range(N_CLIMBS):
        best = np.argsort(-gains, kind="stable")[:N_CLIMBING]
        further = beside(np.repeat(rows[best], N_NEIGHBOURS, axis=0), step=CLIMBING)
        rows, gains = np.concatenate([rows, further]), np.concatenate([gains, gain(further)])
    best_row: Array = rows[int(np.argmax(gains))]
    return best_row
