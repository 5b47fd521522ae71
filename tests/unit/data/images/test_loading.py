from __future__ import annotations

import pytest
import torch

from raysearch.data.images.augmentation import Augmentation
from raysearch.data.images.loading import ImageLoader
from raysearch.data.images.preprocessing import PixelScale

UNIT = PixelScale(mean=(0.25, 0.5), center=(0.0, 0.0), spread=(1.0, 1.0))
ALL = Augmentation(flip="both", crop=0.25, cutout=0.5, mixup=0.3)


def loader(*, n=11, targets=None, scale=UNIT, shape=(2, 6, 4), **settings):
    """Return a loader of every second of some images, image i of which has the pixels 10 i."""
    values = torch.arange(2 * n, dtype=torch.uint8) * 10
    pixels = values.reshape(-1, *[1] * len(shape)).expand(-1, *shape).contiguous()
    targets = torch.arange(n) if targets is None else targets
    rows = torch.arange(n) * 2
    return ImageLoader(pixels, targets, rows=rows, scale=scale, **settings)


def passed(loader):
    batches = list(loader)
    return torch.cat([b[0] for b in batches]), torch.cat([b[1] for b in batches])


def test_without_augmentation_all_come_in_their_order():
    found = loader(batch_size=4)
    assert len(found) == len(list(found)) == 3
    inputs, targets = passed(found)
    assert inputs.dtype == torch.float32
    assert targets.tolist() == list(range(11))
    assert torch.allclose(inputs[:, 0, 0, 0], torch.arange(11) * 20 / 255)


def test_a_single_left_over_example_joins_the_batch_before():
    assert [len(batch[0]) for batch in loader(n=9, batch_size=4)] == [4, 5]


def test_standardised_pixels_are_those_of_the_scale():
    scale = PixelScale(mean=(0.25, 0.5), center=(0.25, 0.5), spread=(0.5, 2.0))
    inputs, _ = passed(loader(scale=scale, batch_size=4))
    torch.testing.assert_close(inputs[1, 0], torch.full((6, 4), (20 / 255 - 0.25) / 0.5))
    torch.testing.assert_close(inputs[1, 1], torch.full((6, 4), (20 / 255 - 0.5) / 2.0))


@pytest.mark.parametrize("shape", [(2, 6, 4), (2, 3, 6, 4)])
def test_training_is_shuffled_varied_and_governed_by_torchs_seed(shape):
    varied = loader(shape=shape, batch_size=4, augmentation=ALL)
    torch.manual_seed(3)
    first = passed(varied)
    second = passed(varied)
    torch.manual_seed(3)
    again = passed(varied)
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[0], second[0])
    assert sorted(first[1].tolist()) == list(range(11))


def test_draws_between_batches_change_nothing():
    varied = loader(batch_size=4, augmentation=ALL)
    torch.manual_seed(3)
    undisturbed = passed(varied)
    torch.manual_seed(3)
    disturbed = []
    for batch in varied:
        disturbed.append(batch)
        torch.rand(7)
    assert torch.equal(undisturbed[0], torch.cat([batch[0] for batch in disturbed]))


def test_nothing_is_drawn_before_the_first_batch_is_asked_for():
    varied = loader(batch_size=4, augmentation=ALL)
    torch.manual_seed(3)
    expected = passed(varied)
    torch.manual_seed(7)
    waiting = iter(varied)
    torch.manual_seed(3)
    assert torch.equal(torch.cat([batch[0] for batch in waiting]), expected[0])


def test_mixed_classes_keep_a_label_and_mixed_numbers_do_not():
    mixing = Augmentation(mixup=1.0)
    torch.manual_seed(0)
    _, labels = passed(loader(batch_size=11, augmentation=mixing))
    assert sorted(labels.tolist()) == list(range(11))
    numbers = torch.arange(11.0)[:, None]
    inputs, targets = passed(loader(targets=numbers, batch_size=11, augmentation=mixing))
    # pixels are 20 times the target, so they still are when both are mixed alike
    torch.testing.assert_close(inputs[:, :1, 0, 0], targets * 20 / 255)
    assert (targets.frac().abs() > 1e-3).any()


def test_holes_have_the_mean_colour():
    torch.manual_seed(0)
    varied = loader(n=9, batch_size=9, augmentation=Augmentation(cutout=0.5))
    inputs, targets = passed(varied)
    own = (targets * 20 / 255).reshape(-1, 1, 1, 1)
    is_hole = ~torch.isclose(inputs, own.expand(inputs.shape))
    assert is_hole.any()
    for channel, mean in enumerate(UNIT.mean):
        found = inputs[:, channel][is_hole[:, channel]]
        assert torch.isclose(found, torch.tensor(mean)).all()


def test_batches_of_evaluation_are_as_large_as_memory_allows():
    assert loader().batch_size == 1024
    assert loader(shape=(2, 1000, 1000), n=2).batch_size == 32
