from __future__ import annotations

import pytest
import torch
from torch import nn

from raysearch.models.shared.sizes import count_parameters, width_for


def layer(width):
    """Return a network with 11 parameters for each unit."""
    return nn.Linear(10, width)


def test_what_is_frozen_does_not_count():
    network = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))
    network[1].requires_grad_(False)
    assert count_parameters(network) == 8


@pytest.mark.parametrize(
    ("wanted", "width"),
    [(1, 1), (11, 1), (16, 1), (17, 2), (22, 2), (500, 45), (704, 64), (9999, 64)],
)
def test_the_width_is_the_nearest_one(wanted, width):
    assert width_for(wanted, build=layer, widest=64) == width


@pytest.mark.parametrize("widest", [1, 2, 3])
def test_the_width_stays_within_the_widest(widest):
    assert width_for(10**6, build=layer, widest=widest) == widest


def test_counting_draws_from_no_generator():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    width_for(500, build=layer, widest=64)
    assert torch.equal(torch.get_rng_state(), before)
