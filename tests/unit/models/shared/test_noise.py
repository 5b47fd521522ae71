"""Does each example of a split meet noise of its own, whatever the batches?"""

from __future__ import annotations

import pytest
import torch

from raysearch.models.shared.noise import ExampleNoise, normal_like, places, uniform_like

DRAWS = [uniform_like, normal_like]


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("shape", [(1,), (3, 5)])
def test_noise_follows_from_the_number_of_an_example_and_not_from_its_batch(draw, shape):
    x = torch.zeros(7, *shape, dtype=torch.float64)

    def drawn(*cuts):
        noises = [(ExampleNoise(first=a, n=b - a), x[a:b]) for a, b in cuts]
        # twice for each batch, as the steps of a diffusion model
        return [torch.cat([draw(part, noise) for noise, part in noises]) for _ in range(2)]

    whole, parts = drawn((0, 7)), drawn((0, 2), (2, 3), (3, 7))
    assert all(map(torch.equal, whole, parts))
    assert whole[0].dtype == torch.float64
    rows = torch.cat(whole).flatten(1)
    assert len(rows.unique(dim=0)) == 14  # another one for every example and every draw


@pytest.mark.parametrize("draw", DRAWS)
def test_noise_of_examples_leaves_the_default_generator_alone_which_training_uses(draw):
    before = torch.get_rng_state()
    noise = draw(torch.zeros(5, 2), ExampleNoise(first=0, n=5))
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(draw(noise), draw(noise))


def test_noise_of_examples_has_the_distribution_that_it_should():
    x = torch.zeros(400, 50)
    n = x.numel()
    normal = normal_like(x, ExampleNoise(first=0, n=400))
    uniform = uniform_like(x, ExampleNoise(first=0, n=400))
    # 5 standard deviations of means and of a second moment: wrong once in half a million seeds
    assert abs(normal.mean().item()) < 5 / n**0.5
    assert normal.square().mean().item() == pytest.approx(1, abs=5 * (2 / n) ** 0.5)
    assert uniform.mean().item() == pytest.approx(0.5, abs=5 / (12 * n) ** 0.5)
    # between neighbours in number, which have neighbouring seeds
    assert abs((normal[1:] * normal[:-1]).mean().item()) < 5 / n**0.5


def test_places_go_on_from_batch_to_batch_and_are_spread_evenly():
    whole = places(100, ExampleNoise(first=0, n=100))
    later = places(40, ExampleNoise(first=60, n=40))
    assert torch.equal(whole[60:], later)
    assert torch.equal(places(100), whole)
    for part in (whole, later):
        gaps = part.sort().values.diff()
        assert gaps.max() < 3 / len(part)
