"""What is left to do when a search has ended, and what becomes of its winner? Without Ray."""

from __future__ import annotations

import json

import pytest

from raysearch.driving import hand_over, is_all_done
from raysearch.results import Results
from raysearch.run_dir import events as ev
from raysearch.search import Search
from tests.recorded import Bytes, Recorded
from tests.unit.results.again import LUCKY, Again, led


def train(config, report):
    """Is never called here: what it would report is recorded by the tests."""


@pytest.fixture
def said():
    return []


def handed_over(search, *, said):
    """Hand the winner of a search over as a driver does; return what executed it."""
    executor = Bytes()
    drive = Search.resume(search.run_dir.path)._drive
    hand_over(drive, search.engine, executor=executor, stage=said.append)
    search.finish()
    return executor


def is_done(search, *overrides):
    return is_all_done(Search.resume(search.run_dir.path, overrides=overrides)._drive)


def ended(path, **settings):
    search = Recorded(path, budget={"trials": 2}, **settings)
    search.trial(0.5)
    search.trial(0.7, 0.9)
    return search


def test_the_winner_is_refitted_and_tested_once(tmp_path, said):
    search = ended(tmp_path / "run-1")
    executor = handed_over(search, said=said)
    assert (executor.refits, executor.tests) == ([("0001", 2)], [("0001", "test")])
    assert said == ["refitting the winner on train + validation data", "testing the winner, once"]
    assert is_done(search)
    assert not is_done(search, "budget.trials=3")


def test_nothing_is_done_before_the_winner_is_handed_over(tmp_path):
    assert not is_done(ended(tmp_path / "run-1").finish())


def test_with_several_seeds_all_are_refitted_and_tested(tmp_path, said):
    search = ended(tmp_path / "run-1", refit={"seeds": 2})
    executor = handed_over(search, said=said)
    assert executor.repeats == [0, 1, 0, 1]
    assert [text.rpartition(": ")[2] for text in said[:2]] == ["refit 1 of 2", "refit 2 of 2"]
    assert said[2:] == ["testing the winner, 2 models, once"]
    assert is_done(search)
    assert is_done(search, "refit.seeds=2")
    assert not is_done(search, "refit.seeds=3")


def test_more_seeds_later_are_trained_and_not_tested(tmp_path, said):
    search = ended(tmp_path / "run-1")
    handed_over(search, said=said)
    said.clear()
    extended = Search.resume(search.run_dir.path, overrides=["refit.seeds=3"])._drive
    search.experiment = extended.experiment
    executor = handed_over(search.extend(), said=said)
    assert (executor.repeats, executor.tests) == ([1, 2], [])
    assert said[0].endswith("refits 2 to 3 of 3")
    assert said[1].startswith("the models of 2 further seeds were trained after the test split was")
    assert is_done(search)
    (search.run_dir.winner / "seeds" / "2.ckpt").unlink()
    assert not is_done(search)


def test_fewer_seeds_than_an_interrupted_refit_was_to_train_are_enough_once_asked_for(tmp_path):
    search = ended(tmp_path / "run-1", refit={"seeds": 3})
    drive = Search.resume(search.run_dir.path)._drive
    with pytest.raises(KeyboardInterrupt):
        hand_over(drive, search.engine, executor=StopsAt(1), stage=lambda text: None)
    search.finish()
    extended = Search.resume(search.run_dir.path, overrides=["refit.seeds=1"])._drive
    assert extended.changed == ("refit",)
    search.experiment = extended.experiment
    search.extend(changed=extended.changed)
    results = Results(search.run_dir, state=search.engine.state, experiment=search.experiment)
    model = results.model_of(results.winner)
    assert (model.seeds, results.seeds_to_have(model)) == (3, 1)
    executor = handed_over(search, said=[])
    assert (executor.repeats, executor.tests) == ([0], [("0001", "test")])
    assert is_done(search)


class StopsAt(Bytes):
    """Trains models up to a repeat, at which somebody interrupts it."""

    def __init__(self, repeat: int) -> None:
        super().__init__()
        self.stops_at = repeat

    def refit(self, job, *, epochs, path):
        if job.repeat == self.stops_at:
            raise KeyboardInterrupt
        return super().refit(job, epochs=epochs, path=path)


def test_a_refit_that_is_wanted_later_is_left_to_do(tmp_path, said):
    search = ended(tmp_path / "run-1", refit=False)
    assert handed_over(search, said=said).refits == []
    assert is_done(search)
    assert not is_done(search, "refit=true")


def test_a_winner_without_a_model_is_handed_over_as_well(tmp_path, said):
    """Else `winner/` would go on to show the one before it, or none."""
    search = Recorded(
        tmp_path / "run-1",
        data=None,
        model={"function": f"{__name__}:train"},
        space={"width": {"int": [8, 16], "default": 8}},
        objective={"metric": "val/accuracy", "direction": "maximize"},
        budget={"trials": 1},
    )
    search.trial(0.7, keep=False)
    executor = handed_over(search, said=said)
    assert (executor.refits, executor.tests) == ([], [])
    results = Results.open(search.run_dir.path)
    metrics = json.loads((results.run_dir.winner / "metrics.json").read_text())
    assert (metrics["trial"], metrics["validation"]["val/accuracy"]) == ("0000", 0.7)
    handed = [event for event in results.run_dir.events() if isinstance(event, ev.Handed)]
    assert [type(event) for event in handed] == [ev.Refitted, ev.TestSkipped]
    assert is_done(search)


def handed_over_by(executor, search, *, said):
    """Hand the winner over with an executor of the test's own."""
    drive = Search.resume(search.run_dir.path)._drive
    hand_over(drive, search.engine, executor=executor, stage=said.append)
    search.finish()


def test_leaders_are_told_apart_before_the_refit(tmp_path, said):
    search = led(tmp_path / "run-1", budget={"trials": 4})
    executor = Again(LUCKY)
    handed_over_by(executor, search, said=said)
    assert len(executor.trained) == 6
    assert (executor.refits, executor.tests) == ([("0003", 2)], [("0003", "test")])
    assert is_done(search)
    assert is_done(search, "select.seeds=2")
    assert not is_done(search, "select.seeds=3")
    assert not is_done(search, "select.top=4")
    assert is_done(search, "select.top=2") is False  # other leaders, so perhaps another winner


def test_a_session_that_was_killed_among_the_leaders_goes_on_with_them(tmp_path, said):
    search = led(tmp_path / "run-1", budget={"trials": 4})
    with pytest.raises(KeyboardInterrupt):
        handed_over_by(Again(LUCKY, stops=5), search, said=said)
    search.finish()
    assert not is_done(search)
    executor = Again(LUCKY)
    handed_over_by(executor, search.extend(changed=()), said=said)
    assert executor.trained == [("0002", 2, 1)]
    assert executor.refits == [("0003", 2)]
    assert is_done(search)


def test_more_seeds_later_are_trained_and_may_make_another_winner(tmp_path, said):
    search = led(tmp_path / "run-1", budget={"trials": 4})
    handed_over_by(Again(LUCKY), search, said=said)
    extended = Search.resume(search.run_dir.path, overrides=["select.seeds=3"])._drive
    search.experiment = extended.experiment
    more = {"0001": (0, 0, 0.99), "0003": (0, 0, 0.5), "0002": (0, 0, 0.5)}
    executor = Again(more)
    handed_over_by(executor, search.extend(changed=("select.seeds",)), said=said)
    assert [each[1] for each in executor.trained] == [3, 3, 3]
    results = Results.open(search.run_dir.path)
    assert results.winner.id == "0001"
    assert executor.tests == []  # the test split was opened for another winner
