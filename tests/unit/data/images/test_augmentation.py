from __future__ import annotations

import pytest
import torch

from raysearch.data.images.augmentation import Augmentation, cut_out, mixed, moved, shifted

N = 4000
SHAPES = [(3, 6, 4), (2, 5, 6, 4)]


def images(n, shape=(3, 6, 4)):
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(1))


def drawn(n=N, *, is_classes=True, height=6, width=4, seed=0, **settings):
    torch.manual_seed(seed)
    return Augmentation(**settings).drawn(n, height=height, width=width, is_classes=is_classes)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("flip", "axes"), [("horizontal", [-1]), ("vertical", [-2])])
def test_about_half_are_mirrored_and_the_others_stay(shape, flip, axes):
    before = images(400, shape)
    after = moved(before, drawn(400, flip=flip))
    changed = torch.tensor([not torch.equal(a, b) for a, b in zip(before, after, strict=True)])
    assert 140 < changed.sum() < 260  # 6 standard deviations: 200 +- 60
    assert torch.equal(after[changed], before[changed].flip(axes))


def test_both_mirrors_each_by_itself():
    draws = drawn(flip="both")
    both = (draws.horizontal & draws.vertical).float().mean()
    assert abs(float(both) - 0.25) < 6 * (0.25 * 0.75 / N) ** 0.5


@pytest.mark.parametrize("shape", SHAPES)
def test_each_image_is_shifted_by_its_own_number_of_pixels(shape):
    before = images(3, shape)
    after = shifted(before, down=torch.tensor([0, 2, -1]), right=torch.tensor([0, 0, 3]))
    assert torch.equal(after[0], before[0])
    assert torch.equal(after[1][..., 2:, :], before[1][..., :-2, :])
    assert torch.equal(after[1][..., 0, :], before[1][..., 0, :])  # the border, repeated
    assert torch.equal(after[1][..., 1, :], before[1][..., 0, :])
    assert torch.equal(after[2][..., :-1, 3:], before[2][..., 1:, :1])
    assert torch.equal(after[2][..., -1, 3], before[2][..., -1, 0])


def test_shifts_go_up_to_the_share_in_every_direction():
    draws = drawn(crop=0.25, height=8, width=16)
    assert (draws.down.min(), draws.down.max()) == (-2, 2)
    assert (draws.right.min(), draws.right.max()) == (-4, 4)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_square_is_painted_over_in_the_colour_of_each_channel(shape):
    before = images(2, shape)
    fill = torch.arange(shape[0]) + 5.0
    after = cut_out(before, hole=torch.tensor([[0.5, 0.5], [0.0, 0.0]]), share=0.5, fill=fill)
    is_painted = after != before
    # 6 x 4 pixels, half of both sides: 3 x 2 in the middle, and a quarter of it in the corner
    assert is_painted[0].flatten(0, -3)[0].nonzero()[:, 1].unique().tolist() == [1, 2]
    n_painted = is_painted[0].flatten(0, -3)[0].sum()
    assert n_painted in (4, 6, 8)
    assert is_painted[1].flatten(0, -3)[0].nonzero().max() <= 1
    for channel in range(shape[0]):
        painted = after[0, channel][is_painted[0, channel]]
        assert (painted == fill[channel]).all()


def test_the_smallest_hole_has_a_pixel_and_none_is_drawn_without_one():
    before = torch.ones(200, 1, 8, 8)
    holes = drawn(200, cutout=0.001).hole
    after = cut_out(before, hole=holes, share=0.001, fill=torch.zeros(1))
    assert ((after == 0).flatten(1).sum(1) >= 1).all()
    assert drawn(cutout=0.0).hole is None


@pytest.mark.parametrize(
    ("alpha", "is_classes"), [(0.2, True), (0.4, True), (0.4, False), (4.0, True)]
)
def test_weights_have_the_mean_of_their_distribution(alpha, is_classes):
    weights = drawn(mixup=alpha, is_classes=is_classes).weight
    mean = (alpha + 1) / (2 * alpha + 1) if is_classes else 0.5
    assert abs(float(weights.mean()) - mean) < 6 * 0.5 / N**0.5
    assert 0 <= weights.min() <= weights.max() <= 1


def test_mixing_keeps_the_expected_loss_of_published_mixup():
    """The mean of w(y) with one label is that of both labels, weighted (Huszár 2017).

    Checked for losses that are linear in the target, of any function of the mixed input. A false
    alarm is rarer than once in 10 million: 5.5 standard deviations.
    """
    n, alpha = 200_000, 0.4
    torch.manual_seed(0)
    inputs, labels = torch.randn(n), torch.randint(2, (n,))
    inputs = inputs + labels

    def loss(mixed_inputs, wanted):
        return torch.nn.functional.softplus(torch.where(wanted == 1, -1.0, 1.0) * mixed_inputs)

    own = drawn(n, mixup=alpha, is_classes=True).weight
    kept = loss(mixed(inputs, own), labels)
    both = drawn(n, mixup=alpha, is_classes=False, seed=1).weight
    mixture = mixed(inputs, both)
    published = both * loss(mixture, labels) + (1 - both) * loss(mixture, labels.roll(1))
    spread = float((kept.var() / n + published.var() / n) ** 0.5)
    assert abs(float(kept.mean() - published.mean())) < 5.5 * spread
    unmixed = loss(inputs, labels).mean()
    assert abs(float(unmixed - published.mean())) > 20 * spread  # the test can tell


def test_tiny_alphas_and_batches_of_one_are_finite():
    weights = drawn(100, mixup=1e-6).weight
    assert weights.isfinite().all()
    one = images(1)
    torch.testing.assert_close(mixed(one, torch.tensor([0.3])), one)


def test_nothing_is_drawn_for_what_is_not_varied():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    Augmentation().drawn(N, height=8, width=8, is_classes=True)
    assert torch.equal(torch.get_rng_state(), before)
