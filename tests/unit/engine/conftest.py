"""Every test may ask for a lab whose search has started."""

from __future__ import annotations

import pytest

from tests.lab import Lab


@pytest.fixture
def lab():
    return Lab().start()
