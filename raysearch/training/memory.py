"""How much memory was asked for and was there, when it ran out?

What torch says of it is a line of several hundred characters; here are the numbers. Nothing here
loads torch.
"""

from __future__ import annotations

import re

_SIZE = r"([\d.]+ ?(?:bytes|[KMGT]iB))"
_ASKED = re.compile(rf"tried to allocate {_SIZE}", re.IGNORECASE)
_FREE = re.compile(rf"of which {_SIZE} is free|{_SIZE} free")
_TOTAL = re.compile(rf"total capacity of {_SIZE}|{_SIZE} total capacity")
_ALLOWED = re.compile(rf"{_SIZE} allowed")


def memory_numbers(text: str, *, batch_size: int | None) -> str:
    """Return what torch says of a want of memory, in short; all of its first line where it is new.

    Args:
        text: Of the error.
        batch_size: Of the training; None if it is not known.

    Example:
        >>> memory_numbers(
        ...     "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of "
        ...     "79.15 GiB of which 1.25 GiB is free. Including non-PyTorch memory, ...",
        ...     batch_size=64,
        ... )
        'memory ran out at batch size 64: 2.00 GiB asked for, 1.25 GiB of 79.15 GiB free'
        >>> memory_numbers("can't allocate memory: you tried to allocate 64 bytes.", batch_size=None)
        'memory ran out: 64 bytes asked for'
    """
    at = "" if batch_size is None else f" at batch size {batch_size}"
    asked, free, total, allowed = (_found(p, text) for p in (_ASKED, _FREE, _TOTAL, _ALLOWED))
    parts = [f"{asked} asked for"] if asked else []
    if free and total:
        parts.append(f"{free} of {total} free")
    elif free:
        parts.append(f"{free} free")
    if allowed:
        parts.append(f"{allowed} allowed to this process")
    if not parts:
        lines = text.strip().splitlines()
        parts = [lines[0].strip()] if lines else []
    return ": ".join([f"memory ran out{at}", ", ".join(parts)] if parts else [f"memory ran out{at}"])


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return "" if match is None else next(group for group in match.groups() if group)
