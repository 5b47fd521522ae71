"""Does the front reach whatever trains a configuration, and load no more than that needs?"""

from __future__ import annotations

import subprocess
import sys

import pytest

from raysearch.errors import Unsupported
from raysearch.training.run import evaluate, refit, train
from tests.nets import Listener, make_job
from tests.unit.training.plain_job import job_of


def test_lightning_modules_are_trained_refitted_and_evaluated(tmp_path):
    job = make_job(tmp_path, max_epochs=1)
    assert train(job, report=Listener()) == "completed"
    refit(job, epochs=1, path=tmp_path / "model.ckpt")
    assert evaluate(job, checkpoint=str(tmp_path / "model.ckpt"), split="test")["test/loss"] > 0


def test_a_function_can_be_neither_refitted_nor_evaluated(tmp_path):
    job = job_of(tmp_path, model="tests.nets:Net", data="", kind="function")
    with pytest.raises(Unsupported, match="a function that trains by itself"):
        refit(job, epochs=1, path=tmp_path / "model.ckpt")
    with pytest.raises(Unsupported, match="a function that trains by itself"):
        evaluate(job, checkpoint="none", split="test")


CODE = """
import sys
from tests.unit.training.plain_job import job_of
from raysearch.training.run import train
from raysearch.training.warmup import prepare_process
job = job_of(
    sys.argv[1], model="tests.unit.training.plain_function:learn", data="", kind="function"
)
prepare_process(job)
values = []
print(train(job, report=lambda report: values.append(report.measurement.values) or True), values)
print([name for name in ("torch", "lightning", "pytorch_lightning") if name in sys.modules])
"""


def test_a_function_is_trained_without_torch(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", CODE, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["ended early [{'val/loss': 0.125}]", "[]"]
