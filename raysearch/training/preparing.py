"""How often is the data of a user's own module prepared on a node?

Lightning calls `prepare_data` in each fit, and every trial is one. Here it is called by one process
of a node at a time, and once in a session for each set of its arguments and working directory:
whoever comes later finds what it left on the disk. `setup` is called for each trial, in the process
that trains it.

Lightning's rule is that `prepare_data` leaves no state in the module, since other processes do not
see it. One that does so all the same is called for each trial, as if there were no others.
"""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from raysearch.scratch import cache_folder
from raysearch.training.adoption import StandIn
from raysearch.training.job import TrainingJob
from raysearch.training.process import read_directory

_KEPT_S = 7 * 24 * 3600.0
"""How long a session is remembered that prepared data here."""

_OTHERS = ("builtins", "lightning", "lightning_fabric", "lightning_utilities", "pytorch_lightning")
"""Packages whose classes hold nothing of the user's data."""

_logger = logging.getLogger(__name__)


def once(prepare: Callable[[], None], *, data: Any, job: TrainingJob) -> Callable[[], None]:
    """Return a `prepare_data` that one process of this node runs, while others wait for it.

    Args:
        prepare: The user's.
        data: Its data module, or what stands for it.
        job: Says of which class and arguments it is, and in which session.

    Side effects:
        A lock file for each class, and a file for each session that prepared its data, under
        `cache_folder()`.
    """
    module = vars(data)["_data"] if isinstance(data, StandIn) else data
    folder = cache_folder() / "locks"
    lock = folder / f"prepare-{zlib.crc32(job.data_class.encode()):08x}.lock"
    # a cache may be shared by several machines, and a path of the user's be relative
    place = [socket.gethostname(), read_directory()]
    made = [job.session, job.data_class, dict(job.data_arguments)]
    key = json.dumps([*place, *made], sort_keys=True, default=repr)
    done = folder / f"{lock.stem}-{zlib.crc32(key.encode()):08x}.done"

    def prepare_data() -> None:
        with _held(lock):
            if job.session and _is_noted(done, key=key):
                return
            before = _state(module)
            prepare()
            if job.session and _are_same(before, _state(module)):
                _note(done, key=key)

    return prepare_data


@contextlib.contextmanager
def _held(path: Path) -> Iterator[None]:
    """Hold a lock, as long as others need for a download; it is let go of when a process dies."""
    from filelock import FileLock

    lock = FileLock(path)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
    except (OSError, NotImplementedError) as error:  # filelock: no locks on this file system
        _logger.warning(
            "%s cannot be used for locks (%s), so several processes may prepare the data at once. "
            "Set RAYSEARCH_CACHE_DIR to a folder on this machine that can be written.",
            path.parent,
            error,
        )
    try:
        yield
    finally:
        lock.release()


def _is_noted(done: Path, *, key: str) -> bool:
    try:
        return done.read_text(encoding="utf-8") == key
    except (OSError, ValueError):
        return False


def _note(done: Path, *, key: str) -> None:
    """Note that the data of a session are prepared, and forget those of long ago."""
    with contextlib.suppress(OSError):  # it is prepared again, then
        done.write_text(key, encoding="utf-8")
        for other in done.parent.glob("prepare-*.done"):
            with contextlib.suppress(OSError):  # another process may have removed it
                if time.time() - other.stat().st_mtime > _KEPT_S:
                    other.unlink()


def _state(module: Any) -> dict[str, tuple[Any, Any]]:
    """Return the attributes of an object and of its classes, each with what is in it."""
    found: dict[str, Any] = {}
    for kind in type(module).__mro__:
        if _is_of_user(kind):
            found |= {f"{kind.__qualname__}.{name}": v for name, v in vars(kind).items()}
    found |= {f"self.{name}": v for name, v in vars(module).items()}
    return {name: (value, _inside(value)) for name, value in found.items()}


def _inside(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    if isinstance(value, list | set):
        return list(value)
    is_plain = hasattr(value, "__dict__") and not isinstance(value, type | ModuleType)
    is_looked_into = is_plain and _is_of_user(type(value))
    return [*vars(value).keys(), *vars(value).values()] if is_looked_into else []


def _is_of_user(kind: type) -> bool:
    return kind.__module__.partition(".")[0] not in _OTHERS


def _are_same(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Return whether no attribute is another object than before, or holds others."""
    if before.keys() != now.keys():
        return False
    for name, (value, inside) in before.items():
        other, inside_now = now[name]
        if other is not value or len(inside) != len(inside_now):
            return False
        if any(one is not two for one, two in zip(inside, inside_now, strict=True)):
            return False
    return True
