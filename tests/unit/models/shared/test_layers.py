from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from raysearch.data_spec import DataSpec
from raysearch.models.cnn.space import legal_domains as cnn_domains
from raysearch.models.mlp.space import legal_domains as mlp_domains
from raysearch.models.shared.layers import (
    ACTIVATIONS,
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    activation,
    image_norm,
    initialize,
    shrink_branches,
    vector_norm,
)

IMAGES = DataSpec(task="classification", input_shape=(1, 8, 8), n_outputs=3, n_train=10)


@pytest.mark.parametrize("domains", [cnn_domains, mlp_domains])
def test_every_legal_activation_exists_and_no_other(domains):
    assert set(domains(IMAGES)["activation"].grid()) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_keep_zero_and_shape(name):
    x = torch.zeros(2, 3)
    assert torch.equal(activation(name)(x), x)


@pytest.mark.parametrize("name", ["batch", "layer"])
def test_vectors_are_normalised_over_examples_or_units(name):
    x = 5 + 3 * torch.randn(64, 32)
    y = vector_norm(name, 32)(x)
    axis = 0 if name == "batch" else 1
    torch.testing.assert_close(y.mean(axis), torch.zeros(y.shape[1 - axis]), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        y.var(axis, correction=0), torch.ones(y.shape[1 - axis]), atol=1e-3, rtol=0
    )


@pytest.mark.parametrize(("channels", "groups"), [(16, 8), (12, 4), (7, 1), (1, 1)])
def test_groups_divide_the_channels(channels, groups):
    norm = image_norm("group", channels)
    assert norm.num_groups == groups
    assert norm(torch.randn(2, channels, 3, 3)).shape == (2, channels, 3, 3)


@pytest.mark.parametrize("name", ["batch", "group", "none"])
@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_series_images_and_clips_are_normalised_alike(name, n_axes):
    x = torch.randn(2, 8, 12)
    shape = (2, 8, *[1] * (n_axes - 1), 12)
    norm = image_norm(name, 8, n_axes=n_axes)
    torch.testing.assert_close(
        norm(x.reshape(shape)).reshape(x.shape), image_norm(name, 8, n_axes=1)(x)
    )


def test_without_normalisation_nothing_changes():
    x = torch.randn(2, 3, 4, 4)
    assert image_norm("none", 3)(x) is x
    assert vector_norm("none", 3)(x) is x


@pytest.mark.parametrize(
    ("ours", "pytorchs", "shape"),
    [
        (BatchNorm1d, nn.BatchNorm1d, (6, 4)),
        (BatchNorm1d, nn.BatchNorm1d, (1, 4, 3)),
        (BatchNorm2d, nn.BatchNorm2d, (6, 4, 3, 3)),
        (BatchNorm2d, nn.BatchNorm2d, (1, 4, 3, 3)),
        (BatchNorm3d, nn.BatchNorm3d, (2, 4, 3, 3, 2)),
    ],
)
def test_batch_normalisation_is_pytorchs(ours, pytorchs, shape):
    mine, reference, x = ours(4), pytorchs(4), torch.randn(shape)
    for _ in range(2):
        assert torch.equal(mine(x), reference(x))
    assert all(map(torch.equal, mine.buffers(), reference.buffers()))
    assert torch.equal(mine.eval()(x), reference.eval()(x))


@pytest.mark.parametrize(
    ("norm", "shape"),
    [
        (BatchNorm1d(4), (1, 4)),
        (BatchNorm1d(4), (1, 4, 1)),
        (BatchNorm2d(4), (1, 4, 1, 1)),
        (BatchNorm3d(4), (1, 4, 1, 1, 1)),
    ],
)
def test_a_single_value_per_channel_is_normalised_by_running_statistics(norm, shape):
    norm.running_mean.fill_(2.0)
    norm.running_var.fill_(4.0)
    before = [buffer.clone() for buffer in norm.buffers()]
    y = norm.train()(torch.full(shape, 6.0))
    torch.testing.assert_close(y, torch.full(shape, 2.0))
    assert all(map(torch.equal, norm.buffers(), before))


def test_weights_start_with_hes_variance_and_the_output_with_half_of_it():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(16, 64, 3), nn.Flatten(), nn.Linear(400, 300))
    initialize(network, output=network[2])
    # The standard deviation of n normal weights is off by 1 / sqrt(2 n) of itself: here at most
    # 0.8 %, so that 4 % are five standard deviations. The seed is fixed: no false alarms.
    assert network[0].weight.std().item() == pytest.approx(math.sqrt(2 / (16 * 9)), rel=0.04)
    assert network[2].weight.std().item() == pytest.approx(math.sqrt(1 / 400), rel=0.04)
    assert not network[0].bias.any()
    assert not network[2].bias.any()


def test_branches_shrink_in_their_last_weights_only():
    branches = [nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2)) for _ in range(4)]
    branches.append(nn.Sequential(nn.Linear(2, 2, bias=False)))
    before = [branch[0].weight.detach().clone() for branch in branches]
    shrink_branches(branches)
    for branch, weight in zip(branches[:4], before, strict=False):
        torch.testing.assert_close(branch[1].weight.detach(), torch.ones(2) / math.sqrt(5))
        assert torch.equal(branch[0].weight, weight)
    torch.testing.assert_close(branches[4][0].weight.detach(), before[4] / math.sqrt(5))
