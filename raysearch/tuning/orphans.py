"""What is left on this machine of drivers that were killed, and how is it cleared away?

A private Ray lives in a temporary folder that says who its driver is. When the driver is killed,
the kernel ends its direct children with it, raylet and GCS among them; workers notice within two
seconds, Ray's agents within a minute, and the folder stays. The next driver ends what is left and
removes the folder before it starts a Ray of its own, so that no worker of the dead one trains or
writes beside its own. Where there is no /proc, Ray's own reaper ends the processes.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path

from raysearch.scratch import abandoned_folders

ENDED_WITHIN_S = 10.0
"""How long the kernel may take to end processes that were killed, in seconds."""


def sweep() -> None:
    """End the processes of drivers that were killed, and remove their temporary folders.

    Side effects:
        Only folders and processes of the same user are touched; safe to repeat, also at the same
        time in several processes.
    """
    for folder in abandoned_folders():
        end_processes(folder)
        shutil.rmtree(folder, ignore_errors=True)


def end_processes(folder: Path) -> None:
    """Kill all other processes that write into the folder, and wait until they are gone.

    What a worker started with its own output, as a server of the user's code, is among them.
    """
    deadline = time.monotonic() + ENDED_WITHIN_S
    while (left := processes_of(folder)) and time.monotonic() < deadline:
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def processes_of(folder: Path) -> list[int]:
    """Return the processes of this user that have files of the folder open to write to them.

    So has every process of a Ray, which logs there and shows its folder neither in its command line
    nor in its environment; what only reads a log there is none of them.
    """
    beginning = f"{folder.resolve()}{os.sep}"
    return [
        int(process.name)
        for process in Path("/proc").glob("[0-9]*")
        if int(process.name) != os.getpid() and _writes(process, beginning)
    ]


def _writes(process: Path, beginning: str) -> bool:
    """Return whether a process of /proc writes to a path with that beginning."""
    try:
        descriptors = [int(file.name) for file in (process / "fd").iterdir()]
    except OSError:
        return False  # it has just ended, or belongs to another user
    return any(_writes_to(process, number, beginning) for number in descriptors)


def _writes_to(process: Path, descriptor: int, beginning: str) -> bool:
    try:
        if not os.readlink(process / f"fd/{descriptor}").startswith(beginning):  # noqa: PTH115
            return False
        info = (process / f"fdinfo/{descriptor}").read_text().splitlines()
    except OSError:
        return False  # closed meanwhile
    flags = next(line for line in info if line.startswith("flags:"))
    return int(flags.split()[1], 8) & os.O_ACCMODE != os.O_RDONLY
