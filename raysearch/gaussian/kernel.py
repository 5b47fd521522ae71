"""How alike are the values of two configurations, under several hyperparameters at once?

The kernel is Matern's with nu = 5/2, of distances in which every parameter has a length of its own:

    k(x, x') = s^2 (1 + sqrt(5) r + 5/3 r^2) exp(-sqrt(5) r),    r^2 = sum of w_p |x_p - x'_p|^2

Hyperparameters are one vector of logarithms: of the weights w_p, each an inverse squared length, of
the signal's variance s^2, and of the noise's variance. All functions take several such vectors at
once, since a model is a sample of them.

References:
    Snoek, Larochelle and Adams, "Practical Bayesian Optimization of Machine Learning Algorithms",
    NeurIPS 2012: Matern 5/2 with a length for each parameter, hyperparameters integrated out.
    Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, sections 4.2 and 5.4.

Shapes, in this module and those that use it:
    S samples of hyperparameters, H hyperparameters, P parameters, F features, N and M rows
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MEAN_VARIANCE = 1.0
"""Prior variance of the constant mean, in units of the targets."""

JITTER = 1e-6
"""Of the variance of what is measured, added to the noise's, so that matrices can be factorised."""

_ROOT_5 = float(np.sqrt(5.0))


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed of hyperparameters, in the units of targets of about unit variance.

    Weights have an exponential distribution: parameters may well be of no account, while a length
    that is a small part of a range is as good as excluded. It would make every value a
    configuration's own, which is what the noise is for. The variances of signal and noise have
    log-normal distributions.
    """

    n_parameters: int
    """Of more than one value, the P of the shapes."""

    @property
    def mean_weight(self) -> float:
        """Mean of each weight; distances grow with the root of the number of parameters."""
        return MEAN_WEIGHT / math.sqrt(max(self.n_parameters, 1))

    def draw(self, size: int, rng: np.random.Generator) -> Array:
        """Return vectors of hyperparameters.

        Shapes:
            returns: (size, H)
        """
        weights = rng.exponential(self.mean_weight, (size, self.n_parameters))
        variances = _VARIANCES + _DEVIATIONS * rng.standard_normal((size, 2))
        return np.concatenate([np.log(np.maximum(weights, 1e-3)), variances], axis=1)

    def value_and_gradient(self, sample: Array) -> tuple[Array, Array]:
        """Return the logarithm of the density, up to a constant, and its gradient.

        Args:
            sample: (S, H)

        Shapes:
            returns: (S,) and (S, H)
        """
        logs = sample[:, :-2]
        shares = np.exp(np.minimum(logs, LARGEST)) / self.mean_weight
        distances = (sample[:, -2:] - _VARIANCES) / _DEVIATIONS
        value = (logs - shares).sum(axis=1) - 0.5 * (distances**2).sum(axis=1)
        return value, np.concatenate([1 - shares, -distances / _DEVIATIONS], axis=1)


MEAN_WEIGHT = 8.0
"""Mean weight in a space of one parameter: a length of a third of its range."""

_VARIANCES = np.log(np.array([1.0, 0.05]))
"""Medians of the variances of signal and noise."""

_DEVIATIONS = np.array([1.0, 2.0])
"""Standard deviations of their logarithms."""

LARGEST = 10.0
"""Largest magnitude of a hyperparameter's logarithm: beyond, matrices become singular."""


def squared_distances(weights: Array, one: Array, other: Array) -> Array:
    """Return the weighted squared distances between rows of features.

    Args:
        weights: (S, F), of each feature.
        one: (N, F)
        other: (M, F)

    Shapes:
        returns: (S, N, M)
    """
    weighted = -2 * weights[:, None, :] * one[None]  # (S, N, F)
    squared: Array = weighted @ other.T  # (S, N, M); from here on in place
    squared += (weights @ (one**2).T)[:, :, None]
    squared += (weights @ (other**2).T)[:, None, :]
    return np.maximum(squared, 0.0, out=squared)


def matern(squared: Array, variance: Array) -> Array:
    """Return the kernel of squared distances.

    Args:
        squared: (S, N, M)
        variance: (S,), the signal's.

    Shapes:
        returns: (S, N, M)

    Example:
        >>> matern(np.array([[[0.0, 1.0]]]), np.array([2.0])).round(4)
        array([[[2.   , 1.048]]])
    """
    scaled = np.sqrt(squared)
    scaled *= _ROOT_5
    value: Array = scaled / 3  # from here on in place
    value += 1
    value *= scaled
    value += 1
    np.negative(scaled, out=scaled)
    value *= np.exp(scaled, out=scaled)
    value *= variance[:, None, None]
    return value


def matern_with_slope(squared: Array, variance: Array) -> tuple[Array, Array]:
    """Return the kernel, and its derivative by the squared distance, which is finite at 0 too."""
    scaled = np.sqrt(squared)
    scaled *= _ROOT_5
    decay = np.exp(-scaled)
    decay *= variance[:, None, None]
    slope: Array = scaled + 1
    value: Array = scaled**2
    value /= 3
    value += slope
    value *= decay
    slope *= decay
    slope *= -5 / 6
    return value, slope


@dataclass(frozen=True, slots=True)
class Likelihood:
    """The posterior density of hyperparameters, given data.

    Args:
        features: (N, F), of the data.
        targets: (N,), of about zero mean and unit variance.
        parameter_of: (F,), which parameter each feature belongs to.
        prior: Of the hyperparameters.
    """

    features: Array
    targets: Array
    parameter_of: NDArray[np.intp]
    prior: Prior

    def covariances(self, sample: Array) -> tuple[Array, Array, Array]:
        """Return covariances of the targets, those of the signal alone, and the kernel's slopes.

        Args:
            sample: (S, H)

        Shapes:
            returns: three of (S, N, N)
        """
        weights, variance, noise = split(sample, parameter_of=self.parameter_of)
        squared = squared_distances(weights, self.features, self.features)
        signal, slope = matern_with_slope(squared, variance)
        whole = signal + MEAN_VARIANCE
        diagonal = np.arange(len(self.targets))
        whole[:, diagonal, diagonal] += noise[:, None]
        return whole, signal, slope

    def value_and_gradient(self, sample: Array) -> tuple[Array, Array]:
        """Return the logarithm of the density, up to a constant, and its gradient.

        Args:
            sample: (S, H)

        Shapes:
            returns: (S,) and (S, H)
        """
        whole, signal, slope = self.covariances(sample)
        weights, _, noise = split(sample, parameter_of=self.parameter_of)
        inverse_root = np.linalg.inv(np.linalg.cholesky(whole))  # (S, N, N)
        inverse = inverse_root.transpose(0, 2, 1) @ inverse_root
        alpha = inverse @ self.targets  # (S, N)
        log_root = np.log(np.diagonal(inverse_root, axis1=1, axis2=2)).sum(axis=1)
        value = log_root - 0.5 * alpha @ self.targets
        outer = alpha[:, :, None] * alpha[:, None, :]
        outer -= inverse  # the value's differential is tr(outer dK) / 2
        by_distance = np.multiply(outer, slope, out=slope)
        rows = by_distance.sum(axis=2) @ self.features**2  # (S, F)
        cross = ((by_distance @ self.features) * self.features).sum(axis=1)  # (S, F)
        n_parameters = sample.shape[1] - 2
        by_feature = weights * (rows - cross)
        gradient = np.zeros_like(sample)
        belongs = self.parameter_of[:, None] == np.arange(n_parameters)
        gradient[:, :n_parameters] = by_feature @ belongs
        gradient[:, -2] = 0.5 * np.einsum("sij,sij->s", outer, signal)
        gradient[:, -1] = 0.5 * noise * np.trace(outer, axis1=1, axis2=2)
        believed, slope_of_belief = self.prior.value_and_gradient(sample)
        return value + believed, gradient + slope_of_belief


def split(sample: Array, *, parameter_of: NDArray[np.intp]) -> tuple[Array, Array, Array]:
    """Return weights of features (S, F), variances of the signal and of the noise (S,)."""
    within = np.exp(np.clip(sample, -LARGEST, LARGEST))
    variance = within[:, -2]
    return within[:, parameter_of], variance, within[:, -1] + JITTER * (variance + MEAN_VARIANCE)
