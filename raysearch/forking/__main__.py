"""The template process, which is started with the words LISTENER MODULE ...

LISTENER is the number of a listening socket that was handed down. The process ends when its
standard input does, which is when whoever started it ends, and takes all forks with it.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from raysearch.forking.serving import serve
from raysearch.imports import without_collecting

PARENT_DEATH_SIGNAL = 1
"""Of prctl: the signal that the kernel sends to a process whose parent has ended."""


def main() -> None:
    """Import, and fork for each connection."""
    listener = socket.socket(fileno=int(sys.argv[1]))
    _import(sys.argv[2:])
    if _threads() > 1 or _holds_gpu():
        sys.exit(f"no forks: {_threads()} threads, a GPU in use: {_holds_gpu()}")
    template = os.getpid()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel then forgets those that have ended
    stdin = sys.stdin.fileno()
    while True:
        readable, _, _ = select.select([listener, stdin], [], [])
        if stdin in readable:
            os._exit(0)
        try:
            connection, _ = listener.accept()
        except OSError:  # whoever asked is gone, or there are too many files
            continue
        if _forked() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _die_with(template)
            listener.close()
            _forget_stdin(stdin)
            serve(connection)
        connection.close()


def _forked() -> int:
    """Fork; in the fork return 0, here something else, also where there is no room for a fork."""
    try:
        return os.fork()
    except OSError:
        return -1  # the connection is closed, and whoever asked trains by itself


def _import(modules: Sequence[str]) -> None:
    """Import modules without collecting garbage, and keep all that is there out of its sight.

    A collection in a fork would otherwise write to every object, and so copy all memory.
    """
    with without_collecting():
        for module in modules:
            importlib.import_module(module)
    gc.freeze()


def _threads() -> int:
    """Return how many threads this process has, those of C libraries among them."""
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:
        return threading.active_count()


def _holds_gpu() -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and bool(torch.cuda.is_initialized())


def _die_with(parent: int) -> None:
    """Let the kernel kill this process when its parent ends."""
    ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # it has ended already


def _forget_stdin(stdin: int) -> None:
    """Read from nowhere: the pipe is the template's."""
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, stdin)
    os.close(nowhere)


if __name__ == "__main__":
    main()
