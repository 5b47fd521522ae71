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


def memory_numbers(text: str) -> str:
    """Return the numbers in what torch says of a want of memory; empty if there are none.

    Args:
        text: Of the error.

    Example:
        >>> memory_numbers(
        ...     "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of "
        ...     "79.15 GiB of which 1.25 GiB is free. Including non-PyTorch memory, ..."
        ... )
        '2.00 GiB asked for, 1.25 GiB of 79.15 GiB free'
        >>> memory_numbers("can't allocate memory: you tried to allocate 64 bytes.")
        '64 bytes asked for'
    """
    asked, free, total, allowed = (_found(p, text) for p in (_ASKED, _FREE, _TOTAL, _ALLOWED))
    parts = [f"{asked} asked for"] if asked else []
    if free:
        parts.append(f"{free} of {total} free" if total else f"{free} free")
    if allowed:
        parts.append(f"{allowed} allowed to this process")
    return ", ".join(parts)


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return "" if match is None else next(group for group in match.groups() if group)
