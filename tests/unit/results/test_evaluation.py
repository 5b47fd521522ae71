"""The guard of the test split: opened once, before it is read, and what an extension does to it."""

from __future__ import annotations

import json

import pytest

from raysearch.errors import ConfigurationError, TrialFailed, Unsupported
from raysearch.results import Results
from raysearch.run_dir import events as ev
from tests.recorded import Bytes


def opened(search):
    kinds = (ev.TestOpened, ev.Tested)
    return [event for event in search.run_dir.events() if isinstance(event, kinds)]


@pytest.fixture
def ended(search):
    search.trial(0.5, 0.6)
    search.trial(0.7, 0.9)
    search.finish()
    Results.open(search.run_dir.path).refit(executor=Bytes())
    return search


def test_the_opening_is_journalled_before_the_split_is_read(ended):
    class Looks(Bytes):
        def evaluate(self, job, *, checkpoint, split):
            assert [type(event) for event in opened(ended)] == [ev.TestOpened]
            return super().evaluate(job, checkpoint=checkpoint, split=split)

    executor = Looks()
    outcome = Results.open(ended.run_dir.path).test(executor=executor)
    assert outcome.values == {"test/accuracy": 0.75}
    assert executor.tests == [("0001", "test")]
    first, second = opened(ended)
    assert (first.trial, first.forced) == ("0001", False)
    assert second.values == {"test/accuracy": 0.75}
    metrics = json.loads((ended.run_dir.path / "winner/metrics.json").read_text())
    assert metrics["test"] == {"test/accuracy": 0.75}


def test_the_same_winner_keeps_its_result(ended):
    Results.open(ended.run_dir.path).test(executor=Bytes())
    executor = Bytes(values={"test/accuracy": 0.99})
    outcome = Results.open(ended.run_dir.path).test(executor=executor)
    assert outcome.values == {"test/accuracy": 0.75}
    assert executor.tests == []


def test_the_same_winner_of_an_extended_search_keeps_its_result(ended):
    Results.open(ended.run_dir.path).test(executor=Bytes())
    ended.extend().trial(0.1)
    ended.finish()
    results = Results.open(ended.run_dir.path)
    executor = Bytes()
    results.refit(executor=executor)
    assert results.test(executor=executor).values == {"test/accuracy": 0.75}
    assert (executor.refits, executor.tests) == ([], [])


def test_another_winner_has_no_result_unless_forced(ended):
    Results.open(ended.run_dir.path).test(executor=Bytes())
    ended.extend().trial(0.95)
    ended.finish()
    results, executor = Results.open(ended.run_dir.path), Bytes(values={"test/accuracy": 0.8})
    results.refit(executor=executor)
    outcome = results.test(executor=executor)
    assert outcome.values is None
    assert outcome.reason == (
        "the test split was already opened for trial 0001, which is not the winner now. To open it "
        f"again, which is recorded: python -m raysearch test {ended.run_dir.path} --force"
    )
    assert executor.tests == []
    metrics = json.loads((ended.run_dir.path / "winner/metrics.json").read_text())
    assert (metrics["trial"], metrics["test"]) == ("0002", None)

    assert results.test(executor=executor, force=True).values == {"test/accuracy": 0.8}
    assert executor.tests == [("0002", "test")]
    assert [event.forced for event in opened(ended) if isinstance(event, ev.TestOpened)] == [
        False,
        True,
    ]


def test_going_back_to_a_tested_winner_gives_its_result_back(ended):
    results, executor = Results.open(ended.run_dir.path), Bytes()
    results.test(executor=executor)
    results.refit(trial="0000", executor=executor)
    assert results.test(executor=executor).values is None
    results.refit(trial="0001", executor=executor)
    assert results.test(executor=executor).values == {"test/accuracy": 0.75}
    assert len(executor.tests) == 1


def test_an_opening_without_result_does_not_count(ended):
    class Dies(Bytes):
        def evaluate(self, job, *, checkpoint, split):
            raise TrialFailed("power cut")

    with pytest.raises(TrialFailed, match="power cut"):
        Results.open(ended.run_dir.path).test(executor=Dies())
    assert len(opened(ended)) == 1
    assert Results.open(ended.run_dir.path).test_outcome.reason == (
        f"not tested yet: python -m raysearch test {ended.run_dir.path}"
    )
    outcome = Results.open(ended.run_dir.path).test(executor=Bytes())
    assert outcome.values == {"test/accuracy": 0.75}


class Refuses(Bytes):
    def evaluate(self, job, *, checkpoint, split):
        super().evaluate(job, checkpoint=checkpoint, split=split)
        raise Unsupported("MyNet has no test_step. Write one like its validation_step.")


def test_what_cannot_be_tested_is_skipped_with_the_reason(ended):
    results = Results.open(ended.run_dir.path)
    assert not results.test_outcome.is_final
    outcome = results.test(executor=Refuses())
    assert (outcome.values, outcome.is_final) == (None, True)
    assert outcome.reason == "not tested: MyNet has no test_step"
    again = Results.open(ended.run_dir.path)
    assert again.test_outcome == outcome
    winner = again.to_json()["winner"]
    assert (winner["test"], winner["test_reason"]) == (None, outcome.reason)
    metrics = json.loads((ended.run_dir.path / "winner/metrics.json").read_text())
    assert (metrics["test"], metrics["test_reason"]) == (None, outcome.reason)


def test_an_opening_that_was_skipped_does_not_count(ended):
    """The test_step was added since."""
    Results.open(ended.run_dir.path).test(executor=Refuses())
    outcome = Results.open(ended.run_dir.path).test(executor=Bytes())
    assert (outcome.values, outcome.reason) == ({"test/accuracy": 0.75}, "")
    assert [event.forced for event in opened(ended) if isinstance(event, ev.TestOpened)] == [
        False,
        False,
    ]
    metrics = json.loads((ended.run_dir.path / "winner/metrics.json").read_text())
    assert metrics["test_reason"] == ""


def test_the_same_reason_is_journalled_once(ended):
    for _ in range(2):
        Results.open(ended.run_dir.path).test(executor=Refuses())
    skipped = [e for e in ended.run_dir.events() if isinstance(e, ev.TestSkipped)]
    assert [event.reason for event in skipped] == ["not tested: MyNet has no test_step"]


def test_another_winner_is_not_skipped_for_it(ended):
    results = Results.open(ended.run_dir.path)
    results.test(executor=Refuses())
    results.refit(trial="0000", executor=Bytes())
    assert not results.test_outcome.is_final
    assert results.test(executor=Bytes()).values == {"test/accuracy": 0.75}


def test_a_test_that_fails_says_how_to_repeat_it(ended):
    class Fails(Bytes):
        def evaluate(self, job, *, checkpoint, split):
            raise TrialFailed("the test of trial 0001 raised KeyError: 'y'.")

    with pytest.raises(TrialFailed) as raised:
        Results.open(ended.run_dir.path).test(executor=Fails())
    assert str(raised.value) == (
        "the test of trial 0001 raised KeyError: 'y'. To test once that is mended: "
        f"python -m raysearch test {ended.run_dir.path}."
    )


def test_forcing_opens_the_split_again_for_the_same_winner(ended):
    Results.open(ended.run_dir.path).test(executor=Bytes())
    outcome = Results.open(ended.run_dir.path).test(
        executor=Bytes(values={"test/accuracy": 0.5}), force=True
    )
    assert outcome.values == {"test/accuracy": 0.5}


def test_what_is_not_finite_is_null(ended):
    executor = Bytes(values={"test/accuracy": 0.5, "test/loss": float("nan")})
    outcome = Results.open(ended.run_dir.path).test(executor=executor)
    assert outcome.values == {"test/accuracy": 0.5, "test/loss": None}


def test_without_a_model_nothing_is_opened(search):
    search.trial(0.5)
    search.finish()
    with pytest.raises(ConfigurationError) as raised:
        Results.open(search.run_dir.path).test(executor=Bytes())
    assert "no model of trial 0000, the winner, in" in str(raised.value)
    assert f"First: python -m raysearch refit {search.run_dir.path}." in str(raised.value)
    assert opened(search) == []


def test_a_model_trained_for_other_epochs_is_another_model(search):
    search.begin(0.5, 0.6)
    Results.open(search.run_dir.path).refit(executor=Bytes())
    Results.open(search.run_dir.path).test(executor=Bytes())
    search.journal.close()
    search.measure("0000", 3, 0.9)
    results = Results.open(search.run_dir.path)
    executor = Bytes()
    results.refit(executor=executor)
    assert executor.refits == [("0000", 3)]
    outcome = results.test(executor=executor)
    assert outcome.values is None
    assert outcome.reason.startswith("the test split was already opened for another model of")
