"""Functions that hang or fail, in a module that a process imports without loading torch."""

from __future__ import annotations

import ctypes
import threading

from tests.unit.training.plain_job import job_of


def hang_in_round_two(config, report):
    """Report once, and then wait for what never comes."""
    report({"val/loss": 1.0})
    threading.Event().wait(3600)


def never_lets_go(config, report):
    """Sleep without letting any other thread of the interpreter run."""
    ctypes.PyDLL(None).sleep(3600)


def raise_at_once(config, report):
    raise ValueError("no")


def function_job(directory, function):
    path = f"{function.__module__}:{function.__name__}"
    return job_of(directory, model=path, data="", model_arguments={}, kind="function", max_epochs=4)
