"""A run directory in an object store: one driver, files where they are asked for by their path."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path

import pytest

from raysearch.errors import RunDirectoryError
from raysearch.results.winner_folder import MODEL, NEXT, install
from raysearch.run_dir import Lease, RunDir
from raysearch.run_dir import events as ev
from raysearch.run_dir.remote import evicting
from raysearch.run_dir.remote.client import StoreClient
from raysearch.run_dir.remote.mirrors import brought, local_copy, mirror_above, place_of
from raysearch.run_dir.remote.retrying import Retrying
from raysearch.run_dir.remote.session import Seldom
from raysearch.training.checkpoints import add_checkpoint
from tests.object_store import BUCKET

STARTED = ev.SearchStarted(
    at=1.0,
    settings={"objective": {"metric": "val/loss", "direction": "minimize"}},
    space={},
    versions={},
)
CREATED = ev.TrialCreated(at=2.0, trial="0000", number=0, configuration={"x": 1}, origin={})


def test_the_journal_is_in_the_store_alone(place, machine):
    run = RunDir(place)
    assert not run.has_search()
    with run.writing() as journal:
        journal.append([STARTED])
        journal.append([CREATED])
        assert list(RunDir(place).events()) == [STARTED, CREATED]
    machine("second")
    elsewhere = RunDir(Path(place))  # which has lost a slash
    assert str(elsewhere) == place
    assert elsewhere.has_search()
    assert list(elsewhere.events()) == [STARTED, CREATED]
    with elsewhere.writing() as journal:
        journal.append([ev.SearchEnded(at=3.0, status="finished")])
    assert len(list(RunDir(place).events())) == 3
    assert list(RunDir(place).storage.keys("journal")) == [
        "journal/000001.jsonl",
        "journal/000002.jsonl",
    ]


def test_a_new_winner_leaves_no_file_of_its_refit_in_the_store(place):
    run = RunDir(place)
    with run.writing():
        path = run.path / NEXT
        path.parent.mkdir()
        path.write_bytes(b"weights")
        run.bring(NEXT)  # as the process does that trained it
        assert install(run, path) == 7
    assert list(RunDir(place).storage.keys("winner")) == [MODEL]
    assert RunDir(place).storage.read(MODEL) == b"weights"


def test_a_second_driver_is_refused(place, machine):
    with RunDir(place).writing():
        machine("second")
        with (
            pytest.raises(RunDirectoryError, match=rf"{place} is in use by process {os.getpid()}"),
            RunDir(place).writing(),
        ):
            pass
    with RunDir(place).writing():
        pass
    assert Lease.holder(RunDir(place).path) is None


def lease_of(host, *, age_s):
    lease = {"token": "other", "host": host, "pid": 4, "birth": "1", "renewed_at": time.time()}
    return json.dumps({**lease, "renewed_at": time.time() - age_s}).encode()


def test_a_driver_that_died_on_another_node_is_followed(place, machine):
    run = RunDir(place)
    run.storage.put("lease.json", lease_of("a-node-far-away", age_s=5))
    with pytest.raises(RunDirectoryError, match="a-node-far-away"), run.writing():
        pass
    run.storage.put("lease.json", lease_of("a-node-far-away", age_s=31))
    with run.writing() as journal:
        journal.append([STARTED])
        lease = json.loads(run.storage.read("lease.json"))
        assert lease["host"] == socket.gethostname()


def test_of_two_that_take_a_lease_at_once_one_has_it(place, machine):
    class Late(Lease):
        """Sees that nobody holds the lease, and is late with its own."""

        def _write(self):
            if not others:
                others.append(Lease(self._root))
                others[0].acquire()
            super()._write()

    others = []
    with pytest.raises(RunDirectoryError, match="in use by process"):
        Late(RunDir(place).path).acquire()
    assert others[0].is_held()
    others[0].release()


def test_a_driver_whose_lease_was_taken_writes_no_more(place, machine):
    run = RunDir(place)
    with run.writing() as journal:
        journal.append([STARTED])
        run.storage.put("lease.json", lease_of("a-node-far-away", age_s=0))
        lease = journal._is_ours.__self__
        lease._renew_once()
        with pytest.raises(RunDirectoryError, match="another process took the run directory over"):
            journal.append([CREATED])
    assert list(run.events()) == [STARTED]
    assert b"a-node-far-away" in run.storage.read("lease.json")


def test_checkpoints_go_to_the_store_and_come_back_elsewhere(place, machine):
    run = RunDir(place)
    made = add_checkpoint(
        lambda path: path.write_bytes(b"weights"), directory=run.trial("0007"), epoch=9
    )
    assert (made.path, made.size_bytes) == ("epoch-0009.ckpt", 7)
    second = machine("second")
    path = RunDir(place).trial("0007") / made.path
    assert not path.exists()
    assert local_copy(path) == path
    assert path.read_bytes() == b"weights"
    assert path.is_relative_to(second)
    assert RunDir(place).size_of("trials/0007/epoch-0009.ckpt") == 7
    assert RunDir(place).size_of("trials/0007/epoch-0010.ckpt") is None


def test_a_checkpoint_never_takes_the_place_of_another_machines(place, machine):
    run = RunDir(place)
    add_checkpoint(lambda p: p.write_bytes(b"first"), directory=run.trial("0007"), epoch=9)
    machine("second")
    run = RunDir(place)
    made = add_checkpoint(lambda p: p.write_bytes(b"second"), directory=run.trial("0007"), epoch=9)
    assert made.path == "epoch-0009-2.ckpt"
    assert run.storage.read("trials/0007/epoch-0009.ckpt") == b"first"
    assert run.storage.read("trials/0007/epoch-0009-2.ckpt") == b"second"


def test_a_checkpoint_that_was_sent_is_not_one_that_was_asked_for(place):
    run = RunDir(place)
    trial = run.trial("0007")
    made = add_checkpoint(lambda path: path.write_bytes(b"w"), directory=trial, epoch=1)
    sent = (trial / made.path).stat()
    assert sent.st_atime_ns <= sent.st_mtime_ns
    local_copy(trial / made.path)
    assert (trial / made.path).stat().st_atime_ns > sent.st_mtime_ns


def test_a_checkpoint_that_had_to_go_comes_back_when_it_is_asked_for(place, machine, monkeypatch):
    monkeypatch.setenv(evicting.LIMIT, "0")
    for name in ("WRITTEN_S", "READ_S", "LOOK_EVERY_S"):
        monkeypatch.setattr(evicting, name, -1.0)
    run = RunDir(place)
    trial = run.trial("0007")
    for epoch in (1, 2):
        add_checkpoint(lambda path: path.write_bytes(b"w"), directory=trial, epoch=epoch)
    assert not list(trial.glob("*.ckpt"))
    assert run.size_of("trials/0007/epoch-0001.ckpt") == 1
    monkeypatch.delenv(evicting.LIMIT)
    assert local_copy(trial / "epoch-0001.ckpt").read_bytes() == b"w"
    made = add_checkpoint(lambda path: path.write_bytes(b"w2"), directory=trial, epoch=2)
    assert made.path == "epoch-0002-2.ckpt"  # the store has the other one


def test_files_that_changed_come_anew_and_those_written_here_stay(place, machine):
    run = RunDir(place)
    run.storage.put("winner/model.ckpt", b"one")
    machine("second")
    elsewhere = RunDir(place)
    path = elsewhere.fetched("winner/model.ckpt")
    assert path.read_bytes() == b"one"
    machine("first")
    RunDir(place).storage.put("winner/model.ckpt", b"two")
    machine("second")
    assert RunDir(place).fetched("winner/model.ckpt").read_bytes() == b"two"
    path.write_bytes(b"mine, not uploaded yet")
    assert RunDir(place).fetched("winner/model.ckpt").read_bytes() == b"mine, not uploaded yet"


def test_what_is_written_by_its_path_comes_to_the_store(place, machine):
    run = RunDir(place)
    with run.writing() as journal:
        (run.path / "tensorboard" / "0000").mkdir(parents=True)
        curve = run.path / "tensorboard" / "0000" / "events.out.tfevents.1"
        curve.write_bytes(b"one ")
        (run.path / "winner").mkdir()
        (run.path / "winner" / "model.ckpt").write_bytes(b"weights")
        journal.append([STARTED, CREATED])
        refitted = ev.Refitted(
            at=3.0, trial="0000", epochs=1, path="winner/model.ckpt", size_bytes=7, seconds=1.0
        )
        journal.append([refitted])  # in front of which its file is brought
        assert run.storage.read("winner/model.ckpt") == b"weights"
    assert run.storage.read("tensorboard/0000/events.out.tfevents.1") == b"one "
    assert not run.storage.exists("lease.json")
    machine("second")
    elsewhere = RunDir(place)
    elsewhere.fetch_below("tensorboard")
    here = elsewhere.path / "tensorboard" / "0000" / "events.out.tfevents.1"
    with here.open("rb") as reader:  # as TensorBoard has it open
        assert reader.read() == b"one "
        machine("first")
        curve.write_bytes(b"one two ")
        with RunDir(place).writing():
            pass
        machine("second")
        RunDir(place).fetch_below("tensorboard")
        assert reader.read() == b"two "


def test_a_path_in_a_mirror_is_said_as_an_address(place, machine, tmp_path):
    run = RunDir(place)
    assert place_of(run.trial("0007")) == f"{place}/trials/0007"
    assert place_of(tmp_path / "runs") == str(tmp_path / "runs")
    assert mirror_above(tmp_path / "runs" / "a") is None
    assert brought(tmp_path / "nothing")


def test_a_folder_inside_is_a_run_directory_of_its_own(place, machine):
    inner = RunDir(RunDir(place).path / "compress" / "1")
    assert str(inner) == f"{place}/compress/1"
    inner.storage.put("about.json", b"{}")
    assert RunDir(place).storage.read("compress/1/about.json") == b"{}"


def test_orphans_are_removed_in_the_store(place, machine):
    run = RunDir(place)
    for epoch in (1, 2):
        add_checkpoint(lambda p: p.write_bytes(b"w"), directory=run.trial("0000"), epoch=epoch)
    kept = "trials/0000/epoch-0002.ckpt"
    assert run.remove_orphans({kept}) == ["trials/0000/epoch-0001.ckpt"]
    assert list(run.storage.keys("trials")) == [kept]
    assert not (run.path / "trials/0000/epoch-0001.ckpt").exists()


def test_stop_is_seen_within_seconds(place, machine):
    run = RunDir(place)
    with pytest.raises(RunDirectoryError, match=rf"no search is running in {place}"):
        run.request_stop()
    with run.writing():
        RunDir(place).request_stop()
        look = Seldom(lambda: run.storage.exists("stop"), every_s=0)
        look()
        look._thread.join()
        assert look()
    assert not run.storage.exists("stop")


def test_a_store_that_is_restarted_is_waited_for(place, machine, store):
    run = RunDir(place)
    pauses = []

    def wait(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            store.start()

    objects = Retrying(StoreClient(run.mirror.address), name="s3://lab", sleep=wait)
    objects.put("a", b"1")
    store.stop()
    objects.put("b", b"2")
    assert objects.get("b")[0] == b"2"
    assert objects.get("a")[0] == b"1"
    assert len(pauses) == 3


def test_a_bucket_that_is_not_there_is_said(machine, store):
    for doing in (RunDir.has_search, RunDir.refuse_if_unusable):
        with pytest.raises(RunDirectoryError, match="there is no bucket no-such-bucket"):
            doing(RunDir("s3://no-such-bucket/runs/digits-1"))


def test_missing_credentials_are_said(place, machine, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1")  # no role of this machine
    with pytest.raises(RunDirectoryError, match=r"no credentials .*AWS_ACCESS_KEY_ID"):
        RunDir(place).refuse_if_unusable()


def test_a_read_only_bucket_is_said_before_anything_starts(place, machine, store):
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": ["s3:PutObject", "s3:DeleteObject"],
                "Resource": f"arn:aws:s3:::{BUCKET}/read-only/*",
            }
        ],
    }
    store.client().put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    try:
        with pytest.raises(RunDirectoryError, match=r"does not allow this .*reads, lists, writes"):
            RunDir(f"s3://{BUCKET}/read-only/digits-1").refuse_if_unusable()
    finally:
        store.client().delete_bucket_policy(Bucket=BUCKET)


def test_a_usable_bucket_is_left_as_it_was(place, machine):
    run = RunDir(place)
    run.refuse_if_unusable()
    assert list(run.storage.keys("")) == []
