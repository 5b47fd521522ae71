"""Is a trial the same, bit by bit, whatever its process trained before?"""

from __future__ import annotations

import gc
import logging
import os
import random
import threading
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.modules import module as torch_modules
from torch.optim import optimizer as optimizers

from raysearch.models import FAMILIES
from raysearch.training.fit import train
from raysearch.training.warmup import release_memory
from tests import nets
from tests.contracts.test_training import assert_equal, family_job, without_time

pytestmark = pytest.mark.timeout(120)


class Messy(nets.Net):
    """Leaves behind whatever it can."""

    kept: list[torch.nn.Module] = []  # noqa: RUF012  what a class may do

    def on_train_start(self):
        torch.manual_seed(99)
        random.seed(99)
        np.random.seed(99)  # noqa: NPY002  what users do
        torch.set_num_threads(2)
        torch.set_float32_matmul_precision("medium")
        torch.backends.cudnn.benchmark = True
        os.environ["PL_GLOBAL_SEED"] = "13"
        os.environ["TORCH_LOGS"] = "+all"
        warnings.simplefilter("ignore")
        logging.getLogger("pytorch_lightning").setLevel(logging.DEBUG)

    def on_fit_end(self):
        super().on_fit_end()
        torch.set_default_dtype(torch.float64)
        torch.set_default_device("meta")
        torch.use_deterministic_algorithms(True)
        torch.autograd.set_detect_anomaly(True)
        torch.set_grad_enabled(False)
        torch_modules.register_module_forward_hook(lambda module, given, output: output * 2)
        torch_modules.register_module_full_backward_hook(lambda *given: None)
        optimizers.register_optimizer_step_pre_hook(lambda *given: None)


class MessyAndRaises(Messy):
    """Does not even come to its end."""

    def on_validation_epoch_end(self):
        self.on_fit_end()
        raise ValueError("messy")


def trained(job, directory):
    """Return what a training measured, and all that its checkpoints hold."""
    listener = nets.Listener()
    train(replace(job, directory=str(directory)), report=listener)
    files = sorted(Path(directory).rglob("*.ckpt"))
    return without_time(listener.measurements), {
        file.name: torch.load(file, weights_only=False) for file in files
    }


@pytest.mark.parametrize("loop", ["lean", "trainer"])
@pytest.mark.parametrize("family", [*FAMILIES, None])
def test_what_was_trained_in_between_leaves_no_trace(tmp_path, family, loop):
    if family is None:
        job = nets.make_job(tmp_path, checkpoint_every_epochs=1, max_epochs=2)
        job = replace(job, loop="auto" if loop == "lean" else "trainer")
    else:
        job = replace(family_job(tmp_path / "trial", family=family), loop=loop)
    before = trained(job, tmp_path / "before")
    threads = {thread.ident for thread in threading.enumerate()}
    for number, mess in enumerate([Messy, MessyAndRaises]):
        other = nets.make_job(tmp_path / f"mess-{number}", model=mess, max_epochs=1)
        if mess is MessyAndRaises:
            with pytest.raises(ValueError, match="messy"):
                train(other, report=nets.Listener())
        else:
            train(other, report=nets.Listener())
        release_memory()
    assert {thread.ident for thread in threading.enumerate()} <= threads
    after = trained(job, tmp_path / "after")
    assert after[0] == before[0] != []
    assert after[1].keys() == before[1].keys() != set()
    for name, checkpoint in before[1].items():
        assert_equal(after[1][name], checkpoint)


def test_no_weights_stay_in_memory(tmp_path):
    train(nets.make_job(tmp_path / "first", max_epochs=1), report=nets.Listener())
    release_memory()
    before = _parameters()
    for number in range(3):
        job = nets.make_job(tmp_path / f"later-{number}", max_epochs=1)
        train(job, report=nets.Listener())
        release_memory()
    assert _parameters() == before


def _parameters():
    return sum(isinstance(found, torch.nn.Parameter) for found in gc.get_objects())
