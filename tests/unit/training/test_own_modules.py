"""Which modules of the user's must be found wherever trials are trained?"""

from __future__ import annotations

import pytest

from raysearch.experiment import from_settings
from raysearch.training.preloading import own_modules

BASE = {"objective": {"metric": "val/loss", "direction": "minimize"}, "fidelity": {"max_epochs": 1}}
WIDTH = {"width": {"int": [4, 8]}}


@pytest.mark.parametrize(
    ("settings", "modules"),
    [
        ({"model": "mlp", "data": "digits"}, ()),
        ({"model": "tests.nets:Net", "data": "tests.nets:Data", "space": WIDTH}, ("tests.nets",)),
        (
            {
                "model": ["mlp", "tests.nets:Net"],
                "data": "digits",
                "space": {"Net.width": WIDTH["width"]},
            },
            ("tests.nets",),
        ),
        (
            {
                "model": {"function": "tests.unit.training.plain_function:learn"},
                "space": {"x": {"float": [0.0, 1.0]}},
            },
            ("tests.unit.training.plain_function",),
        ),
    ],
)
def test_those_of_models_and_data_and_nothing_of_ours(settings, modules):
    assert own_modules(from_settings({**BASE, **settings})) == modules
