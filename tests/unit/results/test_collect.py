"""Reading a run directory: while it is written, copied elsewhere, and by any name of a trial."""

from __future__ import annotations

import shutil
import time

import pytest

from raysearch.errors import ConfigurationError, RunDirectoryError
from raysearch.results import Results
from raysearch.run_dir import events as ev
from raysearch.trial import SearchStatus
from tests.recorded import Bytes


def test_a_running_search_can_be_read(search):
    search.trial(0.5)
    search.begin(0.9)
    lease = search.run_dir.lease()
    lease.acquire()
    try:
        results = Results.open(search.run_dir.path)
        assert results.status is SearchStatus.RUNNING
        assert results.winner is not None
        assert results.winner.id == "0000"  # the other one is better so far, and not done yet
    finally:
        lease.release()


def test_a_search_whose_driver_is_gone_is_interrupted(search):
    assert Results.open(search.run_dir.path).status is SearchStatus.INTERRUPTED
    search.finish()
    assert Results.open(search.run_dir.path).status is SearchStatus.FINISHED


def test_reading_writes_nothing(search):
    search.trial(0.5)
    before = {p: p.stat().st_mtime_ns for p in search.run_dir.path.rglob("*")}
    results = Results.open(search.run_dir.path)
    assert results.to_json()["status"] == "interrupted"
    assert {p: p.stat().st_mtime_ns for p in search.run_dir.path.rglob("*")} == before


def test_a_copy_of_the_folder_will_do(search, tmp_path):
    search.trial(0.5)
    search.trial(0.9)
    search.finish()
    Results.open(search.run_dir.path).refit(executor=Bytes())
    copy = shutil.copytree(search.run_dir.path, tmp_path / "elsewhere")
    shutil.rmtree(search.run_dir.path)
    results = Results.open(copy)
    assert results.winner is not None
    assert results.winner.id == "0001"
    assert results.model_of(results.winner) is not None
    results.refit(trial="0000", executor=Bytes())
    assert results.test(executor=Bytes()).values == {"test/accuracy": 0.75}


def test_a_copy_without_checkpoints_still_has_its_settled_winner(search):
    search.trial(0.9)
    search.finish()
    Results.open(search.run_dir.path).refit(executor=Bytes())
    shutil.rmtree(search.run_dir.path / "trials")
    results = Results.open(search.run_dir.path)
    assert results.winner is not None
    assert results.to_json()["winner"]["checkpoint"] == "winner/model.ckpt"


def test_the_default_configuration_is_trial_0000(search):
    assert Results.open(search.run_dir.path).default is None
    search.trial(0.5)
    default = Results.open(search.run_dir.path).default
    assert default is not None
    assert default.configuration == search.experiment.space.default()


def test_the_experiment_comes_from_the_journal(search):
    assert Results.open(search.run_dir.path).experiment == search.experiment


@pytest.mark.parametrize("name", ["0001", "1", "01"])
def test_a_trial_is_found_by_id_or_number(search, name):
    search.trial(0.5)
    search.trial(0.6)
    assert Results.open(search.run_dir.path).trial(name).id == "0001"


@pytest.mark.parametrize("name", ["2", "0002", "best", "-1"])
def test_an_unknown_trial_names_those_there_are(search, name):
    search.trial(0.5)
    search.trial(0.6)
    with pytest.raises(ConfigurationError) as raised:
        Results.open(search.run_dir.path).trial(name)
    assert str(raised.value).startswith(f"{name} is not a trial of {search.run_dir.path}. It has ")
    assert "0000 to 0001" in str(raised.value)


def test_a_folder_without_a_search_is_refused(tmp_path):
    with pytest.raises(RunDirectoryError, match="there is no journal"):
        Results.open(tmp_path)


def test_another_writer_in_between_is_seen(search):
    """A second process refits while this one holds older results."""
    search.trial(0.5)
    search.finish()
    mine, theirs = Results.open(search.run_dir.path), Results.open(search.run_dir.path)
    theirs.refit(executor=Bytes())
    executor = Bytes()
    mine.refit(executor=executor)
    assert executor.refits == []


def test_a_folder_that_cannot_be_written_is_said_to_be(search, monkeypatch):
    search.trial(0.5)
    search.finish()

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("raysearch.run_dir.lease.Lease.acquire", refuse)  # root may write anywhere
    with pytest.raises(RunDirectoryError, match=r"small-1 cannot be written: Permission denied"):
        Results.open(search.run_dir.path).refit(executor=Bytes())


def test_a_lost_lease_ends_the_writing(search, monkeypatch):
    monkeypatch.setattr("raysearch.run_dir.lease.RENEW_EVERY_S", 0.01)  # notices it at once
    search.finish()
    with search.run_dir.writing() as journal:
        search.run_dir.storage.delete("lease.json")
        other = search.run_dir.lease()
        other.acquire()
        try:
            with pytest.raises(RunDirectoryError, match=r"another process took the run dir"):
                for _ in range(200):
                    journal.append([ev.TestOpened(at=1.0, trial="0000")])
                    time.sleep(0.01)
        finally:
            other.release()
