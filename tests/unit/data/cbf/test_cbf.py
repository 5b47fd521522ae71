from __future__ import annotations

import numpy as np
import pytest
import torch

from raysearch.data.cbf.module import PUBLISHED_SEED, Data, drawn, raw_series
from raysearch.data.cbf.space import data_spec, search_space
from raysearch.errors import ConfigurationError

CYLINDER, BELL, FUNNEL = range(3)
AT_STEP_41 = [1.933091, -1.243564, 1.300028, 1.215204]
"""Of the first three training series, and the last one."""


def split(data, name):
    batches = list(getattr(data, f"{name}_dataloader")())
    return torch.cat([batch[0] for batch in batches]), torch.cat([batch[1] for batch in batches])


def rows(inputs):
    return {tuple(row) for row in inputs.flatten(1).tolist()}


def noiseless(label, n=2000):
    return raw_series(label, n=n, random=np.random.default_rng(0), has_noise=False)


@pytest.mark.parametrize("label", [CYLINDER, BELL, FUNNEL])
def test_the_event_begins_and_lasts_as_saito_says(label):
    begins, lasts = set(), set()
    for series in noiseless(label):
        places = 1 + np.flatnonzero(series)  # steps are counted from 1
        first, last = places[0] - (label == BELL), places[-1] + (label == FUNNEL)
        assert np.all(np.diff(places) == 1)
        begins.add(int(first))
        lasts.add(int(last - first))
    assert (min(begins), max(begins), len(begins)) == (16, 32, 17)
    assert (min(lasts), max(lasts), len(lasts)) == (32, 96, 65)


@pytest.mark.parametrize(
    ("label", "at_start", "at_end"), [(CYLINDER, 1, 1), (BELL, 0, 1), (FUNNEL, 1, 0)]
)
def test_the_event_is_flat_or_rises_or_falls_in_a_line(label, at_start, at_end):
    for series in noiseless(label, n=50):
        places = np.flatnonzero(series)
        first, last = places[0] - (label == BELL), places[-1] + (label == FUNNEL)
        expected = np.linspace(at_start, at_end, last - first + 1)
        height = np.abs(series).max() * np.sign(series.sum())
        np.testing.assert_allclose(series[first : last + 1], height * expected, atol=1e-9)


def test_heights_and_noise_are_normal():
    heights = noiseless(CYLINDER, n=20_000).max(axis=1)
    noise = raw_series(CYLINDER, n=2000, random=np.random.default_rng(0))[:, :15]
    # within four standard errors: one false alarm in about 5,000 of such tests
    for values, mean in ((heights, 6), (noise.ravel(), 0)):
        assert abs(values.mean() - mean) < 4 / len(values) ** 0.5
        assert abs(values.std() - 1) < 4 / (2 * len(values)) ** 0.5


def test_there_are_30_training_and_900_test_series_a_third_of_each_class():
    data = Data(batch_size=30)
    sizes = {name: split(data, name)[1].bincount().tolist() for name in ("train", "val", "test")}
    assert sizes == {"train": [10] * 3, "val": [100] * 3, "test": [300] * 3}
    inputs, _ = split(data, "train")
    assert inputs.shape == (30, 1, 128)
    torch.testing.assert_close(inputs.mean(2), torch.zeros(30, 1), atol=1e-6, rtol=0)
    torch.testing.assert_close(inputs.std(2, correction=0), torch.ones(30, 1))


def test_the_series_are_the_same_ones_on_every_machine():
    inputs, labels = drawn(30, seed=PUBLISHED_SEED, role="training")
    assert labels[:4].tolist() == [0, 1, 2, 0]
    np.testing.assert_allclose(inputs[[0, 1, 2, 29], 0, 40], AT_STEP_41, atol=1e-5)


def test_training_and_test_series_do_not_depend_on_the_seed_and_are_all_different():
    first, second = Data(batch_size=30, seed=1), Data(batch_size=30, seed=2)
    for name in ("train", "test"):
        assert rows(split(first, name)[0]) == rows(split(second, name)[0])
    parts = [rows(split(first, name)[0]) for name in ("train", "val", "test")]
    assert len(set.union(*parts)) == 30 + 300 + 900


def test_a_refit_sees_the_30_whatever_the_validation():
    for validation_from in ("formula", "training"):
        data = Data(batch_size=30, validation_from=validation_from)
        refitted = data.refit_dataloader
        data.train_dataloader = refitted  # as is done to train a winner again
        found = torch.cat([batch[0] for batch in refitted()])
        assert rows(found) == rows(split(Data(batch_size=30), "train")[0])


@pytest.mark.parametrize(("share", "per_class"), [(0.05, 1), (0.3, 3), (0.45, 4)])
def test_validation_may_be_held_out_of_the_30(share, per_class):
    data = Data(batch_size=8, validation_from="training", validation=share)
    assert split(data, "val")[1].bincount().tolist() == [per_class] * 3
    assert len(split(data, "train")[0]) == data.spec.n_train == 30 - 3 * per_class
    both = rows(split(data, "train")[0]) | rows(split(data, "val")[0])
    assert both == rows(split(Data(batch_size=30), "train")[0])
    other = Data(batch_size=8, validation_from="training", validation=share, seed=1)
    assert rows(split(other, "val")[0]) != rows(split(data, "val")[0])


def test_batches_are_no_larger_than_the_training_split():
    small = data_spec(validation_from="training", validation=0.45)
    assert search_space(small)["data.batch_size"][0].domain.describe() == "5, 10, 15"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"validation_from": "test"}, r"data\.validation_from is 'test'"),
        ({"validation": 0.9}, r"data\.validation is 0\.9"),
        ({"seed": -1}, r"data\.seed is -1"),
        ({"batch_size": 0}, r"data\.batch_size is 0"),
    ],
)
def test_what_is_out_of_range_is_refused(wrong, named):
    with pytest.raises(ConfigurationError, match=named):
        Data(**{"batch_size": 8, **wrong})
