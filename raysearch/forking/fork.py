"""How is an object in a forked process used from here?"""

from __future__ import annotations

import os
import pickle
import signal
import socket
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any

from raysearch.forking.serving import Circumstances


class NoTemplate(OSError):
    """There is no template to fork, or not any more."""


class ProcessGone(RuntimeError):
    """A process that works for this one has gone away: it was killed, or has ended itself."""


class Fork:
    """An object in a new process, whose methods are called from here, one at a time.

    The process has the template's modules, and everything else (environment, working directory,
    `sys.path`) of the process that makes it; it ends when this object is closed or its process
    ends.

    Args:
        address: Of the template.
        factory: "package.module:Class", called in the new process.
        arguments: What it is called with, as are further keyword arguments.

    Raises:
        NoTemplate: No template answers at the address.
        ProcessGone: The process ended before the object was made.
        Exception: Whatever the factory raises.

    Example:
        >>> from raysearch.forking import template
        >>> with template(modules=["fractions"]) as address:
        ...     fork = Fork(address, "fractions:Fraction", 3, 4)
        ...     fork.call("limit_denominator", 2)
        ...     fork.close()
        Fraction(1, 1)
    """

    def __init__(self, address: str, factory: str, *arguments: Any, **keywords: Any) -> None:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.connect(address)
                self._channel = Connection(connection.detach())
            self.pid: int = self._channel.recv()
            """Its process."""
            self._process = _handle(self.pid)
            self._channel.send((Circumstances.here(), factory, arguments, keywords))
        except (OSError, EOFError) as error:
            raise NoTemplate(f"no template answers at {address}") from error
        try:
            self._receive()
        except BaseException:
            self.close()
            raise

    def call(self, method: str, *arguments: Any, **keywords: Any) -> Any:
        """Return what a method of the object returns.

        Raises:
            ProcessGone: The process is gone.
            Exception: Whatever the method raises.
        """
        try:
            self._channel.send((method, arguments, keywords))
        except (OSError, EOFError) as error:
            raise ProcessGone(self._gone()) from error
        return self._receive()

    def close(self) -> None:
        """End the process, in the middle of a call too; safe to repeat."""
        self._channel.close()  # at which it ends by itself, if it can
        if self._process is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._process, signal.SIGKILL)
            os.close(self._process)
            self._process = None

    def _receive(self) -> Any:
        try:
            self._wait()
            data = self._channel.recv_bytes()
        except (OSError, EOFError) as error:
            raise ProcessGone(self._gone()) from error
        is_value, content = pickle.loads(data)
        if not is_value:
            raise content
        return content

    def _wait(self) -> None:
        """Wait for a message, or for the end of the process.

        A process that it has forked itself, as to load data, holds on to the channel when it is
        gone, so that the channel alone would not tell.
        """
        if self._process is not None:
            wait([self._channel, self._process])
            if not self._channel.poll():
                raise EOFError

    def _gone(self) -> str:
        return f"process {self.pid} is gone: it was killed, as for want of memory, or it crashed"


def _handle(pid: int) -> int | None:
    """Return a handle on a process, which no other one with its number is mistaken for."""
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None  # an old kernel
