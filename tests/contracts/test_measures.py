"""Can every family be measured before it is trained, and does a measurement leave no trace?"""

from __future__ import annotations

import importlib

import pytest
import torch

from raysearch.measure import How
from raysearch.measure.model import measure_model
from raysearch.models import FAMILIES
from tests.contracts.families import CASES, batch_for

NAMES = ["flops", "latency_ms", "memory_mb", "params", "size_mb"]


@pytest.mark.parametrize("name", CASES)
def test_the_default_of_a_family_is_measured_and_stays_as_it_was(name):
    data = CASES[name][0]
    space = importlib.import_module(f"{FAMILIES[name]}.space")
    module, class_name = space.MODULE.split(":")
    torch.manual_seed(0)
    model = getattr(importlib.import_module(module), class_name)(
        **space.data_arguments(data), **space.search_space(data).default()
    )
    before = {key: value.clone() for key, value in model.state_dict().items()}
    found = measure_model(model, batch_for(data), names=NAMES, how=How(runs=5))
    assert found["params"] == sum(parameter.numel() for parameter in model.parameters())
    assert all(found[key] > 0 for key in NAMES)
    assert 4 * found["params"] / 1e6 <= found["size_mb"]
    assert 4 * found["params"] / 1e6 <= found["memory_mb"]
    after = model.state_dict()
    assert all(torch.equal(after[key], value) for key, value in before.items())
