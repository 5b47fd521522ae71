"""Does a perceptron of another shape compute what the one did whose weights it has?"""

from __future__ import annotations

import pytest
import torch

from raysearch.models.mlp.module import MLP
from tests.unit.models.grown import IMAGES, check, difference, grown, trained

BASE = {"input_shape": [1, 8, 8], "n_outputs": 4, "width": 8, "depth": 2}

PRESERVED = [
    ({}, {"width": 13}),
    ({}, {"width": 16, "depth": 4}),
    ({}, {"dropout": 0.5, "learning_rate": 0.1}),
    ({"normalization": "none"}, {"width": 13, "depth": 3}),
    ({"normalization": "layer", "activation": "gelu"}, {"width": 16}),
    ({"activation": "gelu"}, {"width": 13}),
    ({"activation": "gelu"}, {"connections": "dense"}),
    ({"connections": "residual", "activation": "silu"}, {"width": 13, "depth": 4}),
    ({"connections": "residual", "normalization": "layer"}, {"width": 24, "depth": 3}),
    ({"connections": "dense", "activation": "elu"}, {"width": 13, "depth": 4}),
    ({"depth": 1}, {"connections": "residual", "depth": 2}),
]

LOST = [
    ({}, {"width": 4}, "4 of 8 channels are left"),
    ({}, {"depth": 1}, "depth is 1 instead of 2"),
    ({}, {"activation": "gelu"}, "activation is gelu instead of relu"),
    ({}, {"normalization": "none"}, "normalization is none instead of batch"),
    ({}, {"connections": "residual"}, "connections is residual instead of plain"),
    ({"connections": "dense"}, {"connections": "plain"}, "8 of 16 channels are left"),
    ({"activation": "gelu"}, {"depth": 3}, "hands on with relu alone"),
    ({"normalization": "layer"}, {"depth": 3}, "without layer normalisation"),
    ({"normalization": "layer"}, {"width": 13}, "a normalisation is over 13 channels instead of 8"),
]


@pytest.mark.parametrize(("base", "change"), PRESERVED)
def test_what_is_computed_is_kept(base, change):
    check(MLP, {**BASE, **base}, change, is_preserved=True)


@pytest.mark.parametrize(("base", "change", "why"), LOST)
def test_what_cannot_be_kept_is_said(base, change, why):
    _, transfer = check(MLP, {**BASE, **base}, change, is_preserved=False)
    assert any(why in told for told in transfer.changes), transfer.changes


def test_larger_embeddings_keep_what_is_computed():
    rows = torch.cat([torch.randn(32, 3), torch.randint(0, 4, (32, 2)).float()], dim=1)
    base = {"input_shape": [5], "n_outputs": 3, "cardinalities": [4, 4], "width": 8}
    check(MLP, base, {"embedding_factor": 3.0}, is_preserved=True, inputs=rows)


def test_a_narrower_network_has_the_first_units():
    old, new = trained(MLP(**BASE)), MLP(**{**BASE, "width": 4})
    transfer = grown(old, new)
    assert torch.equal(new.network.input.weight, old.network.input.weight[:4])
    assert torch.equal(new.network.output.weight, old.network.output.weight[:, :4])
    assert not transfer.preserved


def test_copies_of_a_unit_do_not_stay_equal():
    old = trained(MLP(**{**BASE, "normalization": "none", "dropout": 0.0}))
    new = MLP(**{**BASE, "normalization": "none", "dropout": 0.0, "width": 16})
    grown(old, new)
    assert difference(old, new) < 1e-5
    before = new.network.input.weight
    twin = next(n for n in range(8, 16) if torch.equal(before[n], before[0]))
    (new(IMAGES) - 1).square().mean().backward()
    gradient = new.network.input.weight.grad
    assert not torch.allclose(gradient[0], gradient[twin], rtol=0.01)


def test_a_layer_that_is_added_in_a_chain_hands_on_in_training_too():
    """As far as the moments are right that its normalisation expects."""
    old = trained(MLP(**{**BASE, "dropout": 0.0}), steps=30)
    new = MLP(**{**BASE, "dropout": 0.0, "depth": 3})
    grown(old, new)
    with torch.no_grad():
        one, other = old.train()(IMAGES), new.train()(IMAGES)
    assert (one - other).std() < 0.5 * one.std()
