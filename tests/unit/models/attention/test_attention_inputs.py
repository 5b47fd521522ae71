from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from raysearch.data_spec import PADDING
from raysearch.models.attention.inputs import Patches, Stem, Symbols, patches


def test_patches_of_an_image_are_its_squares():
    image = torch.arange(2 * 3 * 4 * 6.0).reshape(2, 3, 4, 6)
    found = patches(image, sizes=(2, 2))
    assert found.shape == (2, 6, 12)
    # the second patch of the second row: rows 2 to 3, columns 2 to 3
    torch.testing.assert_close(found[:, 4], image[:, :, 2:4, 2:4].flatten(1))


def test_patches_of_a_clip_are_its_cubes():
    clip = torch.arange(1 * 2 * 4 * 2 * 6.0).reshape(1, 2, 4, 2, 6)
    found = patches(clip, sizes=(2, 2, 2))
    assert found.shape == (1, 6, 16)
    torch.testing.assert_close(found[:, 5], clip[:, :, 2:, :, 4:].flatten(1))


@pytest.mark.parametrize("shape", [(1, 5), (2, 7, 5), (1, 3, 4, 5)])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_patches_lose_nothing_and_add_zeros(shape, size):
    x = 1 + torch.rand(2, *shape)
    found = patches(x, sizes=[size] * (len(shape) - 1))
    n_patches = math.prod(math.ceil(length / size) for length in shape[1:])
    assert found.shape == (2, n_patches, shape[0] * size ** (len(shape) - 1))
    assert found.count_nonzero() == x.numel()
    torch.testing.assert_close(found.sum(), x.sum())


@pytest.mark.parametrize(("shape", "size"), [((2, 5), 12), ((2, 5, 4), 36), ((2, 3, 4, 5), 108)])
def test_a_stem_is_two_convolutions(shape, size):
    torch.manual_seed(0)
    stem = Stem(2, n_axes=len(shape) - 1, width=4)
    assert stem.second.weight[0].numel() == size
    x = torch.randn(3, *shape)
    expected = stem.second(stem.first(x).relu()).relu()
    torch.testing.assert_close(stem(x), expected)
    assert expected.shape == (3, 4, *shape[1:])


def test_a_patch_is_no_longer_than_the_shortest_axis(design):
    clips = replace(design, form="numbers", input_shape=[3, 4, 32, 32], patch_size=8)
    assert clips.patch_sizes == (4, 8, 8)
    assert clips.grid == (1, 4, 4)
    # nothing is padded: all numbers of a clip, once, and no others
    clip = 1 + torch.rand(1, 3, 4, 32, 32)
    found = patches(clip, sizes=clips.patch_sizes)
    assert found.shape == (1, 16, 3 * 4 * 8 * 8)
    assert torch.equal(found.flatten().sort().values, clip.flatten().sort().values)
    assert Patches(clips).linear.in_features == 3 * 4 * 8 * 8


def test_symbols_start_with_unit_size_and_padding_is_zero():
    torch.manual_seed(0)
    symbols = Symbols(40, width=64)
    torch.nn.init.normal_(symbols.table.weight, std=1 / 8)
    vectors = symbols(torch.arange(1, 40)[None])
    assert vectors.std().item() == pytest.approx(1.0, rel=0.05)
    assert Symbols(40, width=64)(torch.tensor([[PADDING]])).count_nonzero() == 0
