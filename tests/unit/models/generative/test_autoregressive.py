"""Is the likelihood exact, and does every number depend on nothing but those before it?"""

from __future__ import annotations

import itertools

import pytest
import torch

from raysearch.models.generative.module import Generative


def density(shape, n_levels, *, likelihood="categorical", **settings):
    torch.manual_seed(0)
    module = Generative(
        input_shape=shape,
        n_outputs=n_levels,
        likelihood=likelihood,
        **{"blocks": 2, "width": 6, **settings},
    ).eval()
    for parameter in module.parameters():  # far from where it starts
        parameter.data.add_(0.5 * torch.randn_like(parameter))
    return module


def all_images(shape, n_levels):
    values = [level / (n_levels - 1) for level in range(n_levels)]
    n = torch.Size(shape).numel()
    return torch.tensor(list(itertools.product(values, repeat=n))).view(-1, *shape)


@pytest.mark.parametrize("likelihood", ["categorical", "logistic_mixture", "gaussian", "bernoulli"])
@pytest.mark.parametrize(("shape", "n_levels"), [((1, 2, 2), 3), ((2, 1, 2), 2), ((3, 1, 1), 4)])
def test_probabilities_of_all_images_sum_to_one(shape, n_levels, likelihood):
    module = density(shape, n_levels, likelihood=likelihood)
    with torch.no_grad():
        probabilities = module(all_images(shape, n_levels)).neg().exp()
    assert probabilities.sum().item() == pytest.approx(1, abs=1e-4)
    assert probabilities.max() > 1.5 * probabilities.mean()  # it is not the uniform one


@pytest.mark.parametrize("connections", ["plain", "residual"])
@pytest.mark.parametrize("channels", [1, 3])
def test_outputs_depend_on_numbers_before_them_and_on_no_others(channels, connections):
    shape = (channels, 3, 4)
    network = density(shape, 2, connections=connections, kernel_size=5, width=9).network
    x = torch.rand(1, *shape)
    jacobian = torch.autograd.functional.jacobian(network, x)[0, :, :, :, 0]
    depends = jacobian.abs().view(channels, 2, 3, 4, channels, 3, 4).sum(1) > 0
    # the order of the image: row, column, channel
    order = torch.arange(channels * 12).view(3, 4, channels).permute(2, 0, 1)
    is_before = order[None, None, None] < order[:, :, :, None, None, None]
    assert not (depends & ~is_before).any()
    assert depends[-1, 0, 1, 0, 0, 0]  # on the pixel to the left
    assert depends[:, 2, 3].any(0)[0, 0, 0]  # on one that is far away


@pytest.mark.parametrize("channels", [1, 3])
@torch.no_grad()
def test_what_is_drawn_at_a_pixel_needs_no_more_than_what_it_depends_on(channels):
    network = density((channels, 9, 11), 3, width=9, kernel_size=3, blocks=1).network
    x = torch.randint(3, (2, channels, 9, 11)) / 2
    assert network.reach == 3  # less than the image has on any side of its middle
    outputs = network(x)
    for row, column in ((0, 0), (0, 10), (4, 5), (8, 0), (8, 10)):
        alone = network._outputs_at(x, row, column)
        torch.testing.assert_close(alone[..., 0, 0], outputs[:, :, row, column])


def test_samples_have_the_probabilities_that_are_told():
    shape, n_levels, n = (1, 2, 2), 2, 8000
    module = density(shape, n_levels)
    images = all_images(shape, n_levels)
    with torch.no_grad():
        probabilities = module(images).neg().exp()
    torch.manual_seed(1)
    drawn = module.sample(n)
    counts = (drawn[:, None] == images).flatten(2).all(2).sum(0)
    assert counts.sum() == n
    # 5 standard deviations of a share: sixteen of them are wrong once in a hundred thousand seeds
    bound = 5 * (probabilities * (1 - probabilities) / n).sqrt() + 1 / n
    assert ((counts / n - probabilities).abs() <= bound).all()


def test_what_is_measured_draws_nothing():
    module, x = density((1, 3, 3), 3), torch.rand(4, 1, 3, 3).round()
    before = torch.get_rng_state()
    assert torch.equal(module(x), module(x))
    assert torch.equal(torch.get_rng_state(), before)
