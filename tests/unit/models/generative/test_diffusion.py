"""Is the bound one? On a single number, where the likelihood can be integrated."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Normal

from raysearch.models.generative.diffusion import NoiseSchedule, alpha_sigma
from raysearch.models.generative.module import Generative


def diffusion(shape=(1, 1, 1), *, n_levels=3, **settings):
    torch.manual_seed(0)
    module = Generative(
        input_shape=shape,
        n_outputs=n_levels,
        kind="diffusion",
        activation="tanh",
        **{"blocks": 1, "width": 6, "steps": 2, **settings},
    ).eval()
    for parameter in module.parameters():  # far from where it starts
        parameter.data.add_(0.3 * torch.randn_like(parameter))
    return module.double()


def likelihood(network):
    """Return P(x) of each level, by integration over all noisy images on a grid."""
    points = torch.linspace(-9, 9, 1801, dtype=torch.float64)
    width = (points[1] - points[0]).item()
    z = points.view(-1, 1, 1, 1)
    density = Normal(0, 1).log_prob(points).exp()
    times = torch.linspace(1, 0, network.n_steps + 1, dtype=torch.float64)
    gammas = network.schedule.gamma(times)
    for number in range(network.n_steps):
        before, after = (gammas[n].expand(len(points)) for n in (number, number + 1))
        mean, std = (each.flatten() for each in network.back(z, before, after))
        # (from, to): p(z_s | z_t), whose narrow peaks the grid resolves
        assert std.min() > 3 * width
        step = Normal(mean[:, None], std.expand(len(points))[:, None]).log_prob(points).exp()
        density = (density[:, None] * step).sum(0) * width
    decoded = network.decode(z).exp().view(len(points), -1)
    return (density[:, None] * decoded).sum(0) * width


@pytest.mark.parametrize("settings", [
    {"steps": 1},
    {"steps": 2},
    {"steps": 3, "noise_schedule": "cosine"},
    {"steps": 3, "prediction": "noise"},
])  # fmt: skip
def test_the_bound_is_above_the_likelihood(settings):
    module, n = diffusion(**settings), 10_000
    with torch.no_grad():
        exact = likelihood(module.network)
        x = torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64).repeat_interleave(n)
        bounds = module(x.view(-1, 1, 1, 1)).view(3, n)
    assert exact.sum().item() == pytest.approx(1, abs=1e-3)
    # 4 standard deviations of the mean: three levels are wrong once in ten thousand seeds
    error = 4 * bounds.std(1) / math.sqrt(n)
    assert (bounds.mean(1) + error > -exact.log()).all()
    assert (bounds.mean(1) < 40).all()


def test_the_bound_is_the_likelihood_where_the_way_back_is_right():
    """A single image that is always told: what is left is the noise of the last step."""
    module, n = diffusion(steps=50), 4000
    module.network.denoiser.forward = lambda z, gamma: torch.zeros_like(z)  # the level 0.5
    x = torch.full((n, 1, 1, 1), 0.5, dtype=torch.float64)
    with torch.no_grad():
        bounds = module(x)
    # the levels beside it are six standard deviations of the first step's noise away
    assert bounds.mean().item() == pytest.approx(0.0, abs=0.03)


@pytest.mark.parametrize("name", ["linear", "cosine"])
@pytest.mark.parametrize("n_levels", [2, 17, 256])
def test_noise_grows_from_a_sixth_of_a_level_to_nearly_all(name, n_levels):
    schedule = NoiseSchedule(name, n_levels)
    gamma = schedule.gamma(torch.linspace(0, 1, 50, dtype=torch.float64))
    assert (gamma.diff() > 0).all()
    alpha, sigma = (each.flatten() for each in alpha_sigma(gamma))
    torch.testing.assert_close(alpha.square() + sigma.square(), torch.ones_like(alpha))
    assert (sigma[0] / alpha[0]).item() == pytest.approx(2 / (n_levels - 1) / 6)
    assert gamma[-1].item() == pytest.approx(5.0)
    assert schedule.relative(gamma[[0, -1]]).tolist() == pytest.approx([0, 1])


def test_levels_have_probabilities_after_the_last_step():
    network = diffusion((2, 3, 3), n_levels=17).network
    sums = network.decode(3 * torch.randn(4, 2, 3, 3).double()).exp().sum(2)
    torch.testing.assert_close(sums, torch.ones_like(sums))


def test_a_network_that_tells_the_noise_and_one_that_tells_the_image_agree():
    """Where both tell the same, one step's weight is that of the error in either."""
    schedule = NoiseSchedule("linear", 17)
    gammas = schedule.gamma(torch.tensor([0.3, 0.4], dtype=torch.float64))
    alpha, sigma = alpha_sigma(gammas[1:])
    error = torch.tensor(0.7)  # in the noise
    of_image = (sigma / alpha * error).square() * ((-gammas[0]).exp() - (-gammas[1]).exp())
    of_noise = error.square() * torch.expm1(gammas[1] - gammas[0])
    assert of_image.item() == pytest.approx(of_noise.item())


def test_simple_weighting_minimises_something_else_and_measures_the_same():
    bound, simple = (
        diffusion((1, 4, 4), n_levels=5, steps=20, weighting=w) for w in ("bound", "simple")
    )
    x = torch.randint(5, (12, 1, 4, 4)).double() / 4
    losses, measured = [], []
    for module in (bound, simple):
        torch.manual_seed(3)
        losses.append(module.training_loss((x, x)).item())
        torch.manual_seed(3)
        measured.append(module(x).sum().item())
    assert losses[0] != losses[1]
    assert measured[0] == measured[1]


def test_samples_are_levels_and_come_near_what_the_network_tells():
    module = diffusion((1, 2, 2), n_levels=5, steps=40).float()
    module.network.denoiser.forward = lambda z, gamma: torch.full_like(z, 0.5)  # the level 0.75
    drawn = module.sample(50)
    assert drawn.shape == (50, 1, 2, 2)
    assert drawn.mul(4).frac().eq(0).all()
    assert drawn.mean().item() == pytest.approx(0.75, abs=0.02)
