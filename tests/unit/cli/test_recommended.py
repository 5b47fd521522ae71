"""Does a person see that the searcher chose the winner, why, and which one is the best observed?"""

from __future__ import annotations

import pytest

from raysearch.run_dir import events as ev
from tests.recorded import Recorded

REASON = "highest posterior mean 0.85 ± 0.02 among 3 completed trials; the best is trial 0001"


@pytest.fixture
def recommended(folder):
    search = Recorded(folder / "runs" / "small-1")
    for value in (0.6, 0.9, 0.8):
        search.trial(0.5, value)
    search.engine._ledger.emit(ev.Recommended(at=2000.0, trial="0002", reason=REASON))
    return search.finish()


def test_results_say_who_chose_the_winner_and_why(cli, recommended):
    out = " ".join(cli("results small-1").out.split())
    assert "trial 0002, epoch 2 of 2 (chosen by the searcher; the best observed is 0001)" in out
    assert f"chosen for {REASON}" in out


def test_nothing_is_said_where_it_is_the_best_observed_as_well(cli, folder):
    search = Recorded(folder / "runs" / "small-2")
    for value in (0.6, 0.9):
        search.trial(0.5, value)
    search.engine._ledger.emit(ev.Recommended(at=2000.0, trial="0001", reason=REASON))
    search.finish()
    out = cli("results small-2").out
    assert "trial 0001, epoch 2 of 2\n" in out
    assert "chosen" not in out
