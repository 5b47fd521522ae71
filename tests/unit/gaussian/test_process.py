"""Is the Gaussian process what the textbook says, computed directly?"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from raysearch.gaussian.kernel import (
    JITTER,
    MEAN_VARIANCE,
    Likelihood,
    Prior,
    matern,
    matern_with_slope,
    squared_distances,
)
from raysearch.gaussian.process import GaussianProcess, moved
from raysearch.randomness import generator

RNG = np.random.default_rng(0)
FEATURES = RNG.random((7, 3))
TARGETS = RNG.standard_normal(7)
PARAMETER_OF = np.array([0, 1, 1])  # the second parameter has two features
SAMPLE = np.array([[0.5, -1.0, 0.2, -3.0], [2.0, 0.0, -0.4, -1.0]])


def kernel(one: np.ndarray, other: np.ndarray, hyperparameters: np.ndarray) -> np.ndarray:
    """Return Matern's kernel, entry by entry."""
    weights = np.exp(hyperparameters[PARAMETER_OF])
    values = np.empty((len(one), len(other)))
    for i, x in enumerate(one):
        for j, y in enumerate(other):
            r = math.sqrt(5 * float(np.sum(weights * (x - y) ** 2)))
            values[i, j] = math.exp(hyperparameters[-2]) * (1 + r + r * r / 3) * math.exp(-r)
    return values + MEAN_VARIANCE


def covariance(hyperparameters: np.ndarray) -> np.ndarray:
    noise = math.exp(hyperparameters[-1])
    noise += JITTER * (math.exp(hyperparameters[-2]) + MEAN_VARIANCE)
    return kernel(FEATURES, FEATURES, hyperparameters) + noise * np.eye(len(FEATURES))


def process(targets: np.ndarray = TARGETS) -> GaussianProcess:
    return GaussianProcess(
        features=FEATURES, targets=targets, sample=SAMPLE, parameter_of=PARAMETER_OF
    )


def likelihood() -> Likelihood:
    return Likelihood(features=FEATURES, targets=TARGETS, parameter_of=PARAMETER_OF, prior=Prior(2))


def test_posterior_is_that_of_a_direct_solve() -> None:
    new = RNG.random((4, 3))
    mean, deviation = process().posterior(new)
    for member, hyperparameters in enumerate(SAMPLE):
        cross = kernel(new, FEATURES, hyperparameters)
        solved = np.linalg.solve(covariance(hyperparameters), np.column_stack([TARGETS, cross.T]))
        expected = cross @ solved[:, 0]
        variance = np.diag(kernel(new, new, hyperparameters) - cross @ solved[:, 1:])
        assert mean[member] == pytest.approx(expected, abs=1e-9)
        assert deviation[member] == pytest.approx(np.sqrt(variance), abs=1e-6)


def test_likelihood_is_that_of_a_normal_distribution() -> None:
    value, _ = likelihood().value_and_gradient(SAMPLE)
    prior = Prior(2)
    for member, hyperparameters in enumerate(SAMPLE):
        matrix = covariance(hyperparameters)
        sign, log_determinant = np.linalg.slogdet(matrix)
        assert sign == 1
        expected = -0.5 * (TARGETS @ np.linalg.solve(matrix, TARGETS) + log_determinant)
        logs, (signal, noise) = hyperparameters[:2], hyperparameters[2:]
        expected += np.sum(logs - np.exp(logs) / prior.mean_weight)  # exponential, of a logarithm
        expected -= 0.5 * (signal**2 + ((noise - math.log(0.05)) / 2) ** 2)
        assert value[member] == pytest.approx(expected, abs=1e-9)


def test_gradient_is_the_difference_quotient() -> None:
    _, gradient = likelihood().value_and_gradient(SAMPLE)
    for index in range(SAMPLE.shape[1]):
        step = np.zeros(SAMPLE.shape[1])
        step[index] = 1e-5
        above, _ = likelihood().value_and_gradient(SAMPLE + step)
        below, _ = likelihood().value_and_gradient(SAMPLE - step)
        quotient = (above - below) / 2e-5
        assert gradient[:, index] == pytest.approx(quotient, rel=1e-3)  # the jitter is left out


def test_slope_is_the_difference_quotient_also_where_rows_are_equal() -> None:
    squared, variance = np.array([[[1e-4, 0.3, 2.0]]]), np.array([1.7])
    value, slope = matern_with_slope(squared, variance)
    assert value == pytest.approx(matern(squared, variance))
    quotient = (matern(squared + 1e-7, variance) - matern(squared - 1e-7, variance)) / 2e-7
    assert slope == pytest.approx(quotient, rel=1e-4)
    assert np.isfinite(matern_with_slope(np.zeros((1, 1, 1)), variance)[1]).all()


def test_squared_distances_are_those_of_all_pairs() -> None:
    weights = np.array([[1.0, 2.0, 0.5]])
    one, other = RNG.random((3, 3)), RNG.random((2, 3))
    expected = [[float(np.sum(weights[0] * (x - y) ** 2)) for y in other] for x in one]
    assert squared_distances(weights, one, other)[0] == pytest.approx(np.array(expected))


def test_fantasies_count_as_values_that_were_seen() -> None:
    new = RNG.random((2, 3))
    with_them = process().with_fantasies(new, rng=np.random.default_rng(3))
    assert with_them.targets.shape == (2, 9)
    assert not np.allclose(with_them.targets[0, 7:], with_them.targets[1, 7:])
    _, before = process().posterior(new)
    _, after = with_them.posterior(new)
    assert (after < 0.9 * before).all()


def test_fantasies_have_the_distribution_that_the_process_expects() -> None:
    new = RNG.random((1, 3))
    drawn = np.array(
        [
            process().with_fantasies(new, rng=np.random.default_rng(seed)).targets[:, -1]
            for seed in range(2000)
        ]
    )
    mean, deviation = process().posterior(new)
    spread = np.sqrt(deviation[:, 0] ** 2 + process().noise)
    # Five standard errors: a false alarm in a million runs, and the seeds are fixed.
    assert (np.abs(drawn.mean(axis=0) - mean[:, 0]) < 5 * spread / np.sqrt(2000)).all()
    assert drawn.std(axis=0) == pytest.approx(spread, rel=5 / np.sqrt(2 * 2000))


def test_sampling_finds_which_parameter_matters_and_how_noisy_values_are() -> None:
    rng = np.random.default_rng(1)
    features = rng.random((60, 2))
    targets = np.sin(6 * features[:, 0]) + 0.1 * rng.standard_normal(60)
    targets = (targets - targets.mean()) / targets.std()
    prior = Prior(2)
    known = Likelihood(
        features=features, targets=targets, parameter_of=np.array([0, 1]), prior=prior
    )
    sample = prior.draw(8, rng)
    for number in range(60):
        sample = moved(sample, known, rng=generator(0, role="hyperparameters", number=number))
    weights, noise = np.exp(sample[:, :2]).mean(axis=0), np.sqrt(np.exp(sample[:, -1]))
    assert weights[0] > 10 * weights[1]
    assert 0.08 < np.median(noise) < 0.25  # 0.1 of a function whose deviation is 0.7: 0.14


def test_what_is_a_configurations_own_is_shared_by_its_trainings() -> None:
    features = FEATURES[[0, 1, 2, 3, 4, 5, 5]]  # the last configuration was trained twice
    is_same = (features[:, None] == features[None]).all(axis=2)
    rough = replace(process(), features=features, roughness=0.01)
    mean, deviation = rough.posterior(features)
    apart = rough.covariance(rough.at(features[:2]), rough.at(features))
    assert rough.means == pytest.approx(mean, abs=1e-9)
    for member, hyperparameters in enumerate(SAMPLE):
        noise = float(rough.noise[member])
        own = min(0.01, 0.999 * noise)
        signal = kernel(features, features, hyperparameters) + own * is_same
        whole = signal + (noise - own) * np.eye(7)
        solved = np.linalg.solve(whole, np.column_stack([TARGETS, signal]))
        assert mean[member] == pytest.approx(signal @ solved[:, 0], abs=1e-9)
        left = signal - signal @ solved[:, 1:]
        assert apart[member] == pytest.approx(left[:2], abs=1e-9)
        assert deviation[member] == pytest.approx(np.sqrt(np.diag(left)), abs=1e-6)
    assert mean[:, 5] == pytest.approx(mean[:, 6])


def test_with_no_more_noise_than_that_the_data_are_worth_what_was_observed() -> None:
    mean, deviation = replace(process(), roughness=10.0).posterior(FEATURES)
    assert mean == pytest.approx(np.stack([TARGETS, TARGETS]), abs=2e-3)
    assert deviation.max() < 0.05
