from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from raysearch.models.shared.spatial import (
    Kernel,
    convolution,
    global_pooling,
    halving_pool,
    same_size_pool,
)

AXES = {1: (7,), 2: (7, 4), 3: (3, 7, 4)}


def example(n_axes):
    torch.manual_seed(0)
    return torch.randn(2, 6, *AXES[n_axes])


@pytest.mark.parametrize("n_axes", AXES)
@pytest.mark.parametrize("kernel_size", [1, 3, 5])
@pytest.mark.parametrize("dilation", [1, 2])
def test_convolutions_keep_the_size_or_halve_it_rounding_up(n_axes, kernel_size, dilation):
    x = example(n_axes)
    for stride, shape in ((1, AXES[n_axes]), (2, tuple((n + 1) // 2 for n in AXES[n_axes]))):
        kernel = Kernel(kernel_size, stride=stride, dilation=dilation)
        assert convolution(6, 4, kernel, n_axes=n_axes)(x).shape == (2, 4, *shape)


@pytest.mark.parametrize("n_axes", AXES)
@pytest.mark.parametrize("name", ["max", "average"])
def test_pools_halve_rounding_up_or_keep_the_size(n_axes, name):
    x = example(n_axes)
    half = tuple((n + 1) // 2 for n in AXES[n_axes])
    assert halving_pool(name, n_axes=n_axes)(x).shape == (2, 6, *half)
    assert same_size_pool(name, n_axes=n_axes)(x).shape == x.shape


@pytest.mark.parametrize("name", ["max", "average"])
@pytest.mark.parametrize("n_axes", AXES)
def test_a_single_value_is_pooled_to_itself(name, n_axes):
    x = torch.randn(2, 6, *[1] * n_axes)
    torch.testing.assert_close(halving_pool(name, n_axes=n_axes)(x), x)
    torch.testing.assert_close(same_size_pool(name, n_axes=n_axes)(x), x)


@pytest.mark.parametrize("n_axes", AXES)
def test_average_pools_do_not_count_the_padding(n_axes):
    ones = torch.ones(1, 2, *AXES[n_axes])
    for pool in (halving_pool("average", n_axes=n_axes), same_size_pool("average", n_axes=n_axes)):
        torch.testing.assert_close(pool(ones), torch.ones_like(pool(ones)))


@pytest.mark.parametrize(("name", "pool"), [("average", torch.mean), ("max", torch.amax)])
@pytest.mark.parametrize("n_axes", AXES)
def test_global_pooling_is_over_all_axes(name, pool, n_axes):
    x = example(n_axes)
    pooled = global_pooling(name, n_axes=n_axes)(x).flatten(1)
    torch.testing.assert_close(pooled, pool(x, dim=tuple(range(2, 2 + n_axes))))


def test_a_convolution_of_a_series_is_torchs():
    x, kernel = example(1), Kernel(3, dilation=2)
    layer = convolution(6, 6, kernel, n_axes=1, groups=6, bias=False)
    expected = F.conv1d(x, layer.weight, padding=2, dilation=2, groups=6)
    torch.testing.assert_close(layer(x), expected)


@pytest.mark.parametrize("shape", [(3, 7, 4), (5, 3, 3)])
def test_means_of_clips_are_torchs_where_torch_has_them(shape):
    x = torch.randn(2, 6, *shape)
    halved = F.avg_pool3d(x, 2, ceil_mode=True)
    torch.testing.assert_close(halving_pool("average", n_axes=3)(x), halved)
    same = F.avg_pool3d(x, 3, stride=1, padding=1, count_include_pad=False)
    torch.testing.assert_close(same_size_pool("average", n_axes=3)(x), same)
