"""Is the bound one, do its parts add up, and what do the pictures show?"""

from __future__ import annotations

import itertools
import math

import pytest
import pytorch_lightning as pl
import torch
from torch.distributions import Normal, kl_divergence

from raysearch.data.loaders import TensorLoader
from raysearch.errors import ConfigurationError
from raysearch.init_from import InitFrom
from raysearch.models.vae.module import VAE
from raysearch.training.old_weights import take
from tests.nets import make_job

pytestmark = pytest.mark.filterwarnings(
    "ignore:`isinstance.treespec, LeafSpec:FutureWarning"  # Lightning's own, about torch
)

ARCHITECTURES = ["convolutional", "dense"]


def vae(shape=(1, 3, 3), *, n_levels=3, **settings):
    torch.manual_seed(0)
    module = VAE(
        input_shape=shape,
        n_outputs=n_levels,
        **{"latent_size": 2, "width": 8, "dropout": 0.0, **settings},
    ).eval()
    for parameter in module.parameters():  # far from where it starts
        parameter.data.add_(0.1 * torch.randn_like(parameter))
    return module


def images(shape=(1, 3, 3), *, n=6, n_levels=3):
    generator = torch.Generator().manual_seed(2)
    return torch.randint(n_levels, (n, *shape), generator=generator) / (n_levels - 1)


def bound_of(module, x, *, n_draws=400):
    """Return the most that the bound's mean can be, by many draws of the latent variables.

    4 standard deviations above: six images are wrong once in five thousand seeds.
    """
    bounds = module(x.repeat(n_draws, 1, 1, 1)).view(n_draws, len(x))
    return bounds.mean(0) + 4 * bounds.std(0) / math.sqrt(n_draws)


def integrated(module, x):
    """Return -ln P(x) of a model with one latent variable, by integration over it."""
    points = torch.linspace(-8, 8, 1601)
    outputs = module.network.decode(points[:, None])
    rows = (row.expand(len(points), *row.shape) for row in x)
    each = torch.stack([module.network.likelihood.nats(outputs, row) for row in rows])
    joint = Normal(0, 1).log_prob(points) - each
    return -(joint.logsumexp(1) + math.log(points[1] - points[0]))


@pytest.mark.parametrize("likelihood", ["categorical", "logistic_mixture", "gaussian", "bernoulli"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_bound_is_above_an_importance_sampled_estimate(architecture, likelihood):
    module = vae(architecture=architecture, likelihood=likelihood)
    x = images()
    with torch.no_grad():
        bound = bound_of(module, x)
        estimate = module.network.importance_nats(x, n_draws=200)
    assert (bound > estimate).all()


def test_the_estimate_comes_near_the_likelihood_and_the_bound_stays_above():
    module, x = vae(latent_size=1, architecture="dense"), images()
    with torch.no_grad():
        exact = integrated(module, x)
        estimate = module.network.importance_nats(x, n_draws=5000)
        bound = bound_of(module, x)
        rough = module.network.importance_nats(x.repeat(200, 1, 1, 1), n_draws=2)
    torch.testing.assert_close(estimate, exact, rtol=0, atol=0.1)
    assert (bound > exact).all()
    # the fewer draws, the higher, but below the bound, which has one
    assert exact.mean() < rough.mean() < bound.mean()


def test_probabilities_of_all_images_sum_to_one():
    module = vae((1, 2, 2), n_levels=2, latent_size=1, stages=1)
    x = torch.tensor(list(itertools.product([0.0, 1.0], repeat=4))).view(-1, 1, 2, 2)
    with torch.no_grad():
        probabilities = integrated(module, x).neg().exp()
    assert probabilities.sum().item() == pytest.approx(1, abs=1e-3)


def test_the_divergence_is_torchs():
    module, x = vae(), images()
    mean, log_std = module.network.encode(x)
    expected = kl_divergence(Normal(mean, log_std.exp()), Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(module.network(x)[1], expected)


def test_parts_are_logged_and_add_up():
    module, x = vae(beta=3.0), images()
    module.on_validation_epoch_start()
    module.validation_step((x, x), 0)
    found = {name: value.item() for name, value in module.val_scores.compute().items()}
    assert found["reconstruction"] + found["kl"] == pytest.approx(found["loss"], rel=1e-5)
    assert found["bits_per_dim"] == pytest.approx(found["loss"] / math.log(2), rel=1e-5)
    assert min(found.values()) > 0


def loss(module, x):
    torch.manual_seed(5)
    return module.training_loss((x, x)).item()


def test_beta_weighs_the_divergence_in_training_alone():
    x = images()
    one, two = (vae(beta=beta, beta_warmup=0) for beta in (1.0, 2.0))
    torch.manual_seed(5)
    _, divergence = one.network(x)
    gained = loss(two, x) - loss(one, x)
    assert gained == pytest.approx(divergence.mean().item() / 9, rel=1e-3)
    with torch.no_grad():
        torch.manual_seed(5)
        before = one(x)
        torch.manual_seed(5)
        assert torch.equal(before, two(x))


def weights_of_steps(module, x, *, n_epochs, **settings):
    """Return the weight of the divergence in each step of a fit, and its trainer."""
    seen = []

    class Look(pl.Callback):
        def on_before_backward(self, trainer, model, loss):
            seen.append(round(model.kl_weight.item(), 6))

    trainer = pl.Trainer(
        max_epochs=n_epochs, accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, callbacks=[Look()], **settings,
    )  # fmt: skip
    loaders = TensorLoader(x, x, batch_size=3), TensorLoader(x, x, batch_size=6)
    trainer.fit(module.train(), *loaders)
    return seen, trainer


def test_the_weight_rises_over_a_share_of_all_steps_and_is_kept_with_the_model(tmp_path):
    module, x = vae(beta=2.0, beta_warmup=0.5), images()
    assert module.kl_weight.item() == 2.0  # what is measured before training
    seen, trainer = weights_of_steps(module, x, n_epochs=4)
    assert seen == [0.5, 1.0, 1.5, 2.0, 2.0, 2.0, 2.0, 2.0]
    # the same for another number of epochs, and none where there is no warm-up
    assert weights_of_steps(vae(beta=2.0, beta_warmup=0.5), x, n_epochs=2)[0] == [1, 2, 2, 2]
    assert weights_of_steps(vae(beta=2.0, beta_warmup=0.0), x, n_epochs=1)[0] == [2, 2]
    module.kl_weight.fill_(0.25)  # as in the middle of a fit
    trainer.save_checkpoint(tmp_path / "vae.ckpt")
    assert VAE.load_from_checkpoint(tmp_path / "vae.ckpt").kl_weight.item() == 0.25
    checkpoint = torch.load(tmp_path / "vae.ckpt", weights_only=True)
    assert not any("kl_weight" in key for key in checkpoint["state_dict"])


def test_a_warm_up_of_a_fit_without_an_end_is_refused():
    module = vae(beta_warmup=0.5, schedule="constant")
    with pytest.raises(ConfigurationError, match=r"beta_warmup is 0.5. .* or beta_warmup to 0"):
        weights_of_steps(module, images(), n_epochs=-1)


def test_a_checkpoint_that_does_not_fit_is_refused(tmp_path):
    old, new = vae((1, 4, 4), width=4), vae((1, 3, 3), width=5)
    torch.save({"state_dict": old.state_dict()}, tmp_path / "old.ckpt")
    start = InitFrom(checkpoint=str(tmp_path / "old.ckpt"), part="all")
    with pytest.raises(ConfigurationError, match=r"no layer of its part all fits"):
        take(new, job=make_job(tmp_path / "trial"), start=start)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 5, 7), (2, 1, 1)])
def test_shapes_of_what_is_drawn(architecture, shape):
    module = vae(shape, architecture=architecture, n_levels=4, latent_size=3)
    x = images(shape, n_levels=4)
    assert module.encode(x).shape == (6, 3)
    assert module.reconstruct(x).shape == x.shape
    drawn = module.sample(5)
    assert drawn.shape == (5, *shape)
    assert torch.equal(drawn * 3, (drawn * 3).round())


def test_a_traversal_changes_one_latent_variable():
    module, seen = vae(latent_size=3), []
    decode = module.decode
    module.decode = lambda z: seen.append(z) or decode(z)
    path = module.traverse(torch.tensor([0.1, 0.2, 0.3]), latent=1, n_steps=5)
    assert path.shape == (5, 1, 3, 3)
    assert seen[0][:, 1].tolist() == [-2.5, -1.25, 0, 1.25, 2.5]
    assert seen[0][:, [0, 2]].unique(dim=0).tolist() == [[pytest.approx(0.1), pytest.approx(0.3)]]


def test_it_learns_to_reconstruct():
    """Four images, told apart by what the latent variables say."""
    module = vae((1, 4, 4), n_levels=2, beta=0.1, beta_warmup=0, architecture="dense", width=32)
    x = images((1, 4, 4), n=4, n_levels=2)
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    for _ in range(200):
        optimizer.zero_grad()
        module.training_loss((x.repeat(8, 1, 1, 1), None)).backward()
        optimizer.step()
    assert (module.reconstruct(x) - x).abs().max() < 0.2


def test_pictures_show_samples_reconstructions_and_traversals():
    module, x = vae((1, 8, 8), n_levels=17), images((1, 8, 8), n=30, n_levels=17)
    pictures = module.pictures(x)
    assert set(pictures) == {"samples", "reconstructions", "traversals"}
    for picture in pictures.values():
        assert picture.shape[0] == 1
        assert 0 <= picture.min() <= picture.max() <= 1
    # 24 pairs in rows of four, and both latent variables in rows of eight steps
    assert pictures["reconstructions"].shape == (1, 6 * 50 - 2, 8 * 50 - 2)
    assert pictures["traversals"].shape == (1, 2 * 50 - 2, 8 * 50 - 2)
    enlarged = x[0, 0].repeat_interleave(6, 0).repeat_interleave(6, 1)
    assert torch.equal(pictures["reconstructions"][0, :48, :48], enlarged)
