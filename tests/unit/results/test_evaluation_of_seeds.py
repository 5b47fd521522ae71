"""Models of several seeds meet the test split together; one that comes later waits for `force`."""

from __future__ import annotations

import pytest

from raysearch.errors import ConfigurationError, TrialFailed
from raysearch.run_dir import events as ev
from tests.recorded import Bytes
from tests.unit.results.seeded import Fails, Varies, events, metrics, opened


def test_all_models_are_tested_in_one_opening(three):
    opened(three).refit(executor=Bytes())
    executor = Varies()
    outcome = opened(three).test(executor=executor)
    assert executor.repeats == [0, 1, 2]
    opening, tested = events(three, ev.TestOpened, ev.Tested)
    assert not opening.forced
    assert tested.others == ({"test/accuracy": 0.25}, {"test/accuracy": 0.5})
    assert outcome.values == {"test/accuracy": 0.75}
    assert (outcome.spread.n, outcome.spread.added_after_test, outcome.note) == (3, 0, "")
    expected = {
        "n": 3,
        "values": [{"test/accuracy": value} for value in (0.75, 0.25, 0.5)],
        "mean": {"test/accuracy": 0.5},
        "std": {"test/accuracy": 0.25},
        "added_after_test": 0,
    }
    assert metrics(three)["test_seeds"] == expected
    winner = opened(three).to_json()["winner"]
    assert (winner["test"], winner["test_seeds"]) == ({"test/accuracy": 0.75}, expected)
    assert opened(three).test(executor=executor) == outcome
    assert len(executor.tests) == 3  # known, so not tested again


def test_of_one_seed_there_is_no_spread(one):
    opened(one).refit(executor=Bytes())
    assert opened(one).test(executor=Varies()).spread is None
    assert "test_seeds" not in opened(one).to_json()["winner"]
    assert metrics(one)["test_seeds"] is None


def test_a_test_that_fails_for_one_model_shows_nothing_of_the_others(three):
    class Dies(Varies):
        def evaluate(self, job, **asked):
            if job.repeat == 2:
                raise TrialFailed("power cut")
            return super().evaluate(job, **asked)

    opened(three).refit(executor=Bytes())
    with pytest.raises(TrialFailed, match="power cut"):
        opened(three).test(executor=Dies())
    assert events(three, ev.Tested) == []
    assert opened(three).test(executor=Varies()).spread.n == 3


def test_a_test_waits_for_the_models_that_are_still_to_come(three):
    with pytest.raises(KeyboardInterrupt):
        opened(three).refit(executor=Fails(KeyboardInterrupt(), repeat=1))
    with pytest.raises(ConfigurationError) as raised:
        opened(three).test(executor=Varies())
    run = three.run_dir.path
    assert "1 of 3 models of trial 0001" in str(raised.value)
    assert f"python -m raysearch refit {run}. To do with those that are there: " in str(
        raised.value
    )
    assert str(raised.value).endswith(f"python -m raysearch refit {run} --seeds 1.")
    assert events(three, ev.TestOpened) == []
    assert opened(three).refit(executor=Bytes(), seeds=1).is_complete
    assert opened(three).test(executor=Varies()).values == {"test/accuracy": 0.75}


def test_a_seed_that_is_trained_after_the_test_is_not_tested_unless_forced(one):
    opened(one).refit(executor=Bytes())
    opened(one).test(executor=Bytes())
    opened(one).refit(executor=Bytes(), seeds=3)
    executor = Varies()
    outcome = opened(one).test(executor=executor)
    assert executor.tests == []
    assert (outcome.values, outcome.spread) == ({"test/accuracy": 0.75}, None)
    assert outcome.note == (
        "the models of 2 further seeds were trained after the test split was opened, and not "
        "tested. To open it again for all, which is recorded: "
        f"python -m raysearch test {one.run_dir.path} --force"
    )
    assert opened(one).to_json()["winner"]["test_seeds_reason"] == outcome.note

    forced = opened(one).test(executor=executor, force=True)
    assert (forced.spread.n, forced.spread.added_after_test, forced.note) == (3, 2, "")
    assert [event.forced for event in events(one, ev.TestOpened)] == [False, True]
    assert metrics(one)["test_seeds"]["added_after_test"] == 2
    again = opened(one).test(executor=Varies(), force=True)
    assert again.spread.added_after_test == 2  # what joined late stays late


def test_what_is_not_finite_is_null(three):
    class Diverges(Bytes):
        def evaluate(self, job, **asked):
            return {"test/loss": float("inf") if job.repeat == 1 else 0.5}

    opened(three).refit(executor=Bytes())
    spread = opened(three).test(executor=Diverges()).spread
    assert [values["test/loss"] for values in spread.values] == [0.5, None, 0.5]
    assert (spread.mean, spread.std) == ({"test/loss": None}, {"test/loss": None})
