"""What does a fork do? It makes one object and calls its methods, as it is told.

Messages on the socket are pickles: only processes of the same user reach it, and it is the same
program at both ends.
"""

from __future__ import annotations

import importlib
import os
import pickle
import select
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, NoReturn


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a fork takes over from whoever asks for it, and not from the template."""

    environment: dict[str, str]
    directory: str
    path: list[str]
    """Where Python looks for modules."""
    niceness: int
    """How much the process gives way to others: Ray's workers do, so that people can go on working
    and the driver answers at once."""

    @classmethod
    def here(cls) -> Circumstances:
        """Return those of this process."""
        try:
            directory = os.getcwd()  # noqa: PTH109  as chdir takes it
        except FileNotFoundError:  # it was removed
            directory = "/"
        niceness = os.getpriority(os.PRIO_PROCESS, 0)
        return cls(
            environment=dict(os.environ),
            directory=directory,
            path=list(sys.path),
            niceness=niceness,
        )

    def take_over(self) -> None:
        """Let them be those of this process."""
        os.environ.clear()
        os.environ.update(self.environment)
        os.chdir(self.directory)
        sys.path[:] = self.path
        with suppress(PermissionError):  # to give way less than the template
            os.setpriority(os.PRIO_PROCESS, 0, self.niceness)


def serve(connection: socket.socket) -> NoReturn:
    """Serve whoever is at the other end of the connection, and end with it."""
    try:
        _watch(connection)
        channel = Connection(connection.detach())
        channel.send(os.getpid())
        circumstances, factory, arguments, keywords = channel.recv()
        circumstances.take_over()
        is_made, made = _outcome(lambda: _factory(factory)(*arguments, **keywords))
        _send(channel, is_value=is_made, content=None if is_made else made)
        while is_made:
            method, arguments, keywords = channel.recv()
            is_value, content = _outcome(lambda: getattr(made, method)(*arguments, **keywords))  # noqa: B023
            _send(channel, is_value=is_value, content=content)
    except (EOFError, ConnectionError):
        os._exit(0)
    finally:
        os._exit(1)  # what the template would do at its end is not this process's to do


def _outcome(action: Callable[[], Any]) -> tuple[bool, Any]:
    """Return whether an action returned, and what; or what it raised."""
    try:
        return True, action()
    except Exception as error:  # noqa: BLE001  whoever asked for it is told
        return False, error


def _factory(path: str) -> Callable[..., Any]:
    module, _, name = path.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def _send(channel: Connection, *, is_value: bool, content: Any) -> None:
    try:
        data = pickle.dumps((is_value, content))
        if not is_value:
            pickle.loads(data)  # an exception may be pickled and still not be made again
    except Exception as error:  # noqa: BLE001  pickling may raise anything
        if is_value:
            content = TypeError(f"{type(content).__name__}, which cannot be sent: {error}")
        text = f"{type(content).__name__}: {content}"
        data = pickle.dumps((False, RuntimeError(text)))
    channel.send_bytes(data)


def _watch(connection: socket.socket) -> None:
    """End this process once the other end is gone, also in the middle of a call."""
    descriptor = os.dup(connection.fileno())
    poller = select.poll()
    poller.register(descriptor, select.POLLRDHUP)

    def wait() -> None:
        poller.poll()
        os._exit(1)

    threading.Thread(target=wait, name="raysearch-watch", daemon=True).start()
