"""A request to stop reaches the driver at work, once, and no other."""

from __future__ import annotations

import pytest

from raysearch.errors import RunDirectoryError
from raysearch.run_dir import RunDir


def test_a_request_is_seen_by_the_driver_at_work_and_ends_with_its_session(tmp_path):
    run_dir = RunDir(tmp_path)
    with run_dir.writing():
        assert not run_dir.is_stop_requested()
        for _ in range(2):  # safe to repeat
            RunDir(tmp_path).request_stop()
        assert run_dir.is_stop_requested()
        assert RunDir(tmp_path).remove_orphans([]) == []
        assert run_dir.is_stop_requested()
    assert not run_dir.is_stop_requested()
    assert list(tmp_path.iterdir()) == []


def test_a_request_that_is_left_over_does_not_stop_the_next_session(tmp_path):
    run_dir = RunDir(tmp_path)
    run_dir.storage.put("stop", b"")  # its driver was killed
    with run_dir.writing():
        assert not run_dir.is_stop_requested()


def test_where_nobody_is_at_work_there_is_nothing_to_stop(tmp_path):
    with pytest.raises(RunDirectoryError, match=r"nobody-1, so there is nothing to stop.*`resume`"):
        RunDir(tmp_path / "nobody-1").request_stop()
    assert list(tmp_path.iterdir()) == []


def test_a_request_that_cannot_be_withdrawn_is_said_and_the_lease_given_back(tmp_path):
    run_dir = RunDir(tmp_path)
    (tmp_path / "stop").mkdir()  # deleting it as a file fails, even for root
    with (
        pytest.raises(RunDirectoryError, match=rf"{tmp_path}/stop is a folder.*Move it"),
        run_dir.writing(),
    ):
        pytest.fail("the session began")
    assert run_dir.lease().holder(tmp_path) is None


def test_a_request_to_another_driver_is_left_alone(tmp_path, monkeypatch):
    run_dir = RunDir(tmp_path)
    with run_dir.writing():
        monkeypatch.setattr("raysearch.run_dir.lease.EXPIRES_AFTER_S", -1.0)  # after a long sleep
        (tmp_path / "lease.json").unlink()
        run_dir.storage.put("stop", b"")
    assert run_dir.is_stop_requested()


def test_a_disk_that_is_full_is_said(tmp_path, monkeypatch):
    run_dir = RunDir(tmp_path)

    def fail(key, data):
        raise OSError(28, "No space left on device")

    with run_dir.writing():
        monkeypatch.setattr(run_dir.storage, "put", fail)
        with pytest.raises(RunDirectoryError, match=r"No space left on device\. Make room"):
            run_dir.request_stop()
