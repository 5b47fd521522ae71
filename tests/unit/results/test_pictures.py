"""Are the winner's pictures beside its model, and is nothing lost where they cannot be?"""

from __future__ import annotations

import logging

import pytest

from raysearch.errors import RunDirectoryError, TrialFailed
from raysearch.results import LocalExecutor, Results
from raysearch.run_dir import events as ev
from tests.recorded import Bytes, Recorded


@pytest.fixture
def ended(search):
    search.trial(0.5, 0.6)
    search.trial(0.7, 0.9)
    return search.finish()


class Draws(Bytes):
    def __init__(self, **pictures):
        super().__init__()
        self.pictures = pictures


class Fails(Bytes):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def draw(self, job, *, checkpoint):
        raise self.error


def refitted(search, executor, **wish):
    return Results.open(search.run_dir.path).refit(executor=executor, **wish)


def pictures_in(search):
    folder = search.run_dir.path / "winner" / "pictures"
    return {path.name: path.read_bytes() for path in folder.glob("*")}


def test_pictures_are_files_beside_the_model(ended):
    refitted(ended, Draws(samples=b"one", other=b"two"))
    assert pictures_in(ended) == {"samples.png": b"one", "other.png": b"two"}


def test_those_of_an_earlier_winner_are_taken_away(ended):
    refitted(ended, Draws(samples=b"one", other=b"two"))
    refitted(ended, Draws(samples=b"three"), trial="0000")
    assert pictures_in(ended) == {"samples.png": b"three"}
    refitted(ended, Bytes(), trial="0001")
    assert pictures_in(ended) == {}


def test_they_are_there_before_the_journal_says_that_the_winner_is(ended):
    class Looks(Draws):
        def draw(self, job, *, checkpoint):
            kinds = {type(event) for event in ended.run_dir.events()}
            assert ev.Refitted not in kinds
            assert checkpoint.read_bytes() == b"model of 0001"
            return super().draw(job, checkpoint=checkpoint)

    refitted(ended, Looks(samples=b"one"))
    assert pictures_in(ended) == {"samples.png": b"one"}


@pytest.mark.parametrize("error", [TrialFailed("it raised"), OSError("no room"), ValueError("odd")])
def test_a_fault_is_said_and_costs_nothing_else(ended, caplog, error):
    with caplog.at_level(logging.WARNING):
        model = refitted(ended, Fails(error))
    assert model.refit
    assert pictures_in(ended) == {}
    (line,) = [r.getMessage() for r in caplog.records if "pictures" in r.getMessage()]
    assert line == f"the winner, trial 0001, has no pictures: {error}. Nothing else is lost."


def test_nothing_is_written_through_a_link_that_leads_out(ended, caplog, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (ended.run_dir.path / "winner").mkdir()
    (ended.run_dir.path / "winner" / "pictures").symlink_to(outside)
    with caplog.at_level(logging.WARNING):
        assert refitted(ended, Draws(samples=b"one")).refit
    assert list(outside.iterdir()) == []
    assert "leads out of the run directory" in caplog.text
    assert isinstance(RunDirectoryError(""), OSError)


@pytest.mark.timeout(120)  # imports torch and Lightning, and trains
def test_a_real_winner_draws_what_it_has_learnt(tmp_path):
    search = Recorded(
        tmp_path / "run",
        data={"name": "digits", "args": {"task": "density"}},
        model="vae",
        space={"width": 16, "latent_size": 4},
        objective="val/bits_per_dim",
    )
    search.trial(3.0)
    search.finish()
    results = Results.open(tmp_path / "run")
    results.refit(executor=LocalExecutor())
    found = pictures_in(search)
    assert set(found) == {"samples.png", "reconstructions.png", "traversals.png"}
    assert all(data.startswith(b"\x89PNG") for data in found.values())
    assert results.test(executor=LocalExecutor()).values["test/bits_per_dim"] < 4.1
