"""The default comes first, then what the searcher suggests, as long as it has anything."""

from __future__ import annotations

import pytest

from raysearch.errors import ConfigurationError, SearchAborted
from raysearch.searchers import WAIT
from raysearch.trial import Suggestion
from tests.lab import Counting, Lab


def test_the_first_trial_is_the_default_configuration(lab):
    first, second = lab.engine.next_trial(), lab.engine.next_trial()
    assert (first.id, first.configuration, first.origin) == (
        "0000",
        {"width": 50},
        {"kind": "default"},
    )
    assert (second.id, second.configuration) == ("0001", {"width": 1})
    assert lab.searcher.pending == [["0000"]]


def test_an_exhausted_searcher_ends_the_suggestions():
    lab = Lab(searcher=Counting(last=1)).start()
    assert [lab.new_trial() for _ in range(2)] == ["0000", "0001"]
    assert lab.engine.next_trial() is None
    assert lab.engine.stop_reason == "the searcher has nothing left to suggest"


def test_waiting_is_not_the_end_while_a_trial_is_pending():
    class Waiting(Counting):
        def suggest(self, *, number, pending):
            return WAIT

    lab = Lab(searcher=Waiting()).start()
    trial = lab.new_trial()
    assert lab.engine.next_trial() is None
    assert lab.engine.stop_reason == ""
    lab.engine.failed(trial, cause="exception", error="E")
    assert lab.engine.next_trial() is None
    assert lab.engine.stop_reason == "the searcher has nothing left to suggest"


def test_what_a_searcher_raises_says_who_it_was_and_what_it_was_doing(lab):
    lab.new_trial()

    def observe(trial):
        raise ZeroDivisionError("no rate")

    lab.searcher.observe = observe
    with pytest.raises(SearchAborted, match=r"searcher Counting failed.*told of trial 0000: Zero"):
        lab.engine.failed("0000", cause="exception", error="E")
    assert lab.state.trials["0000"].status.is_ended  # which is kept


def test_an_error_of_raysearch_is_left_as_it_is(lab):
    def suggest(**_):
        raise ConfigurationError("tpe needs optuna.")

    lab.new_trial()
    lab.searcher.suggest = suggest
    with pytest.raises(ConfigurationError, match=r"^tpe needs optuna\.$"):
        lab.engine.next_trial()


def test_a_suggestion_outside_the_space_is_the_searchers_fault(lab):
    lab.new_trial()
    lab.searcher.suggest = lambda **_: Suggestion(configuration={"width": 1000})
    with pytest.raises(SearchAborted, match=r"Counting suggested.*1000.*0001"):
        lab.engine.next_trial()
