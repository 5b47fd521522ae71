"""The package offers what it says, loads it late, and starts without anything heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

import raysearch

HEAVY = ("torch", "pytorch_lightning", "ray", "sklearn", "hyperopt", "tensorboard", "pandas")


def loaded_by(code: str) -> set[str]:
    """Return which heavy packages a fresh process has loaded after the code."""
    script = f"{code}\nimport sys; print(*[n for n in {HEAVY!r} if n in sys.modules])"
    process = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(process.stdout.split())


@pytest.mark.parametrize("name", raysearch.__all__)
def test_every_public_name_resolves(name):
    assert getattr(raysearch, name).__name__ == name


def test_the_public_names_are_the_home_table():
    assert sorted(raysearch.__all__) == raysearch.__all__ == sorted(raysearch._HOMES)
    assert dir(raysearch) == raysearch.__all__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"'raysearch' has no attribute 'Serach'"):
        raysearch.Serach  # noqa: B018  the access is the test


@pytest.mark.timeout(120)  # a dozen fresh processes
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
def test_what_must_start_at_once_loads_nothing_heavy(module):
    assert loaded_by(f"import {module}") == set()


def test_the_check_above_can_fail():
    assert loaded_by("import pandas") == {"pandas"}
