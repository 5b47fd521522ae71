"""Does a report know which trials it shows, and refuse a run that has none?"""

from __future__ import annotations

import pytest

from raysearch.errors import RunDirectoryError
from raysearch.report.shown import axis_of, shown
from raysearch.results import Results
from raysearch.trial import Objective
from tests.recorded import Recorded

ACCURACY = Objective(metric="val/accuracy", direction="maximize")
LOSS = Objective(metric="val/loss", direction="minimize")


def test_trials_of_several_runs_have_places_of_their_own(tmp_path, forty):
    search = Recorded(tmp_path / "forty-1")
    search.trial(0.5)
    search.finish()
    runs = shown([Results.read(forty.path), Results.read(search.run_dir.path)])
    assert [run.name for run in runs] == ["forty-1", "forty-1 (2)"]
    assert [run.owner("0000") for run in runs] == [0, 40]


@pytest.mark.parametrize("n_trials", [0, 1, 2])
def test_a_run_without_a_value_is_refused(tmp_path, n_trials):
    search = Recorded(tmp_path / "run")
    for _ in range(n_trials):
        search.trial(None)
    search.finish()
    told = {
        0: "run has no trial yet, so there is nothing to show.",
        1: "run: its trial has not reported a finite val/accuracy yet, so there is",
        2: "run: none of its 2 trials has reported a finite val/accuracy yet",
    }[n_trials]
    with pytest.raises(RunDirectoryError, match=told) as caught:
        shown([Results.read(search.run_dir.path)])
    assert "python -m raysearch results" in str(caught.value)


def test_an_axis_leaves_out_what_would_hide_the_rest():
    near = [0.5 + 0.01 * n for n in range(40)]
    low, high = axis_of([*near, -1e6], objective=ACCURACY).ends
    assert -1 < low < 0.55 and high >= max(near)
    low, high = axis_of([*(-v for v in near), 1e6], objective=LOSS).ends
    assert low <= -max(near) and -0.55 < high < 1


def test_an_axis_of_losses_far_apart_is_logarithmic():
    assert axis_of([0.001, 0.5, 2.0], objective=LOSS).is_log
    assert not axis_of([0.0, 0.5, 2.0], objective=LOSS).is_log
    assert not axis_of([0.001, 0.5, 2.0], objective=ACCURACY).is_log


def test_the_winner_is_the_brightest(run):
    assert run.shades[run.ranking[0].id] == 1.0
    assert run.shades[run.ranking[-1].id] == 0.0
