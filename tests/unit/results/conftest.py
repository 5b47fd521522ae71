"""Every test may ask for a search that is recorded in a folder of its own."""

from __future__ import annotations

import pytest

from tests.recorded import Recorded
from tests.unit.results.seeded import ended


@pytest.fixture
def search(tmp_path):
    """A search that has started and has no trials yet."""
    return Recorded(tmp_path / "runs" / "small-1")


@pytest.fixture
def three(tmp_path):
    """A search whose winner is 0001, to be refitted with three seeds."""
    return ended(tmp_path / "run", {"seeds": 3})


@pytest.fixture
def one(tmp_path):
    """The same with one seed."""
    return ended(tmp_path / "run", True)
