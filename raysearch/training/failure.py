"""What went wrong in a trial, in words for a person?

The line that matters is the innermost one of the user's own code, not the one deep in torch where
the exception was raised. Nothing here loads torch.
"""

from __future__ import annotations

import errno
import sys
import sysconfig
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import raysearch
from raysearch.engine.causes import DISK_FULL, LOST_CONTACT, OUT_OF_MEMORY
from raysearch.training.memory import memory_numbers

_OWN = Path(raysearch.__path__[0]).resolve()
_FAMILIES = (_OWN / "models", _OWN / "data")
_LIBRARIES = tuple(
    {
        Path(sysconfig.get_path(name)).resolve()
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
    }
)
_PACKAGES = tuple({Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")})
_FRAMEWORKS = frozenset(
    {
        "torch",
        "torchvision",
        "torchmetrics",
        "lightning",
        "pytorch_lightning",
        "lightning_fabric",
        "lightning_utilities",
        "numpy",
        "pandas",
        "sklearn",
        "ray",
        "raysearch",
    }
)
"""Packages that raise what others have done wrong."""
_SHARED_MEMORY = "unable to write to file </torch_"
"""How torch says that there is no room to pass a tensor from one process to another."""
_MEMORY_TEXTS = (
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    _SHARED_MEMORY,
)
_CONTACT_ERRORS = ("DistBackendError", "DistNetworkError", "DistStoreError")
"""Of torch.distributed; gloo raises a RuntimeError that names its own source:"""
_GLOO = "gloo/transport/"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_NO_ROOM_TEXTS = (
    "no space left on device",
    "disk quota exceeded",
    "pytorchstreamwriter failed writing",
    ". unexpected pos ",
)
"""What is left of such an error where another process reports it, or torch's C++, which does not
say why it could not write: the last two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a trial failed."""

    cause: str
    """Its kind: "exception", or one of `engine.causes`, such as `OUT_OF_MEMORY`."""
    summary: str
    """One line: the exception, and the line of the user's code that led to it."""
    details: str
    """The whole traceback."""


def describe_failure(error: BaseException, *, batch_size: int | None = None) -> Failure:
    """Return what went wrong.

    Args:
        error: What a training raised, with its traceback.
        batch_size: Of the training, which is told where memory ran out; None if it is not known.

    Example:
        >>> try:
        ...     int("ten")
        ... except ValueError as error:
        ...     failure = describe_failure(error)
        >>> failure.cause, failure.summary.split(" (")[0]
        ('exception', "ValueError: invalid literal for int() with base 10: 'ten'")
    """
    cause = _cause(error)
    first = _first_line(error)
    if cause == OUT_OF_MEMORY:
        first = _want_of_memory(error, batch_size=batch_size)
    return Failure(
        cause=cause,
        summary=f"{first}{_place(error)}",
        details="".join(traceback.format_exception(error)),
    )


def _cause(error: BaseException) -> str:
    if is_out_of_memory(error):
        return OUT_OF_MEMORY
    if any(map(_is_lost_contact, _chain(error))):
        return LOST_CONTACT
    return DISK_FULL if any(map(_is_disk_full, _chain(error))) else "exception"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those that led to it, as a traceback shows them."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        hidden = current.__suppress_context__
        current = current.__cause__ or (None if hidden else current.__context__)


def _is_disk_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in _NO_ROOM
    text = _text(error).lower()
    is_systems = isinstance(error, OSError | RuntimeError)
    return is_systems and any(words in text for words in _NO_ROOM_TEXTS)


def _is_lost_contact(error: BaseException) -> bool:
    """Return whether a process could not reach one that it trains with."""
    if type(error).__name__ in _CONTACT_ERRORS:
        return True
    return isinstance(error, RuntimeError) and _GLOO in _text(error)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether memory ran out, of this machine or of a GPU."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = _text(error).lower()
    return isinstance(error, RuntimeError) and any(words in text for words in _MEMORY_TEXTS)


def _first_line(error: BaseException) -> str:
    lines = _text(error).strip().splitlines()
    name = type(error).__qualname__
    return f"{name}: {lines[0].strip()}" if lines else name


def _want_of_memory(error: BaseException, *, batch_size: int | None) -> str:
    at = "" if batch_size is None else f", at batch size {batch_size}"
    numbers = memory_numbers(_text(error))
    line = f"{type(error).__qualname__}: {numbers}" if numbers else _first_line(error)
    return f"{line}{at}"


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a fault in the user's exception must not hide it
        return ""


def _place(error: BaseException) -> str:
    return place(traceback.extract_tb(error.__traceback__))


def place(frames: Sequence[traceback.FrameSummary]) -> str:
    """Return " (FILE, line N, in FUNCTION)" of the frame that a person has to look at.

    Args:
        frames: Of a traceback or a stack, the innermost last; empty text for none.
    """
    frame = _telling(frames)
    if frame is None:
        return ""
    return f" ({_short(frame.filename)}, line {frame.lineno}, in {frame.name})"


def _telling(frames: Sequence[traceback.FrameSummary]) -> traceback.FrameSummary | None:
    """Return the innermost frame of the user's code, else the next best.

    That is one of a built-in family, or of a package that is installed but no framework, such as
    the user's own; else the innermost of all.
    """
    innermost_first = list(reversed(frames))
    for is_telling in (_is_users, _is_familys, _is_of_a_package):
        for frame in innermost_first:
            if is_telling(frame.filename):
                return frame
    return innermost_first[0] if innermost_first else None


def _is_users(filename: str) -> bool:
    if filename.startswith("<"):
        return not filename.startswith("<frozen")  # a notebook's cell, but not the import system
    path = _resolved(filename)
    return not any(path.is_relative_to(folder) for folder in (_OWN, *_LIBRARIES))


def _is_familys(filename: str) -> bool:
    return any(Path(filename).is_relative_to(folder) for folder in _FAMILIES)


def _is_of_a_package(filename: str) -> bool:
    path = _resolved(filename)
    for folder in _PACKAGES:
        if path.is_relative_to(folder):
            return path.relative_to(folder).parts[0] not in _FRAMEWORKS
    return False


def _resolved(filename: str) -> Path:
    try:
        return Path(filename).resolve()
    except (OSError, ValueError, RuntimeError):  # as when the working directory was removed
        return Path(filename)


def _short(filename: str) -> str:
    """Return a path as one would import it: relative to where Python looks for modules."""
    path = Path(filename)
    roots = [Path(entry) for entry in sys.path if entry] + _working_directory()
    inside = [path.relative_to(root).as_posix() for root in roots if path.is_relative_to(root)]
    return min(inside, key=len, default=filename)


def _working_directory() -> list[Path]:
    try:
        return [Path.cwd()]
    except OSError:
        return []  # it was removed
