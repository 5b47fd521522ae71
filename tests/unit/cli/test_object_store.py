"""What is wrong with a place in an object store is one message, before anything is started."""

from __future__ import annotations

import json

import pytest

from raysearch.cli.main import main
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from raysearch.run_dir.remote import mirrors
from tests.object_store import BUCKET, in_environment, running_store

EXPERIMENT = """\
name: small
data: digits
model: mlp
objective: val/accuracy
fidelity: {max_epochs: 1}
budget: {trials: 1}
"""

READ_ONLY = {
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


@pytest.fixture(scope="module")
def store():
    with running_store() as store, in_environment(store.environment):
        store.client().put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(READ_ONLY))
        yield store


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch, store):
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(mirrors, "_mirrors", {})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(EXPERIMENT)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("s3://no-such-bucket/runs", "there is no bucket no-such-bucket"),
        (f"s3://{BUCKET}/read-only", "does not allow this to these credentials"),
        ("hdfs://lab/runs", "is in no store that raysearch knows"),
    ],
)
@pytest.mark.parametrize("option", ["--storage", "--run-dir"])
def test_a_place_that_cannot_be_used_is_wrong_use(place, said, option, capsys):
    assert main(["run", "small.yaml", option, place]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert place in err
    assert "Traceback" not in err


def test_missing_credentials_are_wrong_use(capsys, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1")  # no role of this machine
    assert main(["run", "small.yaml", "--storage", f"s3://{BUCKET}/runs"]) == 2
    assert "there are no credentials for it on this machine" in capsys.readouterr().err


def test_a_run_that_is_not_there_is_said_with_where_to_look(capsys):
    assert main(["results", f"s3://{BUCKET}/runs/digits-1"]) == 2
    err = capsys.readouterr().err
    assert f"s3://{BUCKET}/runs/digits-1 holds no search" in err
    assert f"list runs --storage s3://{BUCKET}/runs" in err


def test_a_place_that_is_taken_is_refused(capsys):
    place = f"s3://{BUCKET}/runs/taken"
    started = ev.SearchStarted(
        at=1.0,
        settings={"objective": {"metric": "val/accuracy", "direction": "maximize"}},
        space={},
        versions={},
    )
    with RunDir(place).writing() as journal:
        journal.append([started])
    assert main(["run", "small.yaml", "--run-dir", place]) == 2
    err = capsys.readouterr().err
    assert f"--run-dir {place} holds a search already" in err
    assert f"python -m raysearch resume {place}" in err
