"""Where does what a trial prints go?

To the trial's `log.txt`, which is made when something is printed. Nothing here loads torch.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path


class LazyLog(io.TextIOBase):
    """A text stream that appends to a file, which it makes at the first write.

    Most trials print nothing, and a search has thousands of them. Each line reaches the file when
    it is complete, so that it can be followed.

    Args:
        path: The file; its folder is made as well.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: io.TextIOWrapper | None = None

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Append text."""
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("a", encoding="utf-8", errors="replace", buffering=1)
        return self._file.write(text)

    def flush(self) -> None:
        """Hand what was written to the operating system."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()
            self._file = None
        super().close()


@contextmanager
def printed_to(path: Path) -> Iterator[None]:
    """Send what the process prints, warnings included, to a file for as long as a trial runs.

    It replaces `sys.stdout` and `sys.stderr`, which belong to the process and not to a thread: for
    a worker that does nothing but train one trial at a time, in whichever thread. Output of C
    libraries, and of log handlers set up before, goes where it went before.

    Args:
        path: The file, to which is appended.
    """
    log = LazyLog(path)
    try:
        with redirect_stdout(log), redirect_stderr(log):
            yield
    finally:
        log.close()
