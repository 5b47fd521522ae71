"""A module that lets the second fork of its process fail, as where there is no room for it."""

from __future__ import annotations

import os
import sys

_fork, _asked = os.fork, []


def fork():
    """Fork, but not the second time."""
    _asked.append(None)
    if len(_asked) == 2:
        raise BlockingIOError(11, "Resource temporarily unavailable")
    return _fork()


if "pytest" not in sys.modules:  # which imports all modules as it collects
    os.fork = fork
