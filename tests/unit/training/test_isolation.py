"""Is a process after a fit what it was before?"""

from __future__ import annotations

import logging
import os
import signal
import threading
import warnings
from pathlib import Path

import pytest
import torch

from raysearch.training.isolation import isolated, quieten
from raysearch.training.namespace import NAMESPACES
from raysearch.training.seeding import RandomState

LOGGERS = ("pytorch_lightning", "lightning_fabric", "lightning.pytorch", "lightning.fabric")


def read_settings():
    return {
        "variables": dict(os.environ),
        "directory": os.getcwd(),  # noqa: PTH109 - as it was set
        "threads": torch.get_num_threads(),
        "dtype": torch.get_default_dtype(),
        "device": torch.get_default_device(),
        "matmul": torch.get_float32_matmul_precision(),
        "gradients": torch.is_grad_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "benchmark": torch.backends.cudnn.benchmark,
        "filters": list(warnings.filters),
        "levels": [logging.getLogger(name).level for name in LOGGERS],
        "interrupt": signal.getsignal(signal.SIGINT),
    }


def change_everything(folder):
    os.environ["PL_GLOBAL_SEED"] = "13"
    os.environ.pop("HOME", None)
    os.chdir(folder)
    torch.set_num_threads(2)
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    torch.set_float32_matmul_precision("medium")
    torch.set_grad_enabled(False)
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = True
    warnings.simplefilter("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.DEBUG)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.manual_seed(1)


@pytest.mark.parametrize("raises", [False, True])
def test_everything_is_put_back(tmp_path, raises):
    before, random_state = read_settings(), RandomState.read()
    try:
        with isolated(threads=1):
            change_everything(tmp_path)
            assert read_settings() != before
            if raises:
                raise KeyError
    except KeyError:
        assert raises
    assert read_settings() == before
    assert torch.equal(RandomState.read().torch, random_state.torch)
    assert RandomState.read().python == random_state.python


def test_a_working_directory_that_was_removed_is_left(tmp_path):
    before, folder = Path.cwd(), tmp_path / "removed"
    folder.mkdir()
    with isolated(threads=1):
        os.chdir(folder)
        folder.rmdir()
    assert Path.cwd() == before


def test_threads_are_as_asked_for():
    with isolated(threads=1):
        assert torch.get_num_threads() == 1


def test_signals_are_left_alone_off_the_main_thread():
    failures = []

    def run():
        try:
            with isolated(threads=1):
                pass
        except ValueError as error:  # "signal only works in main thread"
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join()
    assert failures == []


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_hints_of_lightning_are_not_shown_but_warnings_are(namespace):
    hint = namespace.load_fabric("utilities.warnings:PossibleUserWarning")
    with pytest.warns(UserWarning, match="real") as shown, isolated(threads=1):
        quieten(namespace)
        warnings.warn("use more workers", hint, stacklevel=1)
        warnings.warn("real trouble", UserWarning, stacklevel=1)
        assert {logging.getLogger(name).level for name in LOGGERS} == {logging.WARNING}
    assert len(shown) == 1
