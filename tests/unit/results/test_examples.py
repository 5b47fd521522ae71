"""What is kept of validation examples, and how trials and families compare by it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from raysearch.results.examples import (
    FOLDER,
    Kept,
    compared,
    keep_outcomes,
    kept,
    look,
    second,
    to_compare,
)
from raysearch.results.family_tests import family_tests
from raysearch.results.paired import Paired
from raysearch.results.why import why, why_document
from tests.lab import trained
from tests.recorded import Recorded
from tests.unit.results.again import Again, led, opened
from tests.unit.results.seen import Sees


@pytest.fixture
def run(tmp_path):
    return led(tmp_path / "run").finish()


def test_winner_second_and_default_are_looked_at_once(run):
    results, executor = opened(run), Sees({"0001": 38, "0003": 36, "0000": 20})
    assert [trial.id for trial in to_compare(results)] == ["0001", "0003", "0000"]
    keep_outcomes(results, executor=executor)
    keep_outcomes(opened(run), executor=executor)
    assert executor.seen == ["0001", "0003", "0000"]
    found = kept(results, results.trial("3"))
    assert (found.trial, found.epoch, int(found.right.sum()), len(found.losses)) == (
        "0003", 2, 36, 40,
    )  # fmt: skip


def test_why_says_what_sets_the_winner_apart(run):
    results = opened(run)
    keep_outcomes(results, executor=Sees({"0001": 38, "0003": 36, "0000": 20}))
    told = why(results, look=lambda trial: kept(results, trial))
    second, default = told.rivals
    assert (second.roles, second.trial.id) == (("second",), "0003")
    assert (default.roles, default.trial.id) == (("default",), "0000")
    assert (second.paired.wins, second.paired.losses, second.paired.p) == (2, 0, 0.5)
    assert (default.paired.wins, default.paired.is_sure) == (18, True)
    assert (second.ahead_from, second.common) == (2, 2)  # 0.7 against 0.85 at first
    assert (default.ahead_from, default.common) == (1, 2)
    document = why_document(results, told)
    assert document["against"][0]["values"] == [0.9, 0.86]
    assert document["against"][1]["paired"]["test"] == "McNemar"


def test_further_seeds_are_compared_where_both_have_them(run):
    values = {"0001": (0.80, 0.82), "0003": (0.84, 0.86), "0002": (0.7, 0.7)}
    opened(run).tell_apart(executor=Again(values))
    told = why(opened(run), look=lambda trial: None)
    second, default = told.rivals
    assert (told.winner.id, second.trial.id) == ("0003", "0001")
    assert (second.seeds.p, second.seeds.n_deals) == (pytest.approx(1 / 3), 6)
    assert default.seeds is None
    assert "not looked at" in second.reason


def test_one_that_is_second_and_the_default_is_told_of_once(tmp_path):
    search = Recorded(tmp_path / "run")
    search.trial(0.5)
    search.trial(0.6)
    (rival,) = why(opened(search.finish()), look=lambda trial: None).rivals
    assert rival.roles == ("second", "default")


def test_a_winner_without_rivals_and_no_winner(tmp_path):
    search = Recorded(tmp_path / "run")
    assert why(opened(search), look=lambda trial: None) is None
    search.trial(0.5)
    assert why(opened(search.finish()), look=lambda trial: None).rivals == ()


def test_what_cannot_be_seen_ends_nothing_and_says_why(run):
    results = opened(run)
    executor = Sees({"0001": 1, "0003": 1, "0000": 1}, fails=["0003"])
    keep_outcomes(results, executor=executor)
    assert kept(results, results.trial("1")) is not None
    assert kept(results, results.trial("0")) is not None  # looked at all the same
    assert kept(results, results.trial("3")) is None
    assert look(results, results.trial("3"), executor=executor) == "it raised ValueError: no"


def test_a_file_that_is_broken_or_of_another_epoch_is_none(run):
    results = opened(run)
    keep_outcomes(results, executor=Sees({"0001": 1, "0003": 1, "0000": 1}))
    file = run.run_dir.path / FOLDER / "0001.json"
    whole = file.read_text()
    for text in (whole.replace('"epoch":2', '"epoch":1'), whole[:40], "[]", "{}"):
        file.write_text(text)
        assert kept(results, results.trial("1")) is None
    executor = Sees({"0001": 1, "0003": 1, "0000": 1})
    keep_outcomes(results, executor=executor)
    assert executor.seen == ["0001"]


def test_other_examples_are_not_compared():
    def seen(examples, n=4):
        return Kept(trial="0", epoch=1, examples=examples, losses=np.ones(n), right=None)

    assert "same examples" in compared(seen(1), seen(2), metric="val/loss")
    assert "same examples" in compared(seen(1), seen(1, n=5), metric="val/loss")
    assert isinstance(compared(seen(1), seen(1), metric="val/loss"), Paired)


def test_the_best_of_each_family_is_compared(tmp_path):
    search = Recorded(tmp_path / "run", model=["mlp", "cnn"], space={})
    families = []
    for value in (0.5, 0.6, 0.7, 0.8, 0.55, 0.75):
        families.append(search.trial(value).configuration["model"])
    assert set(families) == {"mlp", "cnn"}
    results = opened(search.finish())
    (before,) = family_tests(results)
    assert (before.paired, before.is_sure) == (None, False)
    right = dict.fromkeys(results.state.trials, 10)
    right[before.best.best.id] = 38
    keep_outcomes(results, executor=Sees(right))
    (test,) = family_tests(results)
    assert (test.paired.test, test.paired.wins, test.is_sure) == ("McNemar", 28, True)
    first, second = results.to_json()["families"]
    assert first["paired"] is None
    assert second["paired"]["against"] == first["family"]
    assert second["paired"]["p_of_all"] == test.paired.p


def test_the_second_is_no_other_training_of_the_winner():
    winner, again = trained(3, 40, 0.9), trained(5, 40, 0.8, kind="repeat", of="0003")
    order = [winner, again, trained(4, 40, 0.7), trained(2, 60, 0.6)]
    found = SimpleNamespace(
        winner=winner,
        order=lambda: iter(order),
        select=lambda trials: SimpleNamespace(winner=next(iter(trials), None)),
    )
    assert second(found).id == "0004"  # alike by chance: nobody repeated it
    order[2] = trained(4, 40, 0.7, kind="repeat", of="0003")
    assert second(found).id == "0002"
    order[:] = order[:3]
    assert second(found) is None
