"""A worker takes trial after trial, and gets ready ahead of them; without Ray being started."""

from __future__ import annotations

import copy
import pickle
import threading

import pytest

from raysearch.forking import template
from raysearch.tuning.messages import read_message
from raysearch.tuning.worker import EXAMPLE, JOB, RULES, TrialWorker, WorkerConfig, WorkerRules
from tests.nets import make_job

pytestmark = pytest.mark.timeout(120)  # the first fit imports what optimisers need


def config(job, *, key=JOB, **rules):
    return WorkerConfig({key: job, RULES: WorkerRules(**rules)})


def worker_of(worker):
    """Let a trial begin, and return the process that trains it."""
    kind, content = read_message(worker.train())
    assert kind == "started"
    return content["worker"]


def test_what_ray_tune_adds_is_not_sent(tmp_path):
    given = config(make_job(tmp_path))
    given["__trial_info__"] = object()
    sent = pickle.loads(pickle.dumps(copy.deepcopy(given)))
    assert type(sent) is WorkerConfig
    assert sent == given
    assert set(sent) == {JOB, RULES}


def test_a_worker_that_gets_ready_says_so_and_then_takes_trials(tmp_path):
    worker = TrialWorker(config(make_job(tmp_path), key=EXAMPLE))
    assert worker.train()["kind"] == "ready"
    assert worker.reset(config(make_job(tmp_path), key=EXAMPLE))
    assert worker.train()["kind"] == "ready"
    assert worker.reset(config(make_job(tmp_path)))
    worker_of(worker)
    assert worker.train()["kind"] == "measured"
    worker.stop()


def test_after_a_failure_the_next_trial_gets_a_new_fork_and_without_forks_is_refused(tmp_path):
    wrong, right = make_job(tmp_path / "1", model_class="tests.nets:NoSuchNet"), make_job(tmp_path)
    with template(modules=["raysearch.training.fit", "pytorch_lightning"]) as address:
        worker = TrialWorker(config(wrong, template=address))
        first = worker_of(worker)
        assert worker.train()["kind"] == "failed"
        assert worker.reset(config(right, template=address))
        assert worker_of(worker) != first
        worker.stop()
    alone = TrialWorker(config(wrong))
    worker_of(alone)
    assert alone.train()["kind"] == "failed"
    assert not alone.reset(config(right))
    assert alone.reset(config(right, ends_after_exception=False))
    alone.stop()


def fits():
    """Return the threads that train, those of other tests among them."""
    return {thread for thread in threading.enumerate() if thread.name == "raysearch-fit"}


def test_a_trial_is_left_before_the_next_one_is_there(tmp_path):
    before = fits()
    worker = TrialWorker(config(make_job(tmp_path / "1", max_epochs=100)))
    worker_of(worker)
    assert worker.train()["kind"] == "measured"
    assert len(fits() - before) == 1
    for _ in range(2):
        worker.leave()
        assert fits() == before
    assert worker.reset(config(make_job(tmp_path / "2")))
    worker_of(worker)
    assert read_message(worker.train())[1]["measurement"].epoch == 1
    worker.stop()


def test_what_spoils_a_process_as_it_leaves_a_trial_is_known_at_the_next_one(tmp_path, monkeypatch):
    worker = TrialWorker(config(make_job(tmp_path / "1", max_epochs=100)))
    worker_of(worker)
    monkeypatch.setattr(worker._fits, "abort", iter([False, True, True]).__next__)
    worker.leave()
    assert not worker.reset(config(make_job(tmp_path / "2")))
    monkeypatch.undo()
    worker.stop()
