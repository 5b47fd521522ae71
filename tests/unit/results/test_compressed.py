"""What does a compressed form of the winner mean for the test, and for what lies in winner/?"""

from __future__ import annotations

import pytest

from raysearch.results import Results
from raysearch.results.winner_folder import COMPRESSED
from raysearch.run_dir import events as ev
from tests.recorded import Bytes


class Smaller(Bytes):
    """Reaches less with the compressed form."""

    def evaluate(self, job, *, checkpoint, split):
        values = super().evaluate(job, checkpoint=checkpoint, split=split)
        is_small = checkpoint.suffix == ".onnx"
        return {"test/accuracy": 0.5} if is_small else values


def compress(search, *, size_bytes=3):
    """Record a compressed form, as `compress` does."""
    file = search.run_dir.path / COMPRESSED
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"abc")
    results = Results.open(search.run_dir.path)
    with results.recording() as record:
        record(
            ev.Compressed(
                at=5.0,
                trial=results.winner.id,
                path=COMPRESSED,
                size_bytes=size_bytes,
                original_bytes=12,
                recipe={"method": "none", "int8": "static"},
                values={"val/accuracy": 0.75},
                original={"val/accuracy": 0.9},
                seconds=1.0,
            )
        )


@pytest.fixture
def handed(search):
    search.trial(0.5, 0.6)
    search.trial(0.7, 0.9)
    search.finish()
    Results.open(search.run_dir.path).refit(executor=Bytes())
    return search


def outcome_of(search, **settings):
    return Results.open(search.run_dir.path).test(executor=Smaller(), **settings)


def openings(search):
    return [e for e in search.run_dir.events() if isinstance(e, ev.TestOpened)]


def test_both_meet_the_test_split_in_one_opening(handed):
    compress(handed)
    outcome = outcome_of(handed)
    assert outcome.values == {"test/accuracy": 0.75}
    assert outcome.compressed == {"test/accuracy": 0.5}
    assert outcome.note == ""
    assert len(openings(handed)) == 1
    entry = Results.open(handed.run_dir.path).to_json()["winner"]["compressed"]
    assert entry["test"] == {"test/accuracy": 0.5}
    assert (entry["size_bytes"], entry["original_bytes"]) == (3, 12)


def test_a_form_made_after_the_opening_has_no_result_unless_forced(handed):
    outcome_of(handed)
    compress(handed)
    outcome = outcome_of(handed)
    assert outcome.values == {"test/accuracy": 0.75}
    assert outcome.compressed is None
    assert outcome.note == (
        "its compressed form was made after the test split was opened, and not tested. To open it "
        "again for both, which is recorded: python -m raysearch test "
        f"{handed.run_dir.path} --force"
    )
    assert len(openings(handed)) == 1
    assert outcome_of(handed, force=True).compressed == {"test/accuracy": 0.5}
    assert [opening.forced for opening in openings(handed)] == [False, True]


def test_another_form_has_no_result_of_the_one_before(handed):
    compress(handed)
    outcome_of(handed)
    compress(handed, size_bytes=2)
    assert outcome_of(handed).compressed is None


def test_a_form_whose_file_has_changed_is_not_tested(handed):
    compress(handed, size_bytes=4)
    outcome = outcome_of(handed)
    assert (outcome.values, outcome.compressed) == ({"test/accuracy": 0.75}, None)


def test_a_winner_that_is_trained_again_has_no_compressed_form(handed):
    compress(handed)
    results = Results.open(handed.run_dir.path)
    results.refit(executor=Bytes(), again=True)
    assert not (handed.run_dir.path / COMPRESSED).exists()
