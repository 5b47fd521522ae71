"""Is a search held to the checkpoints with which it began, and are others told as what they are?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from raysearch.errors import ConfigurationError
from raysearch.experiment.fingerprints import fingerprinted
from raysearch.init_from import change_of, fingerprint
from raysearch.results import Results
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from raysearch.search import Search
from tests.recorded import Bytes, Recorded

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""The SHA-256 of a file of no bytes (FIPS 180-4)."""


def forget(path):
    path.unlink()


def exchange(path):
    path.write_bytes(b"other weights")


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "old.ckpt"
    path.write_bytes(b"weights")
    return path


@pytest.fixture
def ended(tmp_path, old):
    """A search whose only family begins from a checkpoint, and that has its budget left."""
    search = Recorded(tmp_path / "run", model={"name": "mlp", "init_from": str(old)})
    search.trial(0.5, 0.6)
    return search.finish()


def test_a_fingerprint_is_the_sha_256_of_the_file(tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    assert fingerprint(str(tmp_path / "empty")) == EMPTY
    assert fingerprint(str(tmp_path)) is None
    assert fingerprint(str(tmp_path / "none")) is None


def test_the_journal_says_with_which_files_a_search_began(ended, old):
    started = next(event for event in ended.run_dir.events())
    assert started.fingerprints == {str(old): fingerprint(str(old))}
    results = Results.open(ended.run_dir.path)
    start = results.experiment.bind(results.winner.configuration).init_from
    assert start.sha256 == fingerprint(str(old))
    assert "fingerprints" not in results.state.settings


def test_a_searched_checkpoint_is_recorded_too(tmp_path, old):
    ranges = {"init_from": {"choice": [None, str(old)]}}
    search = Recorded(tmp_path / "run", model="mlp", space=ranges)
    assert search.engine.state.fingerprints == {str(old): fingerprint(str(old))}
    bind = search.experiment.bind
    default = search.experiment.space.default()
    assert bind(default).init_from is None
    tuned = search.experiment.space.complete({**default, "init_from": str(old)})
    assert bind(tuned).init_from.sha256 == fingerprint(str(old))


@pytest.mark.parametrize(
    ("change", "told"),
    [(exchange, "not the file with which the search began"), (forget, "which is gone")],
)
def test_a_search_does_not_go_on_from_another_file_and_says_what_is_kept(ended, old, change, told):
    content = old.read_bytes()
    change(old)
    search = Search.resume(ended.run_dir.path, overrides=["budget.trials=9"])
    with pytest.raises(
        ConfigurationError, match=rf"{told} .*Put that file back.*results "
    ) as error:
        search.run(listeners=[])
    assert fingerprint(str(old)) != EMPTY
    assert str(old) in str(error.value)
    results = Results.open(ended.run_dir.path)
    assert results.winner.id == "0000"
    assert [text for text in results.changed_checkpoints if told in text]
    old.write_bytes(content)
    assert not Results.open(ended.run_dir.path).changed_checkpoints


def test_a_journal_without_fingerprints_is_read_and_the_file_that_is_there_is_recorded(ended, old):
    events = [replace(e, fingerprints={}) for e in ended.run_dir.events() if is_start(e)]
    state = Results.open(ended.run_dir.path).state
    bare = RunDir(ended.run_dir.path.parent / "bare")
    journal = bare.journal()
    journal.append(events)
    journal.close()
    assert Results.open(bare.path).state.fingerprints == {}
    exchange(old)
    search = Search.resume(bare.path)
    assert search.experiment.fingerprints == {str(old): fingerprint(str(old))}
    resumed = ev.SearchResumed(at=9e9, settings={}, fingerprints={str(old): EMPTY, "new": EMPTY})
    state.apply(resumed)
    # what is known stays, and what is new is added
    assert state.fingerprints == {str(old): state.fingerprints[str(old)], "new": EMPTY}
    assert state.fingerprints[str(old)] != EMPTY


def is_start(event):
    return isinstance(event, ev.SearchStarted)


@pytest.mark.timeout(60)  # builds model and data as a refit does, which imports Lightning
def test_a_refit_from_another_file_is_refused_and_the_best_checkpoint_taken(ended, old):
    exchange(old)
    model = Results.open(ended.run_dir.path).refit()
    assert (model.refit, model.is_refused) == (False, True)
    assert "not the file with which the search began" in model.reason
    assert (ended.run_dir.path / model.path).is_file()


def test_what_was_trained_is_tested_and_a_changed_file_is_told(ended, old, monkeypatch, capsys):
    from raysearch.cli.main import main

    monkeypatch.setattr("raysearch.results.collect.LocalExecutor", Bytes)
    Results.open(ended.run_dir.path).refit(executor=Bytes())
    assert main(["test", str(ended.run_dir.path)]) == 0
    assert "init_from" not in capsys.readouterr().err
    forget(old)
    assert main(["test", str(ended.run_dir.path)]) == 0
    assert "which is gone" in capsys.readouterr().err


def test_what_is_known_stays_and_what_cannot_be_read_is_not_known(ended, old):
    known = {str(old): EMPTY}
    assert fingerprinted(ended.experiment, known=known).fingerprints == known
    forget(old)
    assert fingerprinted(ended.experiment, known={}).fingerprints == {}
    assert not change_of(str(Path("anything")), sha256=None)
