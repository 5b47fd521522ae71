"""The package offers what it says, loads it late, and starts without anything heavy."""

from __future__ import annotations

import sys

import pytest

import raysearch
from raysearch.forking import template
from tests.forked import LIGHT, loaded_by

HEAVY = ("torch", "pytorch_lightning", "ray", "sklearn", "hyperopt", "tensorboard", "pandas")


@pytest.fixture(scope="module")
def address():
    with template(modules=LIGHT) as found:
        yield found


@pytest.mark.parametrize("name", raysearch.__all__)
def test_every_public_name_resolves(name):
    assert getattr(raysearch, name).__name__ == name


def test_the_public_names_are_the_home_table():
    assert sorted(raysearch.__all__) == raysearch.__all__ == sorted(raysearch._HOMES)
    assert dir(raysearch) == raysearch.__all__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"'raysearch' has no attribute 'Serach'"):
        raysearch.Serach  # noqa: B018  the access is the test


@pytest.mark.skipif(sys.platform != "linux", reason="forks are safe on Linux alone")
@pytest.mark.parametrize(
    "module",
    [
        "raysearch",
        "raysearch.cli.main",
        "raysearch.engine",
        "raysearch.experiment",
        "raysearch.live",
        "raysearch.models",
        "raysearch.models.cnn.space",
        "raysearch.models.mlp.space",
        "raysearch.data",
        "raysearch.data.digits.space",
        "raysearch.data.diabetes.space",
        "raysearch.results",
        "raysearch.run_dir",
        "raysearch.schedulers.asha",
        "raysearch.searchers.cross_entropy",
        "raysearch.searchers.hyperopt",
        "raysearch.searchers.random",
        "raysearch.search",
        "raysearch.space",
        "raysearch.trial",
    ],
)
def test_what_must_start_at_once_loads_nothing_heavy(module, address):
    assert loaded_by(address, f"import {module}", names=HEAVY) == set()
