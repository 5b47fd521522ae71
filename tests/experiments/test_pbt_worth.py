"""Is population-based training worth its name on the toy problem of its paper?"""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from tests.experiments.documents import ROOT


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(ROOT / "experiments" / "benchmarks")
    return importlib.import_module("pbt_worth")


def test_pbt_ends_better_than_random_search_with_the_same_epochs(benchmark: Any) -> None:
    lines = [benchmark.toy(seed) for seed in range(5)]
    assert {line["pbt_epochs"] for line in lines} == {line["random_epochs"] for line in lines}
    compared = benchmark.compared("toy", lines)
    assert compared["better"] == 5  # with no effect, one time in 32
    assert compared["p"] < 0.05
    assert all(line["pbt"] <= 1.2 for line in lines)


def test_training_that_goes_on_has_the_weights_of_before(benchmark: Any) -> None:
    toy = benchmark.Toy()
    whole = toy.curve({"h0": 0.5, "h1": 0.5}, n_epochs=6).values["Q"]
    first = benchmark.Stretch(trial="0001", first=1, last=4, configuration={"h0": 0.5, "h1": 0.5})
    same = toy.continued({"h0": 0.5, "h1": 0.5}, before=[first], n_epochs=6).values["Q"]
    other = toy.continued({"h0": 1.0, "h1": 1.0}, before=[first], n_epochs=6).values["Q"]
    assert same == whole
    assert other[:4] == whole[:4]
    assert other[5] > whole[5]


def test_no_difference_is_no_evidence(benchmark: Any) -> None:
    lines = [{"pbt": 1.0, "random": 1.0}] * 3
    assert benchmark.compared("toy", lines)["p"] == 1.0
