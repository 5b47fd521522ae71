"""How are series given to a model, and its outputs answered, with a checkpoint's part alone?"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from raysearch.data.series.module import Data
from raysearch.errors import ConfigurationError
from tests.waves import write_waves


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    path = write_waves(tmp_path_factory.mktemp("waves") / "waves.ts")
    return Data(path=path, batch_size=8).preprocessing


@pytest.fixture(scope="module")
def numbers(tmp_path_factory):
    path = tmp_path_factory.mktemp("numbers") / "a.npz"
    values = np.random.default_rng(0).normal(size=(80, 6))
    np.savez(path, X=values, y=1000 + 50 * values.mean(1))
    return Data(path=str(path), batch_size=8).preprocessing


def series(n_steps):
    return np.random.default_rng(n_steps).normal(size=(2, n_steps))


def test_one_or_more_series_become_a_batch(classes):
    (alone,) = classes.transform(series(9))
    assert (alone.shape, alone.dtype) == ((1, 2, 9), np.float32)
    np.testing.assert_array_equal(alone[0], classes.encode(series(9)))
    (several,) = classes.transform(np.stack([series(9), series(9)]))
    np.testing.assert_array_equal(several, np.concatenate([alone, alone]))


def test_series_of_several_lengths_come_with_these(classes):
    inputs, lengths = classes.transform([series(9), series(12)])
    assert inputs.shape == (2, 2, 12)
    assert (lengths.tolist(), lengths.dtype) == ([9, 12], np.int64)
    np.testing.assert_array_equal(inputs[0, :, :9], classes.encode(series(9)))
    assert not inputs[0, :, 9:].any()


def test_what_is_no_series_is_refused(classes):
    with pytest.raises(ConfigurationError, match=r"There are no series. Give one or more"):
        classes.transform([])
    with pytest.raises(ConfigurationError, match=r"has shape \(3, 4\). It must be \(2, T\)"):
        classes.transform(np.zeros((3, 4)))


def test_outputs_of_a_classification_are_classes_and_probabilities(classes):
    outputs = torch.tensor([[0.0, 3.0], [2.0, 2.0 - np.log(3.0)]])
    assert classes.labels(outputs) == [classes.classes[1], classes.classes[0]]
    np.testing.assert_allclose(classes.probabilities(outputs)[1], [0.75, 0.25])


def test_outputs_of_a_regression_are_numbers_in_their_unit(numbers):
    outputs = torch.tensor([[0.0], [1.0]])
    found = numbers.labels(outputs)
    assert found.shape == (2,)
    np.testing.assert_array_equal(found[:, None], numbers.numbers(outputs))
    assert found[0] == pytest.approx(numbers.means[0])
    with pytest.raises(ConfigurationError, match=r"The model does regression, .* Use labels"):
        numbers.probabilities(outputs)
