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
release_memory()
print(alive[0]() is None)
late = {name.split(".")[0] for name in set(sys.modules) - before}
print(sorted(late & {"scipy", "sympy", "torchmetrics", "pytorch_lightning", "sklearn"}))
"""


@pytest.mark.timeout(60)  # imports torch and Lightning in a new process
def test_a_prepared_process_has_all_it_needs_and_lets_go_of_models():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", CODE], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["True True", "False", "completed", "True", "[]"]
