"""A slow searcher is asked beside what goes on, and one thread at a time uses it."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from raysearch.engine.ahead import AT_ONCE_S, InThread
from raysearch.errors import SearchAborted
from raysearch.run_dir import events as ev
from raysearch.searchers import EXHAUSTED, WAIT
from raysearch.trial import Recommendation, SearchStatus, Suggestion, TrialStatus
from tests.lab import Counting, Lab

SLOW_S = 0.3


class Held(Counting):
    """Suggests only when the test lets it, and sees to it that nobody else uses it meanwhile."""

    def __init__(self, last: int = 100) -> None:
        super().__init__(last)
        self.may_answer = threading.Event()
        self.is_asked = threading.Event()
        self.answers: dict[int, Any] = {}

    def suggest(self, *, number, pending):
        self.is_asked.set()
        assert self.may_answer.wait(10.0)
        self.may_answer.clear()
        time.sleep(2 * AT_ONCE_S)  # so that it is known to be slow
        self.is_asked.clear()
        answer = self.answers.pop(number, None)
        if isinstance(answer, Exception):
            raise answer
        return super().suggest(number=number, pending=pending) if answer is None else answer

    def observe(self, trial):
        assert not self.is_asked.is_set(), "told of a trial while it was asked"
        super().observe(trial)


class Slow(Counting):
    def suggest(self, *, number, pending):
        time.sleep(SLOW_S)
        return super().suggest(number=number, pending=pending)


def slow_lab(searcher: Counting, **plan: Any) -> Lab:
    """Return a lab whose searcher is known to be slow, with trial 0000 begun."""
    helper = InThread(wait_s=0.01)
    helper.seconds = 10.0
    lab = Lab(searcher=searcher, helper=helper, max_trials=20, **plan).start()
    assert begin(lab) == "0000"
    return lab


def begin(lab: Lab) -> str | None:
    trial = lab.engine.next_trial(beside=True)
    if trial is not None:
        lab.engine.attempt_started(trial.id, worker="here:1")
    return None if trial is None else trial.id


def begun(lab: Lab, searcher: Held) -> str:
    """Let the searcher answer, and return the trial that begins then."""
    until = time.monotonic() + 10.0
    searcher.may_answer.set()
    while (trial := begin(lab)) is None:
        assert time.monotonic() < until
        if searcher.is_asked.is_set():  # perhaps once more
            searcher.may_answer.set()
    return trial


def created(lab: Lab) -> dict[str, int | None]:
    events = [e for e in lab.journal.events if isinstance(e, ev.TrialCreated)]
    return {event.trial: event.n_observed for event in events}


def test_reports_are_handled_while_the_searcher_is_asked():
    searcher = Held()
    lab = slow_lab(searcher)
    assert searcher.is_asked.wait(10.0), "the next suggestion was not begun ahead"
    assert begin(lab) is None
    assert lab.engine.is_suggesting
    for epoch in range(1, 4):
        lab.report("0000", epoch, 0.5)
    assert lab.state.trials["0000"].status is TrialStatus.COMPLETED
    assert searcher.observed == [], "it is told when it has answered"
    assert begun(lab, searcher) == "0001"
    assert [trial.id for trial in searcher.observed] == ["0000"]


def test_the_journal_says_what_a_suggestion_knew_and_a_replay_tells_the_same():
    searcher = Held()
    lab = slow_lab(searcher)
    begun(lab, searcher)
    assert searcher.is_asked.wait(10.0)
    lab.engine.failed("0001", cause="exception", error="E")
    lab.engine.failed("0000", cause="exception", error="E")
    begun(lab, searcher)
    begun(lab, searcher)
    assert created(lab) == {"0000": None, "0001": 0, "0002": 0, "0003": 2}
    assert [trial.id for trial in searcher.observed] == ["0001", "0000"]
    resumed = Lab(searcher=Counting())
    resumed.engine.replay(lab.journal.events)
    assert resumed.searcher.observed == searcher.observed
    searcher.may_answer.set()


def test_what_was_suggested_and_not_begun_is_no_trial():
    searcher = Held()
    lab = slow_lab(searcher, max_total_epochs=2)
    assert searcher.is_asked.wait(10.0)
    searcher.may_answer.set()
    lab.report("0000", 1, 0.5)
    lab.report("0000", 2, 0.5)  # the last epoch that the budget allows
    assert begin(lab) is None
    lab.engine.end(SearchStatus.FINISHED, reason=lab.engine.stop_reason)
    assert list(created(lab)) == ["0000"]
    assert lab.state.used["trials"] == 1


def test_what_the_searcher_raises_reaches_whoever_asks_for_the_trial():
    searcher = Held()
    searcher.answers[1] = RuntimeError("no such kernel")
    lab = slow_lab(searcher)
    with pytest.raises(SearchAborted) as raised:
        begun(lab, searcher)
    message = str(raised.value)
    assert message.startswith(
        "searcher Held failed when it was asked for trial 0001: RuntimeError: no such kernel "
        "(test_ahead.py, line "
    )
    assert "The trials so far are kept, and `resume` goes on" in message
    assert "searcher=random" in message
    assert isinstance(raised.value.__cause__, RuntimeError)


def test_a_wait_that_is_outdated_is_asked_again():
    searcher = Held()
    searcher.answers[2] = WAIT
    lab = slow_lab(searcher)
    begun(lab, searcher)
    assert searcher.is_asked.wait(10.0)
    lab.engine.failed("0000", cause="exception", error="E")
    assert begun(lab, searcher) == "0002"
    assert searcher.pending == [["0000"], ["0001"]], "the answer was not asked for again"


def test_an_exhausted_searcher_ends_the_search_when_it_is_needed():
    searcher = Held()
    searcher.answers[1] = EXHAUSTED
    lab = slow_lab(searcher)
    searcher.may_answer.set()
    until = time.monotonic() + 10.0
    while not lab.engine.stop_reason:
        assert begin(lab) is None
        assert time.monotonic() < until
    assert lab.engine.stop_reason == "the searcher has nothing left to suggest"


def test_nothing_is_begun_ahead_where_that_is_not_asked_for():
    searcher = Counting()
    lab = Lab(searcher=searcher, max_trials=20).start()
    lab.engine.next_trial()
    for number in range(1, 4):
        lab.engine.next_trial()
        assert len(searcher.pending) == number
        assert not lab.engine.is_suggesting


def test_a_quick_searcher_is_asked_when_it_is_needed_with_all_there_is_to_know(monkeypatch):
    monkeypatch.setattr("raysearch.engine.suggestions.AT_ONCE_S", 10.0)  # on any machine
    lab = Lab(max_trials=20).start()
    begin(lab)
    for number in range(1, 5):
        lab.engine.failed(f"{number - 1:04}", cause="exception", error="E")
        begin(lab)
        assert not lab.engine.is_suggesting
    assert created(lab) == {"0000": None, "0001": 1, "0002": 2, "0003": 3, "0004": 4}


def test_points_need_no_searcher():
    lab = Lab(searcher=Held(), points=[{"width": 7}], helper=InThread()).start()
    assert [begin(lab), begin(lab)] == ["0000", "0001"]
    assert created(lab) == {"0000": None, "0001": None}


def idle_s(*, beside: bool, n_trials: int = 7) -> float:
    """Return how long two workers were idle whose trials train as long as a suggestion takes."""
    lab = Lab(searcher=Slow(), max_trials=n_trials, helper=InThread()).start()
    free, training, idle = [0.0, 0.0], dict[str, float](), 0.0
    began = time.monotonic()
    while len(lab.state.ended) < n_trials:
        now = time.monotonic() - began
        for trial in [t for t, ends_at in training.items() if ends_at <= now]:
            free.append(training.pop(trial))
            lab.engine.finished(trial, reason="done")
        while free and (trial := lab.engine.next_trial(beside=beside)) is not None:
            now = time.monotonic() - began
            idle += now - free.pop(0)
            lab.engine.attempt_started(trial.id, worker="here:1")
            lab.report(trial.id, 1, 0.5)
            training[trial.id] = now + 2 * SLOW_S
        time.sleep(0.005)
    return idle


@pytest.mark.timeout(60)
def test_workers_are_less_idle_where_a_slow_searcher_is_asked_ahead():
    """By the clock: six suggestions of 0.3 s, of which the first one is waited for either way."""
    waited, ahead = idle_s(beside=False), idle_s(beside=True)
    assert waited >= 6 * SLOW_S
    assert ahead <= waited - SLOW_S  # a machine that is busy itself is slow to notice


def test_suggestions_are_of_the_kind_that_the_searcher_makes():
    helper = InThread()
    found = Suggestion(configuration={"width": 3})
    for _ in range(2):  # in a thread, and then, as it was quick, at once
        helper.begin(lambda: found)
        assert helper.outcome(wait=True) is found
        assert not helper.is_busy


class Opinionated(Held):
    def recommend(self, trials):
        assert not self.is_asked.is_set(), "asked for an opinion while it was asked"
        return Recommendation(number=0, reason="I know")


@pytest.mark.parametrize("status", [SearchStatus.INTERRUPTED, SearchStatus.STOPPED])
def test_an_end_before_its_time_does_not_wait_for_a_suggestion(status):
    searcher = Opinionated()
    lab = slow_lab(searcher, max_epochs=1)
    assert searcher.is_asked.wait(10.0)
    lab.report("0000", 1, 0.5)
    lab.engine.end(status)
    searcher.may_answer.set()
    assert isinstance(lab.journal.events[-1], ev.SearchEnded)
    assert not any(isinstance(event, ev.Recommended) for event in lab.journal.events)


def test_the_end_of_a_search_waits_for_a_suggestion_and_drops_it():
    searcher = Opinionated()
    lab = slow_lab(searcher, max_epochs=1)
    searcher.answers[1] = ValueError("broken")
    assert searcher.is_asked.wait(10.0)
    lab.report("0000", 1, 0.5)
    searcher.may_answer.set()
    lab.engine.end(SearchStatus.FINISHED)
    *_, recommended, end = lab.journal.events
    assert isinstance(end, ev.SearchEnded)
    assert (recommended.trial, recommended.reason) == ("0000", "I know")
    assert list(lab.state.trials) == ["0000"]
