from __future__ import annotations

import pytest
import torch

from raysearch.models.shared.pictures import image_grid


def test_images_lie_row_by_row_with_a_line_between_them():
    images = torch.arange(4.0).view(4, 1, 1, 1).expand(4, 1, 48, 48) / 4
    grid = image_grid(images)
    assert grid.shape == (1, 98, 98)
    assert grid[0, [0, 0, 97, 97], [0, 97, 0, 97]].tolist() == [0, 0.25, 0.5, 0.75]
    assert grid[0, 48:50].unique().item() == 0.5


def test_small_images_are_enlarged_with_square_pixels():
    image = torch.tensor([[0.0, 1.0], [1.0, 0.0]]).view(1, 1, 2, 2)
    grid = image_grid(image)
    assert grid.shape == (1, 48, 48)
    assert grid[0, :24, :24].unique().item() == 0
    assert grid[0, :24, 24:].unique().item() == 1


@pytest.mark.parametrize(("channels", "shown"), [(1, 1), (2, 1), (3, 3), (7, 1)])
def test_other_channels_than_colours_are_left_out(channels, shown):
    assert image_grid(torch.zeros(2, channels, 48, 60)).shape == (shown, 48, 122)


def test_a_row_that_is_not_full_is_filled_with_grey():
    grid = image_grid(torch.ones(3, 1, 48, 48), columns=2)
    assert grid[0, 60, [10, 80]].tolist() == [1, 0.5]


def test_values_outside_are_cut_off():
    grid = image_grid(torch.tensor([-1.0, 2.0]).view(2, 1, 1, 1).expand(2, 1, 48, 48))
    assert (grid.min().item(), grid.max().item()) == (0, 1)
