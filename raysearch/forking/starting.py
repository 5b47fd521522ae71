"""How is a template process started, and how does it end?"""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from raysearch.notices import unheard_by_children
from raysearch.scratch import scratch_folder

SOCKET = "template.sock"

LOG = "log.txt"
"""What the template and its forks write that is no trial's."""

_CODE = """
import sys
sys.path[:] = sys.argv.pop(1).split("\\n")
from raysearch.forking.__main__ import main
main()
"""
"""What the template runs: it looks for modules where this process does, whatever lies where it is
started."""

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Keeps libraries from starting threads as they are imported, whatever the user's own environment
says: a fork has only one, and so has a trial on one core."""

KEEPING_MEMORY = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TOP_PAD_": str(16 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(256 * 2**20),
}
"""Lets glibc keep up to 256 MiB that was freed. By itself it gives back what each batch frees, and
most of it in threads, so each page is fetched and zeroed again for the next one: 7,000 page faults
in an epoch of a small convolutional network, and 5 % of its time. Read once, as a process starts;
the user's own variables take precedence."""

_log = logging.getLogger(__name__)


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
                _end(process, log=folder / LOG)


def _started(folder: Path, modules: Sequence[str]) -> subprocess.Popen[bytes]:
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener,
        (folder / LOG).open("wb") as log,
        unheard_by_children(),
    ):
        listener.bind(str(folder / SOCKET))
        listener.listen()
        return subprocess.Popen(
            [sys.executable, "-c", _CODE, "\n".join(sys.path), str(listener.fileno()), *modules],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=[listener.fileno()],
            env={**KEEPING_MEMORY, **os.environ, **ONE_THREAD},
            start_new_session=True,  # Ctrl-C is the driver's to hear, as notices are
        )


def _end(process: subprocess.Popen[bytes], *, log: Path) -> None:
    """End the template, which has nothing to save; say so if it has ended by itself before."""
    was_gone = process.poll() is not None
    process.kill()
    if process.wait() != -signal.SIGKILL or was_gone:
        last = log.read_text(errors="replace").strip().rpartition("\n")[2]
        _log.warning(
            "Nothing could be forked any more (%s), so processes that train took longer to start.",
            last or "the process that is forked was killed",
        )
    if process.stdin is not None:
        process.stdin.close()
