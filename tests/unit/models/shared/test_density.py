"""Are densities measured on the same noise every time, and drawn in a time that can be borne?"""

from __future__ import annotations

import pytest
import torch

from raysearch.errors import ConfigurationError
from raysearch.models.generative.module import Generative
from raysearch.models.shared.densities import DensityScores
from raysearch.models.vae.module import VAE

IMAGES = {"input_shape": [1, 4, 4], "n_outputs": 5}
SMALL = {"blocks": 1, "width": 6}
MODELS = {
    "diffusion": lambda: Generative(**IMAGES, **SMALL, kind="diffusion", steps=20),
    "flow": lambda: Generative(**IMAGES, **SMALL, kind="flow", couplings=2),
    "vae": lambda: VAE(**IMAGES, **SMALL, latent_size=3),
}


@pytest.fixture(params=MODELS)
def module(request):
    torch.manual_seed(0)
    module = MODELS[request.param]().eval()
    for parameter in module.parameters():  # far from where it starts
        parameter.data.add_(0.1 * torch.randn_like(parameter))
    return module


def measured(module, x, *sizes):
    """Return the bits per dimension of a pass over a split that is cut into batches."""
    module.on_validation_epoch_start()
    for number, part in enumerate(x.split(sizes)):
        module.validation_step((part, part), number)
    return module.val_scores.compute()["bits_per_dim"].item()


@torch.no_grad()
def test_two_passes_meet_the_same_noise_whatever_the_batches(module):
    x = torch.randint(5, (7, 1, 4, 4)) / 4
    first = measured(module, x, 4, 3)
    torch.rand(5)  # what training draws in between
    assert measured(module, x, 4, 3) == first
    for sizes in ((7,), (2, 2, 2, 1)):
        assert measured(module, x, *sizes) == pytest.approx(first, rel=1e-5)
    # as many draws from torch's generator are other ones
    assert module(x).mean().item() / 16 != pytest.approx(first, rel=1e-4)


@torch.no_grad()
def test_batches_of_a_pass_meet_different_noise(module):
    x = torch.full((1, 1, 4, 4), 0.5)
    scores, each = DensityScores(n_dims=16, parts=module.val_scores.parts), []
    for _ in range(3):
        before = scores.nats[0].item()
        module.measure((x, x), scores)
        each.append(scores.nats[0].item() - before)
    assert len({round(nats, 4) for nats in each}) == 3


def test_pictures_that_take_too_long_are_refused_before_they_are_drawn():
    large = Generative(input_shape=[3, 64, 64], n_outputs=256, **SMALL)
    with pytest.raises(ConfigurationError, match=r"take 12,288 passes .* 4,096 .* sample\(n\)"):
        large.pictures(torch.zeros(1, 3, 64, 64))
    flow = Generative(input_shape=[3, 64, 64], n_outputs=256, kind="flow", couplings=1, **SMALL)
    assert set(flow.pictures(torch.zeros(1, 3, 64, 64))) == {"samples"}
