"""What tests ask about processes: what they write, where they listen, whether they are there."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from raysearch.engine import fold
from raysearch.run_dir import RunDir
from raysearch.scratch import OWNER, PREFIX
from raysearch.tuning.orphans import processes_of

LISTENS = "0A"


def epochs(path: Path) -> int:
    """Return how many epochs a search has trained so far."""
    if not RunDir(path).has_search():
        return 0
    return fold(RunDir(path).events()).epochs


def wait_for(
    condition: Callable[[], object],
    *,
    timeout_s: float,
    process: subprocess.Popen[str] | None = None,
) -> None:
    """Return when something holds, to which a process that must not end meanwhile may lead."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert process is None or process.poll() is None, _output(process)
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


def _output(process: subprocess.Popen[str]) -> str:
    return process.stdout.read() if process.stdout else ""


def folder_of(pid: int) -> Path | None:
    """Return the temporary folder of a driver, or None where there is none."""
    for owner in Path(tempfile.gettempdir()).glob(f"{PREFIX}ray-*/{OWNER}"):
        if json.loads(owner.read_text())["pid"] == pid:
            return owner.parent
    return None


def named(folder: Path, name: str) -> int:
    """Return the process of a private Ray with that name."""
    (found,) = (
        pid for pid in processes_of(folder) if Path(f"/proc/{pid}/comm").read_text().strip() == name
    )
    return found


def kill(*pids: int) -> None:
    """Kill processes, some of which may have ended with another one."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def is_there(pid: int) -> bool:
    """Return whether a process has not ended; one that nobody waited for has ended all the same."""
    try:
        return _stat(pid)[0] != "Z"
    except OSError:
        return False


def parent_of(pid: int) -> int:
    """Return the process that a process was started by."""
    return int(_stat(pid)[1])


def _stat(pid: int) -> list[str]:
    """Return what the system tells of a process, from its state on; its name may have spaces."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def listening(pids: list[int]) -> set[str]:
    """Return the addresses at which processes accept connections."""
    sockets = {link for pid in pids for link in _links(pid) if link.startswith("socket:")}
    return {address for address, inode in _listeners() if f"socket:[{inode}]" in sockets}


def _links(pid: int) -> Iterator[str]:
    with suppress(OSError):
        for file in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                yield os.readlink(file)  # noqa: PTH115  a socket is no path


def _listeners() -> Iterator[tuple[str, str]]:
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENS:
                yield _address(fields[1].partition(":")[0]), fields[9]


def _address(words: str) -> str:
    """Return an address that the kernel prints as 32 bit words in the order of the machine.

    >>> _address("0100007F"), _address("0000000000000000FFFF00000100007F")
    ('127.0.0.1', '::ffff:127.0.0.1')
    """
    numbers = [int(words[at : at + 8], 16) for at in range(0, len(words), 8)]
    packed = struct.pack(f"={len(numbers)}I", *numbers)
    return socket.inet_ntop(socket.AF_INET if len(numbers) == 1 else socket.AF_INET6, packed)
