"""How is a process seeded for a plain function, and put back afterwards, without loading torch?

A search of functions may have ten thousand trials of a few milliseconds each. Torch is dealt with
once it is there: because the function's module imports it, or because an earlier trial did.
"""

from __future__ import annotations

import os
import random
import sys
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


def seed_words(*, seed: int, trial: str, repeat: int, epoch: int) -> tuple[int, int, int, int]:
    """Return the numbers below 2^32 that govern what a trial draws after an epoch.

    Args:
        seed: The search's seed, at least 0.
        trial: The trial's id.
        repeat: Which repeat of the trial, from 0.
        epoch: Epochs reported so far.
    """
    entropy = [seed, zlib.crc32(trial.encode()), repeat, epoch]
    one, two, three, four = np.random.SeedSequence(entropy).generate_state(4)
    return int(one), int(two), int(three), int(four)


def seed_process(words: tuple[int, int, int, int]) -> None:
    """Seed the global generators of Python and NumPy, and torch's on all devices if it is loaded.

    Args:
        words: From `seed_words`.
    """
    random.seed(words[0])
    np.random.seed(words[1])  # noqa: NPY002 - user code may draw from the global generator
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(words[2] << 32 | words[3])


@contextmanager
def restored(*, threads: int) -> Iterator[None]:
    """Run a function so that the process is afterwards as it was before.

    Restored are the environment's variables, the working directory, the global random generators
    and filters of warnings; once torch is loaded, all that `isolation` says.

    Args:
        threads: Threads that torch may use in an operation, at least 1.
    """
    if "torch" in sys.modules:
        from raysearch.training.isolation import isolated

        with isolated(threads=threads):
            yield
        return
    environment, directory = read_environment(), read_directory()
    states = random.getstate(), np.random.get_state(legacy=False)  # noqa: NPY002
    try:
        with warnings.catch_warnings():
            yield
    finally:
        set_environment(environment)
        set_directory(directory)
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002


def read_directory() -> str:
    """Return the working directory; "" if it was removed."""
    try:
        return os.getcwd()  # noqa: PTH109 - as chdir takes it
    except FileNotFoundError:
        return ""


def set_directory(path: str) -> None:
    """Make this the working directory; "", for one that was removed, changes nothing."""
    if path:
        os.chdir(path)


def read_environment() -> dict[str, str]:
    """Return a copy of the environment's variables."""
    return dict(os.environ)


def set_environment(variables: dict[str, str]) -> None:
    """Make these the variables of the environment; other threads may be reading what stays."""
    for name in set(os.environ) - set(variables):
        del os.environ[name]
    for name, value in variables.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
