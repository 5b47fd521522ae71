from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from raysearch.models.attention.positions import (
    Positions,
    grid_coordinates,
    rotated,
    rotation_of,
    sinusoids,
)


def test_sinusoids_are_the_papers_formula():
    table = sinusoids(torch.arange(50)[:, None], width=6)
    for position in (0, 1, 7, 49):
        for i in range(3):
            angle = position / 10_000 ** (2 * i / 6)
            assert table[position, 2 * i].item() == pytest.approx(math.sin(angle), abs=1e-6)
            assert table[position, 2 * i + 1].item() == pytest.approx(math.cos(angle), abs=1e-6)


@pytest.mark.parametrize("sizes", [[7], [3, 4], [2, 3, 2]])
@pytest.mark.parametrize("width", [8, 11, 16])
def test_no_two_positions_have_the_same_sinusoids(sizes, width):
    table = sinusoids(grid_coordinates(sizes), width=width)
    assert table.shape == (math.prod(sizes), width)
    distances = torch.cdist(table, table) + 10 * torch.eye(len(table))
    assert distances.min() > 1e-3


def test_a_rotated_product_depends_on_the_difference_alone():
    torch.manual_seed(0)
    query, key = torch.randn(2, 1, 1, 1, 6).expand(2, 1, 1, 12, 6)
    rotation = rotation_of(torch.arange(12)[:, None], head_width=6)
    products = (rotated(query, rotation) @ rotated(key, rotation).mT)[0, 0]
    for difference in range(-5, 6):
        diagonal = products.diagonal(difference)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal))
    assert products[0].std() > 0.1


def test_a_rotation_keeps_lengths():
    x = torch.randn(2, 3, 12, 8)
    turned = rotated(x, rotation_of(grid_coordinates([3, 4]), head_width=8))
    torch.testing.assert_close(turned.norm(dim=-1), x.norm(dim=-1))
    assert not torch.allclose(turned[:, :, 1:], x[:, :, 1:])
    torch.testing.assert_close(turned[:, :, 0], x[:, :, 0])  # at the origin nothing turns


def test_in_an_image_a_product_depends_on_both_differences():
    torch.manual_seed(0)
    query, key = torch.randn(2, 1, 1, 1, 8).expand(2, 1, 1, 16, 8)
    rotation = rotation_of(grid_coordinates([4, 4]), head_width=8)
    products = (rotated(query, rotation) @ rotated(key, rotation).mT)[0, 0]
    torch.testing.assert_close(products[0, 5], products[5, 10])  # one row and one column on
    assert abs(products[0, 1] - products[0, 4]) > 1e-3  # a column on is no row on


@pytest.mark.parametrize("kind", ["sinusoidal", "learnt", "rotary"])
def test_more_positions_than_the_network_was_made_for_are_refused(kind, design):
    positions = Positions(replace(design, positions=kind), coordinates=grid_coordinates([5]))
    assert positions(torch.zeros(2, 3, 8), start=2).shape == (2, 3, 8)
    with pytest.raises(ValueError, match=r"has 6 positions, but .* at most 5"):
        positions(torch.zeros(2, 3, 8), start=3)


@pytest.mark.parametrize("kind", ["sinusoidal", "learnt", "rotary"])
def test_a_later_start_gives_the_later_positions(kind, design):
    positions = Positions(replace(design, positions=kind), coordinates=grid_coordinates([5]))
    x = torch.zeros(1, 5, 8)
    torch.testing.assert_close(positions(x)[:, 2:], positions(x[:, 2:], start=2))
    assert (positions.rotation(start=0, end=5) is not None) == (kind == "rotary")
