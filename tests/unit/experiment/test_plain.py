from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from raysearch.errors import ConfigurationError
from raysearch.experiment import from_settings
from raysearch.space import Choice, Float, Int, Space

SOUND = {
    "data": "digits",
    "model": "mlp",
    "objective": "val/accuracy",
    "fidelity": {"max_epochs": 9},
}


def test_ranges_may_be_domains():
    space = {"width": Int(8, 16), "learning_rate": Float(1e-3, 1e-2, log=True), "dropout": 0.1}
    experiment = from_settings({**SOUND, "space": space})
    assert experiment.settings["space"] == {
        "width": {"int": [8, 16]},
        "learning_rate": {"float": [1e-3, 1e-2], "sampling": "log"},
        "dropout": 0.1,
    }
    assert experiment.space["width"][0].domain.describe() == "8 to 16"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Path("x"), "of type PosixPath"),
        (np.float64(0.1), "of type float64"),
        ({3: 4}, "of type dict"),
        (math.nan, "is nan"),
        (math.inf, "is inf"),
    ],
)
def test_what_cannot_stand_in_a_file_is_refused_with_its_key(value, shown):
    with pytest.raises(ConfigurationError, match="Nothing was started") as caught:
        from_settings({**SOUND, "space": {"width": value}, "budget": {"trials": 0}})
    first, second, _ = str(caught.value).splitlines()
    assert first.startswith("settings given in Python: space.width is ")
    assert shown in first
    assert second == "settings given in Python: budget.trials is 0. It must be at least 1."


def test_a_choice_of_sub_spaces_is_refused_in_the_words_of_the_space():
    choice = Choice({"adamw": Space({}), "sgd": Space({})})
    with pytest.raises(ConfigurationError, match=r"space\.optimizer: .*sub-spaces"):
        from_settings({**SOUND, "space": {"optimizer": choice}})


def test_the_source_is_named():
    with pytest.raises(ConfigurationError, match=r"^runs/x/experiment.yaml: seed is -1\."):
        from_settings({**SOUND, "seed": -1}, source="runs/x/experiment.yaml")
