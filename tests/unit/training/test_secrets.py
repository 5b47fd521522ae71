"""Does what raysearch writes about a trial that fails hold the variables of its environment?

What the user's own code prints, or puts into the text of its exception, is his.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from raysearch.training.failure import describe_failure
from raysearch.training.log import printed_to
from raysearch.training.run import train
from tests import nets
from tests.nets import Listener, make_job
from tests.recorded import Recorded

SECRET = "hunter2-4711-xyz"


class Connected(nets.Net):
    """Has the secret in an attribute and in local variables when it fails."""

    def on_train_start(self):
        self.connection = {"token": os.environ["SERVICE_TOKEN"]}

    def training_step(self, batch, batch_index):
        token = os.environ["SERVICE_TOKEN"]
        sys.stdout.write("one step\n")
        raise ConnectionError(f"the server refused, after {len(token)} characters")


def test_a_failing_trial_leaves_no_secret_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_TOKEN", SECRET)
    recorded = Recorded(tmp_path / "run")
    folder = recorded.run_dir.trial("0000")
    job = make_job(folder, model=Connected)
    with pytest.raises(ConnectionError) as caught, printed_to(folder / "log.txt"):
        train(job, report=Listener(stop_after=1))
    failure = describe_failure(caught.value)
    (folder / "error.txt").write_text(failure.details, encoding="utf-8")
    recorded.fail(error=failure.summary)
    run = recorded.finish().run_dir
    assert SECRET not in repr(job)
    files = [path for path in run.path.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"000001.jsonl", "log.txt", "error.txt"}
    assert b"one step" in (folder / "log.txt").read_bytes()
    assert b"after 16 characters" in (folder / "error.txt").read_bytes()
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]
