"""A module that lets the second fork of its process fail, as where there is no room for it."""

from __future__ import annotations

import os

_fork, _asked = os.fork, []


def fork():
    """Fork, but not the second time."""
    _asked.append(None)
    if len(_asked) == 2:
        raise BlockingIOError(11, "Resource temporarily unavailable")
    return _fork()


os.fork = fork
