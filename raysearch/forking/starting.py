"""How is a template process started, and how does it end?"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from raysearch.scratch import scratch_folder

SOCKET = "template.sock"

ENDS_WITHIN_S = 5.0
"""How long a template may take to end when it is told to, in seconds, before it is killed."""

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Keeps libraries from starting threads as they are imported: a fork has only one."""


@contextmanager
def template(*, modules: Sequence[str]) -> Iterator[str | None]:
    """Start a template process, which imports modules, and end it with all its forks.

    The address can be used at once: whoever asks for a fork waits until the imports are done. A
    template that cannot be forked, since it has threads or holds a GPU by then, or since a module
    cannot be imported, ends; `Fork` then raises `NoTemplate`.

    Args:
        modules: Names of the modules to import. They must not start threads at import, which rules
            out modules of the user's own, of which nobody knows.

    Yields:
        Where forks are asked for; None on a system where forks are not safe (any but Linux), or
        without a place for the socket.

    Side effects:
        A process and a temporary folder, both of which are gone afterwards. When this process is
        killed, the template ends by itself, and so do its forks.
    """
    with ExitStack() as stack:
        process: subprocess.Popen[bytes] | None = None
        address: str | None = None
        if sys.platform == "linux":
            with suppress(OSError):  # no place for temporary files, or too long a path for a socket
                folder = stack.enter_context(scratch_folder("template"))
                process = _started(folder, modules)
                address = str(folder / SOCKET)
        try:
            yield address
        finally:
            if process is not None:
                _end(process)


def _started(folder: Path, modules: Sequence[str]) -> subprocess.Popen[bytes]:
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener,
        (folder / "log.txt").open("wb") as log,
    ):
        listener.bind(str(folder / SOCKET))
        listener.listen()
        return subprocess.Popen(
            [sys.executable, "-m", "raysearch.forking", str(listener.fileno()), *modules],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=[listener.fileno()],
            env={**os.environ, **ONE_THREAD},
            start_new_session=True,  # Ctrl-C and notices are the driver's to hear
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()  # which it takes for the end
    try:
        process.wait(ENDS_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
