from __future__ import annotations

import itertools

import pytest

from raysearch.data.series.labels import in_order


@pytest.mark.parametrize("texts", [*itertools.permutations(["2", "01", "1", "001"])])
def test_classes_of_one_number_are_in_the_order_of_their_texts(texts):
    assert in_order(texts) == ("001", "01", "1", "2")
