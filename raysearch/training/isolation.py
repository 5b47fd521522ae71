"""What may a fit change in its process, and how is that put back for the next one?

A worker trains trial after trial in one process. Seeds make each trial independent of what was
drawn before; here everything else that user code, Lightning or torch may leave behind is restored.
"""

from __future__ import annotations

import logging
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from raysearch.training.global_hooks import read_hooks, set_hooks
from raysearch.training.namespace import NAMESPACES, Namespace
from raysearch.training.process import (
    read_directory,
    read_environment,
    set_directory,
    set_environment,
)
from raysearch.training.seeding import RandomState

_BETWEEN_THEM = r"`isinstance\(treespec, LeafSpec\)` is deprecated"
"""Start of a warning of torch 2.9 and later about Lightning's own code."""


def _deterministic() -> tuple[bool, bool]:
    warns_only = torch.is_deterministic_algorithms_warn_only_enabled()
    return torch.are_deterministic_algorithms_enabled(), warns_only


def _set_deterministic(setting: tuple[bool, bool]) -> None:
    is_enabled, warns_only = setting
    torch.use_deterministic_algorithms(is_enabled, warn_only=warns_only)


_CUDNN = ("enabled", "benchmark", "deterministic", "allow_tf32")


def _cudnn() -> tuple[bool, ...]:
    return tuple(getattr(torch.backends.cudnn, name) for name in _CUDNN)


def _set_cudnn(settings: tuple[bool, ...]) -> None:
    for name, setting in zip(_CUDNN, settings, strict=True):
        setattr(torch.backends.cudnn, name, setting)


def _set_default_device(device: torch.device) -> None:
    torch.set_default_device(None if device.type == "cpu" else device)  # None: no overhead per call


_SETTINGS: tuple[tuple[Callable[[], Any], Callable[[Any], object]], ...] = (
    (read_environment, set_environment),
    (read_directory, set_directory),
    (torch.get_num_threads, torch.set_num_threads),
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.get_default_device, _set_default_device),
    (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    (torch.is_grad_enabled, torch.set_grad_enabled),
    (_deterministic, _set_deterministic),
    (_cudnn, _set_cudnn),
    (torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    (read_hooks, set_hooks),
)
"""How each setting of the process is read, and how it is set."""


@contextmanager
def isolated(*, threads: int) -> Iterator[None]:
    """Run a fit so that the process is afterwards as it was before.

    Restored are the environment's variables, the working directory, the global random generators,
    torch's settings and its hooks on every module, filters of warnings, and levels of Lightning's
    loggers, which `quieten` may have changed. Off the main thread no signal handlers are involved.

    Filters and levels belong to the process, so only one fit at a time may run in it.

    Args:
        threads: Threads that torch may use in an operation, at least 1.
    """
    before = [read() for read, _ in _SETTINGS]
    random_state = RandomState.read()
    interrupt = signal.getsignal(signal.SIGINT) if _is_main_thread() else None
    try:
        torch.set_num_threads(threads)
        with _levels_kept(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=_BETWEEN_THEM, category=FutureWarning)
            yield
    finally:
        for (read, put_back), value in zip(_SETTINGS, before, strict=True):
            if read() != value:
                put_back(value)
        random_state.restore()
        if interrupt is not None:
            signal.signal(signal.SIGINT, interrupt)  # Lightning ignores Ctrl-C after the first one


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def quieten(namespace: Namespace) -> None:
    """Let Lightning say nothing in the fit that follows but what concerns the user's code.

    Not shown are hints that only reflect how raysearch runs it, and news about hardware, restored
    files and products. What user code prints is not touched.

    Args:
        namespace: The Lightning of the fit.

    Side effects:
        Levels of its loggers and filters of warnings, which `isolated` puts back.
    """
    keep_quiet()
    hint = namespace.load_fabric("utilities.warnings:PossibleUserWarning")
    warnings.simplefilter("ignore", category=hint)


def keep_quiet() -> None:
    """Let Lightning's loggers pass on warnings and errors only, from now on.

    Those of both namespaces: where both are imported, each logs in the name of the later one.
    """
    for logger in _loggers():
        logger.setLevel(max(logger.level, logging.WARNING))


def _loggers() -> list[logging.Logger]:
    return [logging.getLogger(name) for namespace in NAMESPACES for name in namespace.loggers]


@contextmanager
def _levels_kept() -> Iterator[None]:
    loggers = _loggers()
    levels = [logger.level for logger in loggers]
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
