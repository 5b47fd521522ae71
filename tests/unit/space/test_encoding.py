"""Vectors: places, order, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from raysearch.errors import ConfigurationError
from raysearch.space import Bool, Choice, Float, Int, Space

SPACE = Space(
    {
        "norm": Choice(["batch", "layer", "none", "group"]),
        "groups": Int(1, 8, step=1, when={"norm": "group"}),
        "rate": Float(1e-4, 1, log=True),
        "bias": Bool(),
    }
)


def test_places_by_hand():
    vector = SPACE.encode({"norm": "layer", "rate": 0.01, "bias": True})
    assert vector.dtype == np.float64
    np.testing.assert_allclose(vector, [0.375, np.nan, 0.5, 0.75])
    vector = SPACE.encode({"bias": False, "rate": 1, "groups": 8, "norm": "group"})
    np.testing.assert_allclose(vector, [0.875, 0.9375, 1.0, 0.25])


def test_slots_of_inactive_parameters_are_not_looked_at():
    expected = {"norm": "batch", "rate": 1e-4, "bias": False}
    assert SPACE.decode([0.0, np.nan, 0.0, 0.0]) == expected
    assert SPACE.decode(np.array([0.2, 17.0, 0.0, 0.4], dtype=np.float32)) == expected


def test_a_float_written_by_hand_comes_back_to_ten_digits():
    configuration = {"norm": "batch", "rate": 1 / 3, "bias": False}
    again = SPACE.decode(SPACE.encode(configuration))
    assert again == {"norm": "batch", "rate": 0.3333333333, "bias": False}


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        ([0.5, 0.5], r"The vector has shape \(2,\), and this space needs \(4,\)"),
        ([[0.5] * 4], r"shape \(1, 4\)"),
        ([0.9, np.nan, 0.5, 0.5], "groups has nan in the vector, and it is active"),
        ([0.5, 0.5, 1.01, 0.5], "rate has 1.01 in the vector"),
        ([-0.1, 0.5, 0.5, 0.5], "norm has -0.1 in the vector"),
    ],
)
def test_wrong_vectors_are_refused(vector, message):
    with pytest.raises(ConfigurationError, match=message):
        SPACE.decode(vector)


def test_an_illegal_configuration_is_refused():
    with pytest.raises(ConfigurationError, match=r"norm: batsh is not one of .* mean batch"):
        SPACE.encode({"norm": "batsh", "rate": 0.1, "bias": True})
