from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Binomial, Categorical, Normal
from torch.nn import functional as F

from raysearch.models.shared.likelihoods import Likelihood

NAMES = ["categorical", "logistic_mixture", "gaussian", "bernoulli"]


def outputs_for(likelihood, *, n=4, channels=2, scale=2.0):
    generator = torch.Generator().manual_seed(1)
    shape = (n, channels * likelihood.n_outputs, 3, 2)
    return scale * torch.randn(shape, generator=generator)


@pytest.mark.parametrize("scale", [0.0, 2.0, 200.0])
@pytest.mark.parametrize("n_levels", [2, 17, 256])
@pytest.mark.parametrize("name", NAMES)
def test_probabilities_of_all_levels_sum_to_one(name, n_levels, scale):
    likelihood = Likelihood(name, n_levels)
    log_probs = likelihood.log_probs(outputs_for(likelihood, scale=scale))
    assert log_probs.shape == (4, 2, n_levels, 3, 2)
    sums = log_probs.exp().sum(2)
    torch.testing.assert_close(sums, torch.ones_like(sums), rtol=0, atol=2e-4)


@pytest.mark.parametrize("name", NAMES)
def test_nats_are_those_of_the_levels_of_an_image(name):
    likelihood = Likelihood(name, 5)
    outputs, levels = outputs_for(likelihood), torch.randint(5, (4, 2, 3, 2))
    log_probs = likelihood.log_probs(outputs)
    expected = [
        -sum(log_probs[b, c, levels[b, c, h, w], h, w].item() for c, h, w in PLACES)
        for b in range(4)
    ]
    assert likelihood.nats(outputs, levels / 4).tolist() == pytest.approx(expected, rel=1e-5)


PLACES = [(c, h, w) for c in range(2) for h in range(3) for w in range(2)]


@pytest.mark.parametrize("name", NAMES)
def test_a_gradient_is_finite_where_outputs_are_extreme(name):
    likelihood = Likelihood(name, 17)
    outputs = outputs_for(likelihood, scale=100.0).requires_grad_()
    nats = likelihood.nats(outputs, torch.randint(17, (4, 2, 3, 2)) / 16)
    nats.sum().backward()
    assert nats.isfinite().all()
    assert outputs.grad.isfinite().all()


@pytest.mark.parametrize("place", [-30.0, -2.0, 2.0, 30.0])
@pytest.mark.parametrize("level", [0, 8, 16])
@pytest.mark.parametrize("name", ["logistic_mixture", "gaussian"])
def test_a_gradient_draws_the_mean_to_a_level_however_far_it_is(name, level, place):
    likelihood = Likelihood(name, 17)
    n_means = likelihood.n_outputs // (3 if name == "logistic_mixture" else 2)
    # the means come after the weights in a mixture, and first otherwise
    means = slice(n_means, 2 * n_means) if name == "logistic_mixture" else slice(0, 1)
    outputs = torch.zeros(1, likelihood.n_outputs, 1, 1)
    outputs[:, means] = place
    outputs.requires_grad_()
    value = torch.full((1, 1, 1, 1), level / 16)
    likelihood.nats(outputs, value).sum().backward()
    at_end = (level, place > 0) in [(0, False), (16, True)]
    slope = outputs.grad[:, means].sum().item()
    if at_end:  # all that is beyond the end counts as the last level
        assert abs(slope) < 0.5
    else:
        assert math.copysign(1, place) * slope > 1


def test_far_from_the_mean_intervals_are_those_of_double_precision():
    for name in ("logistic_mixture", "gaussian"):
        likelihood = Likelihood(name, 256)
        outputs = outputs_for(likelihood, scale=1.5)
        expected = likelihood.log_probs(outputs.double())
        found = likelihood.log_probs(outputs).double()
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)
    assert expected.min() < -100


def test_categorical_is_torchs():
    likelihood = Likelihood("categorical", 6)
    outputs = outputs_for(likelihood, channels=1)
    expected = Categorical(logits=outputs.movedim(1, -1)).logits.movedim(-1, 1)
    torch.testing.assert_close(likelihood.log_probs(outputs)[:, 0], expected)


def test_bernoulli_is_the_cross_entropy_where_there_are_two_levels():
    likelihood = Likelihood("bernoulli", 2)
    outputs, x = outputs_for(likelihood), torch.randint(2, (4, 2, 3, 2)).float()
    each = F.binary_cross_entropy_with_logits(outputs, x, reduction="none")
    torch.testing.assert_close(likelihood.nats(outputs, x), each.flatten(1).sum(1))


def test_bernoulli_counts_successes_where_there_are_more():
    likelihood = Likelihood("bernoulli", 17)
    outputs = outputs_for(likelihood, channels=1)
    levels = torch.arange(17.0).view(1, 17, 1, 1)
    expected = Binomial(16, logits=outputs).log_prob(levels)
    torch.testing.assert_close(likelihood.log_probs(outputs)[:, 0], expected, rtol=1e-4, atol=1e-4)


def test_gaussian_is_cut_into_intervals_around_the_levels():
    likelihood = Likelihood("gaussian", 5)
    outputs = outputs_for(likelihood, channels=1, scale=0.5)
    normal = Normal(outputs[:, :1], (outputs[:, 1:] - 1).exp())
    edges = torch.tensor([-math.inf, -0.75, -0.25, 0.25, 0.75, math.inf]).view(1, 6, 1, 1)
    expected = normal.cdf(edges).diff(dim=1)
    found = likelihood.log_probs(outputs)[:, 0].exp()
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_draws_have_the_probabilities_that_are_told(name):
    likelihood = Likelihood(name, 4)
    outputs = outputs_for(likelihood, n=1, channels=1, scale=1.0)[:, :, :1, :1]
    n = 20_000
    torch.manual_seed(0)
    drawn = likelihood.sample(outputs.expand(n, -1, 1, 1))
    torch.testing.assert_close(drawn * 3, (drawn * 3).round())
    shares = torch.bincount((drawn * 3).round().long().flatten(), minlength=4) / n
    # 5 standard deviations of a share: four of them are wrong once in half a million seeds
    probabilities = likelihood.log_probs(outputs).exp().flatten()
    bound = 5 * (probabilities * (1 - probabilities) / n).sqrt() + 1 / n
    assert ((shares - probabilities).abs() <= bound).all()
    assert drawn.mean().item() == pytest.approx(likelihood.mean(outputs).item(), abs=0.02)
