"""Do copies of channels stand where they are wanted, and are they read as one was?"""

from __future__ import annotations

import pytest
import torch
from torch import nn

from raysearch.models.shared.growing.identities import rectified, silence
from raysearch.models.shared.growing.spreads import (
    NEW,
    Spread,
    anew,
    joined,
    keeps_groups,
    kept,
    widened,
    widened_in_groups,
)
from raysearch.models.shared.growing.transfer import Transfer


@pytest.mark.parametrize(("n_old", "n_new"), [(1, 5), (3, 4), (4, 13), (5, 5)])
def test_each_channel_is_there_as_often_as_any_other(n_old, n_new):
    spread = widened(n_old, n_new)
    assert spread.is_whole
    assert spread.n_new == n_new
    assert spread.copies.max() - spread.copies.min() <= 1
    assert spread.origin[:n_old].tolist() == list(range(n_old))


def test_shares_of_copies_sum_to_one_and_differ():
    spread = joined(widened(3, 8), anew(2))
    shares = spread.shares(5)
    for channel in range(3):
        there = spread.origin == channel
        assert torch.allclose(shares[:, there].sum(1), torch.ones(5))
        assert shares[:, there].min() > 0
        if there.sum() > 1:
            assert shares[:, there].std(1).min() > 0
    assert torch.all(shares[:, spread.origin == NEW] == 1)


def test_groups_are_kept_where_sizes_allow_it():
    spread = widened_in_groups(8, 24, old_groups=8, new_groups=8)
    assert keeps_groups(spread, old_groups=8, new_groups=8)
    assert not keeps_groups(widened(8, 12), old_groups=8, new_groups=4)
    assert not keeps_groups(joined(kept(4), anew(4)), old_groups=4, new_groups=8)


def test_a_kernel_stands_in_the_middle_of_a_larger_one():
    old, new = nn.Conv1d(2, 3, 3, padding=1), nn.Conv1d(2, 3, 7, padding=3)
    pair = nn.ModuleDict({"old": old}), nn.ModuleDict({"new": new})
    transfer = Transfer(*pair)
    transfer.linear(old, new, inputs=kept(2), outputs=kept(3))
    assert torch.equal(new.weight[..., 2:5], old.weight)
    assert torch.all(new.weight[..., :2] == 0)
    x = torch.randn(4, 2, 9)
    torch.testing.assert_close(new(x), old(x))
    assert transfer.preserved.keys() == {"new"}
    assert not transfer.changes


def test_outputs_that_are_new_keep_their_own_weights():
    old, new = nn.Linear(2, 2), nn.Linear(3, 3)
    own = new.weight.detach().clone()
    transfer = Transfer(nn.ModuleDict({"a": old}), nn.ModuleDict({"a": new}))
    transfer.linear(
        old,
        new,
        inputs=joined(kept(2), anew(1)),
        outputs=Spread(torch.tensor([1, NEW, 0]), n_old=2),
    )
    assert torch.equal(new.weight[1], own[1])
    assert torch.equal(new.weight[0, :2], old.weight[1])
    assert new.weight[0, 2] == 0


def test_moments_of_what_relu_makes_of_a_normal_variable():
    norm = nn.BatchNorm1d(3)
    norm.weight.data = torch.tensor([1.0, 2.0, 0.5])
    norm.bias.data = torch.tensor([0.0, -1.0, 3.0])
    found = rectified(norm)
    drawn = torch.relu(norm.bias + norm.weight * torch.randn(200_000, 3))
    # standard errors below 0.005; five of them
    torch.testing.assert_close(found.mean, drawn.mean(0), atol=0.025, rtol=0)
    torch.testing.assert_close(found.variance, drawn.var(0), atol=0.05, rtol=0)


@pytest.mark.parametrize("norm", [nn.BatchNorm1d(3), nn.Identity()])
def test_what_is_silent_gives_zeros_and_learns_at_once(norm):
    layer = nn.Linear(2, 3)
    silence(layer, norm)
    given = norm(layer(torch.randn(8, 2)))
    assert torch.all(given == 0)
    (given - 1).square().mean().backward()
    learning = norm.weight if isinstance(norm, nn.BatchNorm1d) else layer.weight
    assert learning.grad.abs().max() > 0
