"""At the end the searcher may say which trial it would hand over: is it asked, heard and kept?"""

from __future__ import annotations

import logging

import pytest

from raysearch.engine import fold
from raysearch.run_dir import events as ev
from raysearch.space import Int, Space
from raysearch.trial import Recommendation, SearchStatus
from tests.lab import Counting, Lab, StopBelow


class Opinionated(Counting):
    """Recommends the trial with this number, and remembers which it could choose from."""

    def __init__(self, number: int | None) -> None:
        super().__init__()
        self.number = number
        self.offered: list[list[str]] = []

    def recommend(self, trials):
        self.offered.append([trial.id for trial in trials])
        return None if self.number is None else Recommendation(number=self.number, reason="I know")


def searched(number: int | None, *, limit: float = 0.0, **given) -> Lab:
    """Return a lab with trials that reached 0.5, 0.9, 0.8 and, failing after that, 0.95."""
    searcher = Opinionated(number)
    lab = Lab(searcher=searcher, scheduler=StopBelow(limit), max_epochs=1, **given).start()
    for value in (0.5, 0.9, 0.8):
        lab.report(lab.new_trial(), 1, value)
    return lab


def recommended(lab: Lab) -> list[ev.Recommended]:
    return [event for event in lab.journal.events if isinstance(event, ev.Recommended)]


@pytest.mark.parametrize("status", ["finished", "stopped", "interrupted"])
def test_what_the_searcher_recommends_is_journalled_before_the_end(status):
    lab = searched(2)
    lab.engine.end(SearchStatus(status))
    *_, last, end = lab.journal.events
    assert isinstance(end, ev.SearchEnded)
    assert (last.trial, last.reason) == ("0002", "I know")
    assert lab.state.recommendation == last
    assert lab.searcher.offered == [["0000", "0001", "0002"]]
    assert fold(lab.journal.events).recommendation == last


def test_a_search_that_failed_asks_for_nothing():
    lab = searched(2)
    lab.engine.end(SearchStatus.FAILED)
    assert recommended(lab) == []
    assert lab.searcher.offered == []


def test_without_an_opinion_nothing_is_journalled():
    for lab in (searched(None), Lab(max_epochs=1).start()):
        lab.engine.end(SearchStatus.FINISHED)
        assert recommended(lab) == []
        assert lab.state.recommendation is None


def test_only_trials_that_were_trained_in_full_are_offered():
    lab = Lab(searcher=Opinionated(2), scheduler=StopBelow(0.6), max_epochs=2, max_trials=9).start()
    for value in (0.1, 0.9, 0.8):  # the default is never stopped
        trial = lab.new_trial()
        lab.report(trial, 1, value)
        lab.report(trial, 2, value)
    lab.report(lab.new_trial(), 1, 0.5)  # stopped
    failed = lab.new_trial()
    lab.report(failed, 1, 0.99)
    lab.engine.failed(failed, cause="exception", error="E")
    lab.report(lab.new_trial(), 1, 0.95)  # in training
    lab.engine.end(SearchStatus.FINISHED)
    assert lab.searcher.offered == [["0000", "0001", "0002"]]
    assert lab.state.recommendation.trial == "0002"


def test_it_does_not_hold_once_more_is_measured():
    lab = searched(1)
    lab.engine.end(SearchStatus.INTERRUPTED)
    later = Lab(searcher=Opinionated(2), max_epochs=1)
    later.engine.replay(lab.journal.events)
    assert later.state.recommendation.trial == "0001"
    later.engine.resume(settings=later.settings)
    assert later.state.recommendation is None
    later.report(later.new_trial(), 1, 0.7)
    later.engine.end(SearchStatus.FINISHED)
    assert later.state.recommendation.trial == "0002"


def test_a_measurement_after_it_takes_it_back():
    lab = searched(1)
    trial = lab.new_trial()
    lab.engine.end(SearchStatus.INTERRUPTED)
    assert lab.state.recommendation.trial == "0001"
    lab.report(trial, 1, 0.1)
    assert lab.state.recommendation is None


def test_a_searcher_that_raises_costs_its_recommendation_only(caplog):
    lab = searched(1)
    lab.searcher.recommend = lambda trials: 1 / 0
    with caplog.at_level(logging.WARNING):
        lab.engine.end(SearchStatus.FINISHED)
    assert lab.state.status is SearchStatus.FINISHED
    assert lab.state.recommendation is None
    assert "could not recommend" in caplog.text


def test_a_trial_that_was_not_offered_is_not_recommended(caplog):
    lab = searched(7)
    with caplog.at_level(logging.WARNING):
        lab.engine.end(SearchStatus.FINISHED)
    assert lab.state.recommendation is None
    assert "recommends trial 7, which is none of those" in caplog.text


@pytest.mark.parametrize(("high", "is_asked"), [(0.7, True), (0.99, False)])
def test_a_better_trial_outside_the_space_wins_by_its_value(high, is_asked):
    lab = searched(2)
    lab.report(lab.new_trial(), 1, high)  # width 3, in the former space only
    lab.engine.end(SearchStatus.FINISHED)
    narrower = Space({"width": Int(1, 2)})
    later = Lab(searcher=Opinionated(1), max_epochs=1, max_trials=9, space=narrower)
    later.engine.replay(lab.journal.events)
    later.engine.resume(settings=later.settings)
    later.engine.end(SearchStatus.FINISHED)
    assert later.searcher.offered == ([["0001", "0002"]] if is_asked else [])
    assert (later.state.recommendation is not None) is is_asked
