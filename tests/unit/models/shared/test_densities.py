from __future__ import annotations

import itertools
import math

import pytest
import torch

from raysearch.errors import ConfigurationError
from raysearch.models.metrics import LOGGED
from raysearch.models.shared.densities import (
    DensityScores,
    PixelCategorical,
    bits_per_dim,
    levels_of,
    values_of,
)


@pytest.mark.parametrize("n_levels", [2, 17, 256])
def test_values_and_levels_are_each_others_inverse(n_levels):
    levels = torch.arange(n_levels)
    assert torch.equal(levels_of(values_of(levels, n_levels), n_levels), levels)
    assert values_of(levels, n_levels)[[0, -1]].tolist() == [0, 1]


def test_what_is_no_level_is_taken_for_one_within_range():
    levels = levels_of(torch.tensor([-3.0, 0.2, 9.0, math.nan]), 3)
    assert levels[:3].tolist() == [0, 0, 2]
    assert 0 <= levels[3] <= 2


def test_scores_are_the_mean_over_all_examples_of_all_batches():
    nats = torch.tensor([1.0, 2.0, 6.0])
    scores = DensityScores(n_dims=4, parts=("kl",))
    scores.update(nats[:1], nats[:1] / 2)
    scores.update(nats[1:], nats[1:] / 2)
    found = {name: value.item() for name, value in scores.compute().items()}
    assert found["loss"] == pytest.approx(3 / 4)
    assert found["kl"] == pytest.approx(3 / 8)
    assert found["bits_per_dim"] == pytest.approx(bits_per_dim(nats, n_dims=4).mean().item())
    assert set(found) == {*LOGGED["density"], "kl"}
    scores.reset()
    scores.update(nats[:1], nats[:1])
    assert scores.compute()["loss"].item() == pytest.approx(1 / 4)


def test_the_uniform_density_needs_the_logarithm_of_the_levels():
    nats = torch.tensor(64 * math.log(17))
    assert bits_per_dim(nats, n_dims=64).item() == pytest.approx(math.log2(17))


def test_the_baselines_probabilities_sum_to_one_over_all_images():
    generator = torch.Generator().manual_seed(0)
    seen = torch.randint(3, (9, 1, 2, 2), generator=generator) / 2
    baseline = PixelCategorical(seen, n_levels=3, smoothing=0.3)
    images = torch.tensor(list(itertools.product([0.0, 0.5, 1.0], repeat=4))).view(-1, 1, 2, 2)
    assert baseline.nats(images).neg().exp().sum().item() == pytest.approx(1, abs=1e-5)


def test_the_baseline_tells_what_was_seen_at_each_pixel():
    seen = torch.tensor([[0.0, 1.0], [0.0, 1.0], [0.0, 0.0]]).view(3, 1, 1, 2)
    nats = PixelCategorical(seen, n_levels=2, smoothing=1.0).nats(seen[:1])
    assert nats.neg().exp().item() == pytest.approx((4 / 5) * (3 / 5))


def test_the_baseline_takes_images_on_another_device():
    baseline = PixelCategorical(torch.zeros(2, 1, 1, 2), n_levels=2, smoothing=1.0)
    assert baseline.nats(torch.zeros(3, 1, 1, 2, device="meta")).device.type == "meta"


@pytest.mark.parametrize("smoothing", [0.0, -1.0, math.nan])
def test_a_baseline_without_smoothing_is_refused(smoothing):
    with pytest.raises(ConfigurationError, match=f"smoothing is {smoothing}. It must be a number"):
        PixelCategorical(torch.zeros(2, 1, 1, 1), n_levels=2, smoothing=smoothing)
