"""Which densities are searched?"""

from __future__ import annotations

import pytest

from raysearch.data_spec import DataSpec
from raysearch.models.generative.space import search_space


@pytest.mark.parametrize(
    ("kind", "default"), [("autoregressive", 0.2), ("flow", 0), ("diffusion", 0)]
)
def test_each_kind_has_its_own_dropout(kind, default):
    digits = DataSpec(task="density", input_shape=(1, 8, 8), n_outputs=17, n_train=1077)
    found = search_space(digits).replaced({"kind": kind}).default()
    assert found["dropout"] == default
