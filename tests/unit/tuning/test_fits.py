"""Trials train in the worker's process, or in forks of the template, and cannot tell."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from raysearch.forking import template
from raysearch.processes import birth
from raysearch.tuning.fits import ForkedFits, OwnFits, fits
from raysearch.tuning.messages import read_message
from tests.nets import make_job

pytestmark = pytest.mark.timeout(120)  # the first fit imports what optimisers need

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def address():
    with template(modules=["raysearch.training.fit", "pytorch_lightning"]) as found:
        yield found


@pytest.fixture
def forked(address):
    found = ForkedFits(address)
    yield found
    found.close()


def trained(found, job):
    """Return the process that trains a job, and its measurements without times."""
    found.begin(job, objects=None, timeout_s=None)
    kind, content = read_message(found.next_message())
    assert kind == "started"
    values = []
    while (told := read_message(found.next_message()))[0] == "measured":
        values.append((told[1]["measurement"].epoch, dict(told[1]["measurement"].values)))
    assert told == ("ended", {"ending": "completed"})
    assert found.abort()
    return int(content["worker"].rpartition(":")[2]), values


def test_a_fork_trains_as_this_process_does(forked, tmp_path):
    own, forks = OwnFits(), forked
    here, values = trained(own, make_job(tmp_path / "own", max_epochs=2))
    there, same = trained(forks, make_job(tmp_path / "forked", max_epochs=2))
    assert (here == os.getpid(), there == os.getpid()) == (True, False)
    assert values == same
    own_files, forked_files = (
        sorted(p.name for p in (tmp_path / folder).rglob("*.ckpt")) for folder in ("own", "forked")
    )
    assert own_files == forked_files != []


def test_one_fork_trains_one_job_after_another_until_it_is_renewed(forked, tmp_path):
    first, values = trained(forked, make_job(tmp_path / "1"))
    second, again = trained(forked, make_job(tmp_path / "2"))
    assert (first, values) == (second, again)
    assert forked.renew()
    third, once_more = trained(forked, make_job(tmp_path / "3"))
    assert third != first
    assert once_more == values
    assert birth(first) is None


def test_a_fork_that_is_gone_cannot_be_aborted_but_renewed(forked, tmp_path):
    forked.begin(make_job(tmp_path, max_epochs=100), objects=None, timeout_s=None)
    pid = int(read_message(forked.next_message())[1]["worker"].rpartition(":")[2])
    os.kill(pid, signal.SIGKILL)
    assert not forked.abort()
    assert forked.renew()
    assert trained(forked, make_job(tmp_path / "again"))[0] != pid


def test_objects_without_an_import_path_are_given_to_each_fork_once(forked, tmp_path):
    objects = pickle.dumps({"object:Net": __import__("tests.nets", fromlist=["Net"]).Net})
    for number in range(3):
        if number == 2:
            assert forked.renew()
        job = make_job(tmp_path / str(number), model_class="object:Net")
        forked.begin(job, objects=objects, timeout_s=None)
        forked.next_message()
        kind, content = read_message(forked.next_message())
        assert kind == "measured", content
        assert forked.abort()


def test_getting_ready_for_what_cannot_be_trained_raises_nothing(forked, tmp_path):
    wrong = make_job(tmp_path, model_class="tests.nets:NoSuchNet")
    for found in (forked, OwnFits()):
        found.get_ready(wrong, objects=b"no pickle")
        found.begin(wrong, objects=None, timeout_s=None)
        found.next_message()
        assert "NoSuchNet" in read_message(found.next_message())[1]["error"]


def test_objects_that_cannot_be_unpickled_are_the_trials_failure_in_a_fork_too(forked, tmp_path):
    job = make_job(tmp_path, model_class="object:Net")
    objects = b"cno_such_module_at_all\nNet\n."
    errors = []
    for found in (forked, OwnFits()):
        found.get_ready(job, objects=objects)
        found.begin(job, objects=objects, timeout_s=None)
        found.next_message()
        errors.append(read_message(found.next_message())[1]["error"])
    assert errors[0] == errors[1]
    assert "no_such_module_at_all" in errors[0]


def test_the_loss_of_the_fork_is_the_loss_of_the_worker(address, tmp_path):
    code = f"""
        import os, signal
        from pathlib import Path
        from raysearch.tuning.fits import ForkedFits
        from tests.nets import make_job
        found = ForkedFits({address!r})
        found.begin(make_job(Path({str(tmp_path)!r})), objects=None, timeout_s=None)
        worker = found.next_message()["content"].split(":")[-1].split('"')[0]
        print(worker, flush=True)
        found._fork.call("next_message")
        os.kill(found._fork.pid, signal.SIGKILL)
        found.next_message()
        print("still there", flush=True)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, "still there" in done.stdout) == (1, False), done.stderr


def test_where_no_template_answers_this_process_trains(tmp_path):
    assert isinstance(fits(None), OwnFits)
    assert isinstance(fits(str(tmp_path / "nobody.sock")), OwnFits)
    assert not OwnFits().renew()
