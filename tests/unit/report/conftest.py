"""Every test may ask for the runs of a report."""

from __future__ import annotations

import pytest

from raysearch.report.shown import shown
from raysearch.results import Results
from tests.many import many
from tests.recorded import Recorded


@pytest.fixture(scope="package")
def forty(tmp_path_factory):
    """A finished search of 40 trials: see `tests.many`."""
    return many(tmp_path_factory.mktemp("forty") / "forty-1", 40)


@pytest.fixture(scope="package")
def run(forty):
    """The same, as a report shows it."""
    (run,) = shown([Results.read(forty.path)])
    return run


@pytest.fixture
def small(tmp_path):
    """Four trials: 0001 won, 0002 failed, 0003 was not finite."""
    search = Recorded(tmp_path / "small-1")
    search.trial(0.5, 0.6)
    search.trial(0.7, 0.9, 0.8)
    search.fail(0.4, error="ValueError: width is 0 (nets.py, line 31)\nTraceback: more of it")
    search.trial(None)
    search.finish()
    (run,) = shown([Results.read(search.run_dir.path)])
    return run
