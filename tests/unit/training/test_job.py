"""Does a job travel to a worker as plain data?"""

from __future__ import annotations

import pickle

from raysearch.training.job import Ending, Report
from raysearch.trial import Checkpoint, Measurement
from tests.nets import make_job


def test_jobs_and_reports_can_be_pickled(tmp_path):
    job = make_job(tmp_path, trainer_arguments={"gradient_clip_val": 1.0}, best_before=0.5)
    assert pickle.loads(pickle.dumps(job)) == job
    report = Report(
        measurement=Measurement(epoch=1, step=3, values={"val/loss": None}, seconds=0.5),
        checkpoint=Checkpoint(epoch=1, path="epoch-0001.ckpt", size_bytes=10),
    )
    assert pickle.loads(pickle.dumps(report)) == report


def test_endings_are_the_words_that_are_shown():
    shown = ["completed", "stopped", "ended early", "ended, since weights are not finite"]
    assert [str(ending) for ending in Ending] == shown
