"""Can a file of one's own be read, has it changed since, and what text is in it?

Whatever is wrong is told with the argument of the experiment that names the file, and its path.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from raysearch.data.cache import cached_arrays
from raysearch.errors import ConfigurationError

_LARGE_BYTES = 2**25
"""Of a file that takes longer to read than an entry of the cache."""

TABLES = "CSV, Parquet or JSON lines"
"""What a table may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file, and the argument that names it."""

    path: str
    argument: str = "path"
    kinds: str = TABLES
    """What it may be, to be said where it is not."""

    def fault(self, text: str) -> ConfigurationError:
        """Return the error about this file; the text goes on after its name."""
        return ConfigurationError(f"{self.argument} is {self.path}, {text}")

    def digest(self) -> str:
        """Return the SHA-256 of the content, 64 characters; read again when the file changes.

        A large file is read once on a node, as long as it does not change.

        Raises:
            ConfigurationError: There is no such file, or it cannot be read.
        """
        try:
            status = Path(self.path).stat()
            self._refuse_endless(status.st_mode)
            state = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
            return _digest(self.path, *state)
        except OSError as error:
            raise self._unreadable(error) from error

    def content(self) -> bytes:
        """Return the content.

        Raises:
            ConfigurationError: There is no such file, or it cannot be read.
        """
        try:
            path = Path(self.path)
            self._refuse_endless(path.stat().st_mode)
            return path.read_bytes()
        except OSError as error:
            raise self._unreadable(error) from error

    def text(self) -> str:
        """Return the content of a file that must be UTF-8, without a byte order mark.

        Raises:
            ConfigurationError: There is no such file, or it is not UTF-8; with the line.
        """
        content = self.content()
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise self.fault(f"whose line {line} is not UTF-8. Save the file as UTF-8.") from error

    def _refuse_endless(self, mode: int) -> None:
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # a folder says so when it is opened
            raise self.fault(
                "a pipe or a device, and reading it may never end. Write the data to a "
                f"{self.kinds} file, and give its path."
            )

    def _unreadable(self, error: OSError) -> ConfigurationError:
        reason = error.strerror or type(error).__name__
        return self.fault(
            f"which cannot be read ({reason}). Give the path of a {self.kinds} file; a relative "
            "one starts at the working directory."
        )


def sources_of(paths: Mapping[str, str | None], *, kinds: str = TABLES) -> dict[str, Source]:
    """Return the files there are, by the arguments that name them.

    Args:
        paths: Argument -> path, None where no file is given.
        kinds: What each may be.
    """
    return {
        argument: Source(path=path, argument=argument, kinds=kinds)
        for argument, path in paths.items()
        if path is not None
    }


@lru_cache(maxsize=64)
def _digest(path: str, n_bytes: int, *state: int) -> str:
    """Return the SHA-256 of a file, from the node's cache where reading it takes a while."""
    if n_bytes < _LARGE_BYTES:
        return _read_digest(path)
    import numpy as np

    key = {"path": str(Path(path).absolute()), "state": [n_bytes, *state]}
    found = cached_arrays(
        "digest", arguments=key, build=lambda: {"digest": np.array(_read_digest(path))}
    )
    return str(found["digest"])


def _read_digest(path: str) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What stands for the content of one or more files."""

    value: str
    """16 characters."""
    path: str
    """The file, or the first of several, for a message."""
    argument: str = "fingerprint"
    """The argument that may say it."""

    def check(self, given: str | None) -> None:
        """Refuse files that have changed since their fingerprint was taken.

        Args:
            given: The fingerprint that an experiment says; None to take the files as they are.

        Raises:
            ConfigurationError: They have.
        """
        if given not in (None, self.value):
            raise ConfigurationError(
                f"{self.argument} is {given}, but that of {self.path} (and of what belongs to it) "
                f"is {self.value}: the file has changed since. A search goes on with the data it "
                f"began with; put them back, or begin a new search without {self.argument}."
            )


def fingerprint_of(sources: Iterable[Source]) -> Fingerprint:
    """Return what stands for several files together, and for the arguments that name them.

    Raises:
        ConfigurationError: One is missing, or cannot be read.
    """
    sources = list(sources)
    digests = "\n".join(f"{source.argument} {source.digest()}" for source in sources)
    value = hashlib.sha256(digests.encode()).hexdigest()[:16]
    return Fingerprint(value=value, path=sources[0].path)
