"""A real disk that is soon full: a file system in memory."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, *, kilobytes: int) -> Iterator[Path]:
    """Mount a small file system on a new folder; skip the test where that is not allowed."""
    folder.mkdir()
    size = ["-o", f"size={kilobytes}k"]
    mount = ["mount", "-t", "tmpfs", *size, "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a file system needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, *, but: int = 0, name: str = "something-big") -> Path:
    """Fill the disk but for a number of bytes, a multiple of 4096; return the file that does.

    Where less is free, that stays so.
    """
    path = disk / name
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
        file.truncate(max(0, file.tell() - but))
    return path
