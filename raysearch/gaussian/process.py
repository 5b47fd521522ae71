"""What does a Gaussian process expect of configurations, given those that were tried?

Its hyperparameters are not chosen but sampled: a model holds several vectors of them, drawn from
their posterior, and what it says is an average. With few and noisy values that is what keeps it
from taking one explanation for the only one.

Hyperparameters are moved by Hamiltonian Monte Carlo, a short trajectory at a time, from where the
values before had taken them: one more value changes the posterior little.

References:
    Snoek, Larochelle and Adams, "Practical Bayesian Optimization of Machine Learning Algorithms",
    NeurIPS 2012, section 3.2.
    Neal, "MCMC Using Hamiltonian Dynamics", 2011 (arXiv:1206.1901).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from raysearch.gaussian.kernel import (
    JITTER,
    MEAN_VARIANCE,
    Array,
    Likelihood,
    matern,
    split,
    squared_distances,
)

N_STEPS = 4
"""Leapfrog steps of a trajectory."""

STEP = 0.25
"""Their length, in units of the logarithms of hyperparameters."""

LEAST_LUCK = 1e-3
"""Share of the noise that is luck at least, so that equal rows leave matrices of full rank."""


def moved(sample: Array, likelihood: Likelihood, *, rng: np.random.Generator) -> Array:
    """Return the sample after one trajectory, each member of which is accepted or not.

    Args:
        sample: (S, H)
        likelihood: Of what is known now.
        rng: Governs momenta and acceptance.

    Shapes:
        returns: (S, H)
    """
    start, gradient = likelihood.value_and_gradient(sample)
    momentum = rng.standard_normal(sample.shape)
    step = STEP * (0.5 + rng.random((len(sample), 1)))
    energy = start - 0.5 * (momentum**2).sum(axis=1)
    place, value = sample, start
    for _ in range(N_STEPS):
        momentum = momentum + 0.5 * step * gradient
        place = place + step * momentum
        value, gradient = likelihood.value_and_gradient(place)
        momentum = momentum + 0.5 * step * gradient
    gain = value - 0.5 * (momentum**2).sum(axis=1) - energy
    is_accepted = np.log(rng.random(len(sample))) < gain  # False for what is not finite
    after = np.where(is_accepted[:, None], place, sample)
    return _without_stragglers(after, np.where(is_accepted, value, start), rng=rng)


def _without_stragglers(sample: Array, value: Array, *, rng: np.random.Generator) -> Array:
    """Return the sample with other members in the place of those that are far from likely.

    What explained six values may not explain a seventh at all, and where the density is steep, no
    trajectory leads back. Of H dimensions, H / 2 below the largest logarithm of the density is
    typical, and H + 10 below it is not.
    """
    is_typical = value >= value.max() - sample.shape[1] - 10
    donors = np.flatnonzero(is_typical)[rng.integers(int(is_typical.sum()), size=len(sample))]
    return np.where(is_typical[:, None], sample, sample[donors])


@dataclass(frozen=True, slots=True)
class Expected:
    """What a process expects of the values of M rows, without luck."""

    features: Array
    """(M, F)"""
    mean: Array
    """(S, M)"""
    deviation: Array
    """(S, M), standard deviations."""
    explained: Array
    """(S, M, N), the covariance with the data, multiplied by their inverse root."""


@dataclass(frozen=True)
class GaussianProcess:
    """A Gaussian process for each member of a sample of hyperparameters.

    What a smooth function does not explain is noise to the model, but a part of it may be a row's
    own: a second training of the same configuration would show it again. The rest is luck. The
    hyperparameters are fitted as if all of it were luck (see `kernel.Likelihood`).

    Args:
        features: (N, F), of the data. Rows that are equal are the same configuration.
        targets: (N,) or (S, N): the values, which may differ from member to member.
        sample: (S, H), the hyperparameters.
        parameter_of: (F,), which parameter each feature belongs to.
        roughness: Variance of what is a row's own, in units of the targets; if the noise has no
            more, nearly all of it.
    """

    features: Array
    targets: Array
    sample: Array
    parameter_of: NDArray[np.intp]
    roughness: float = 0.0

    @cached_property
    def _parts(self) -> tuple[Array, Array, Array]:
        return split(self.sample, parameter_of=self.parameter_of)

    @property
    def noise(self) -> Array:
        """Variance of the noise, luck or not, (S,)."""
        return self._parts[2]

    @property
    def own(self) -> Array:
        """Variance of what another training of the same configuration would show again, (S,)."""
        return np.minimum(self.roughness, (1 - LEAST_LUCK) * self.noise)

    @property
    def luck(self) -> Array:
        """Variance of what it would not show, (S,)."""
        return self.noise - self.own

    @cached_property
    def _inverse_root(self) -> Array:
        """Inverses of the Cholesky factors, (S, N, N)."""
        covariance = self._covariance(self.features, self.features)
        diagonal = np.arange(len(self.features))
        covariance[:, diagonal, diagonal] += self.luck[:, None]
        return np.linalg.inv(np.linalg.cholesky(covariance))

    @cached_property
    def _whitened(self) -> Array:
        """The targets, multiplied by the inverse root, (S, N)."""
        targets = np.broadcast_to(self.targets, (len(self.sample), len(self.features)))
        return (self._inverse_root @ targets[:, :, None])[:, :, 0]

    @cached_property
    def means(self) -> Array:
        """Posterior means of the data, without luck, (S, N)."""
        alpha = (self._whitened[:, None, :] @ self._inverse_root)[:, 0, :]
        return self.targets - self.luck[:, None] * alpha

    def _covariance(self, one: Array, other: Array) -> Array:
        """Return what is known of it without the data, (S, N, M)."""
        weights, variance, _ = self._parts
        covariance = matern(squared_distances(weights, one, other), variance)
        covariance += MEAN_VARIANCE
        if self.roughness:
            is_same = (one[:, None, :] == other[None, :, :]).all(axis=2)
            covariance += self.own[:, None, None] * is_same
        return covariance

    def at(self, features: Array) -> Expected:
        """Return what is expected of the values without luck.

        Args:
            features: (M, F)
        """
        _, variance, _ = self._parts
        cross = self._covariance(features, self.features)
        explained = cross @ self._inverse_root.transpose(0, 2, 1)  # (S, M, N)
        mean = (explained @ self._whitened[:, :, None])[:, :, 0]
        prior = variance + MEAN_VARIANCE + self.own
        left = prior[:, None] - np.einsum("smn,smn->sm", explained, explained)
        deviation = np.sqrt(np.maximum(left, JITTER))
        return Expected(features=features, mean=mean, deviation=deviation, explained=explained)

    def posterior(self, features: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation of the values without luck.

        Args:
            features: (M, F)

        Shapes:
            returns: two of (S, M)
        """
        expected = self.at(features)
        return expected.mean, expected.deviation

    def covariance(self, one: Expected, other: Expected) -> Array:
        """Return the posterior covariances of the values without luck, of L rows with M others.

        Shapes:
            returns: (S, L, M)
        """
        shared = one.explained @ other.explained.transpose(0, 2, 1)
        return self._covariance(one.features, other.features) - shared

    def with_fantasies(self, features: Array, *, rng: np.random.Generator) -> GaussianProcess:
        """Return the process that also knows values at some rows, drawn from what it expects.

        Args:
            features: (M, F), of trials that have not ended.
            rng: Governs the draws, one for each member of the sample.
        """
        expected = self.at(features)
        covariance = self.covariance(expected, expected)
        diagonal = np.arange(len(features))
        covariance[:, diagonal, diagonal] += self.luck[:, None]
        root = np.linalg.cholesky(covariance)
        spread = root @ rng.standard_normal((len(self.sample), len(features), 1))
        drawn = expected.mean + spread[:, :, 0]
        targets = np.broadcast_to(self.targets, (len(self.sample), len(self.features)))
        return replace(
            self,
            features=np.concatenate([self.features, features]),
            targets=np.concatenate([targets, drawn], axis=1),
        )
