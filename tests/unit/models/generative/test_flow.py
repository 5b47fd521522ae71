"""Is the map invertible, its determinant right, and the bound above what it bounds?"""

from __future__ import annotations

import math

import pytest
import torch

from raysearch.models.generative.flow import FlowNetwork, Squeeze, checkerboard, halves
from raysearch.models.generative.module import Generative


def flow(shape, *, n_levels=4, **settings):
    torch.manual_seed(0)
    module = Generative(
        input_shape=shape,
        n_outputs=n_levels,
        kind="flow",
        activation="tanh",
        **{"blocks": 1, "width": 6, "couplings": 2, **settings},
    ).eval()
    module.double()
    for parameter in module.parameters():  # far from where it starts
        parameter.data.add_(0.2 * torch.randn_like(parameter))
    return module


CASES = [((1, 4, 4), 2), ((3, 2, 2), 2), ((2, 3, 5), 1), ((1, 1, 1), 1)]


@pytest.mark.parametrize(("shape", "scales"), CASES)
def test_the_log_determinant_is_that_of_autograds_jacobian(shape, scales):
    network = flow(shape, scales=scales).network
    y = torch.rand(1, *shape, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(lambda y: network(y)[0], y)
    n = y.numel()
    expected = torch.linalg.slogdet(jacobian.view(n, n)).logabsdet
    torch.testing.assert_close(network(y)[1], expected[None])


@pytest.mark.parametrize(("shape", "scales"), CASES)
def test_the_way_back_undoes_the_way_there(shape, scales):
    network = flow(shape, scales=scales).network
    y = torch.rand(5, *shape, dtype=torch.float64)
    torch.testing.assert_close(network.inverse(network(y)[0]), y)


def test_each_coupling_leaves_what_its_mask_keeps():
    network = flow((1, 4, 4), scales=2).network
    coupling = network.maps[1]
    x = torch.randn(3, 1, 4, 4, dtype=torch.float64)
    changed, _ = coupling(x)
    keeps = coupling.mask.bool().expand_as(x)
    assert torch.equal(changed[keeps], x[keeps])
    assert not torch.isclose(changed[~keeps], x[~keeps]).any()
    masks = [each.mask for each in network.maps if hasattr(each, "mask")]
    assert torch.equal(masks[0] + masks[1], torch.ones(1, 4, 4))
    assert torch.equal(masks[2] + masks[3], torch.ones(4, 2, 2))


def test_masks_take_half_of_the_numbers():
    assert checkerboard((2, 4, 4)).mean() == halves((4, 2, 2)).mean() == 0.5


def test_squeezing_keeps_every_number():
    x = torch.arange(32.0).view(1, 2, 4, 4)
    squeezed, change = Squeeze()(x)
    assert squeezed.shape == (1, 8, 2, 2)
    assert squeezed.flatten().sort().values.tolist() == x.flatten().tolist()
    assert torch.equal(Squeeze().inverse(squeezed), x)
    assert change.item() == 0


def test_the_bound_is_above_the_likelihood_which_sums_to_no_more_than_one():
    """One number, whose cells can be integrated."""
    n_levels, n = 3, 9_000
    module = flow((1, 1, 1), n_levels=n_levels, couplings=3)
    points = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    with torch.no_grad():
        shares = module.network.log_density(points.view(n, 1, 1, 1)).exp().view(n_levels, -1)
        exact = -(shares.sum(1) / n).log()
        x = torch.arange(n_levels, dtype=torch.float64).repeat_interleave(n).view(-1, 1, 1, 1)
        bound = module(x / (n_levels - 1)).view(n_levels, n).mean(1)
    # what lies outside of all cells is lost, as in the paper: the bound is no better for it
    assert 0.9 < exact.neg().exp().sum() <= 1
    assert (bound > exact).all()


def test_a_flow_that_is_constant_on_a_cell_reaches_its_likelihood():
    """A uniform density: both are the logarithm of the levels."""

    class Uniform(FlowNetwork):
        def log_density(self, y):
            return y.new_zeros(len(y))

    module = flow((1, 2, 2), n_levels=5)
    module.network.__class__ = Uniform
    nats = module(torch.rand(3, 1, 2, 2, dtype=torch.float64))
    torch.testing.assert_close(nats, torch.full_like(nats, 4 * math.log(5)))


def test_samples_are_levels():
    drawn = flow((3, 2, 2), n_levels=5).float().sample(50) * 4
    assert drawn.shape == (50, 3, 2, 2)
    assert torch.equal(drawn, drawn.round())
    assert (drawn.min() >= 0, drawn.max() <= 4) == (True, True)
    assert len(drawn.unique()) > 2
