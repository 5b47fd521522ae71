"""Every test may ask for a search that is recorded in a folder of its own."""

from __future__ import annotations

import pytest

from tests.recorded import Recorded


@pytest.fixture
def search(tmp_path):
    """A search that has started and has no trials yet."""
    return Recorded(tmp_path / "runs" / "small-1")
