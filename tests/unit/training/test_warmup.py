"""Is a process ready once it was prepared?"""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import gc, logging, sys, time
from raysearch.training.warmup import prepare_process, release_memory
assert "torch" not in sys.modules
prepare_process()
prepare_process()
assert gc.isenabled()
print(gc.get_freeze_count() > 100_000, "torch._dynamo" in sys.modules)
print(logging.getLogger("pytorch_lightning.utilities.rank_zero").isEnabledFor(logging.INFO))
before = set(sys.modules)
import torch
from tests.nets import Listener, Net, make_job
from raysearch.training.fit import train
import weakref, tempfile
alive = []
class Watched(Net):
    def __init__(self):
        super().__init__()
        alive.append(weakref.ref(self))
with tempfile.TemporaryDirectory() as folder:
    print(train(make_job(folder, model=Watched, max_epochs=1), report=Listener()))
kept, looked_at = gc.get_freeze_count(), len(gc.get_objects())
release_memory()
print(alive[0]() is None)
print(gc.get_freeze_count() > kept, len(gc.get_objects()) < looked_at / 10)
kept = gc.get_freeze_count()
release_memory()
print(gc.get_freeze_count() <= kept)  # what a later trial leaves is never kept
late = {name.split(".")[0] for name in set(sys.modules) - before}
print(sorted(late & {"scipy", "sympy", "torchmetrics", "pytorch_lightning", "sklearn"}))
"""


@pytest.mark.timeout(120)  # imports torch and Lightning in a new process
def test_a_prepared_process_has_all_it_needs_and_lets_go_of_models():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", CODE], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        *("True True", "False", "completed", "True", "True True", "True", "[]")
    ]


LIGHTNING = """
import sys
from tests.unit.training.plain_job import job_of
from raysearch.training.warmup import prepare_process
prepare_process(job_of("unused", model="tests.other_nets:Net", data="tests.other_nets:Data"))
before = set(sys.modules)
import torch, tempfile, logging
from tests.unit.training.plain_job import job_of
from raysearch.training.run import evaluate, refit, train
with tempfile.TemporaryDirectory() as folder:
    job = job_of(folder, model="tests.other_nets:Net", data="tests.other_nets:Data")
    print(train(job, report=lambda report: True))
    late = {name.split(".")[0] for name in set(sys.modules) - before}
    print(sorted(evaluate(job, checkpoint=folder + "/epoch-0002.ckpt", split="test")))
print(logging.getLogger("lightning.pytorch.utilities").isEnabledFor(logging.INFO))
print(sorted(late & {"lightning", "pytorch_lightning", "torchmetrics", "scipy", "sympy"}))
print("pytorch_lightning" in sys.modules, "lightning_fabric" in sys.modules)
try:
    prepare_process(job_of("unused", model="tests.other_nets:Data", data="tests.other_nets:Data"))
except Exception as error:
    print(error)
"""


@pytest.mark.timeout(120)  # imports torch and Lightning in a new process
def test_the_jobs_lightning_alone_is_prepared_and_a_wrong_class_named():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LIGHTNING],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    *lines, error = done.stdout.splitlines()
    assert lines == ["completed", "['test/loss']", "False", "[]", "False False"]
    assert "tests.other_nets:Data is Data, which is no LightningModule" in error
