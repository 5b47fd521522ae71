"""Which installed packages add callbacks to every Trainer?

Lightning looks through all that is installed each time a Trainer is made, which takes 15 to 20 ms,
as much as the rest of a small fit's beginning. Here it looks once in a process; the callbacks
themselves are still made anew for each Trainer.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from typing import Any

from raysearch.training.namespace import Namespace

_LOOKS_UP = "entry_points"
"""Name under which Lightning's registry has `importlib.metadata.entry_points`."""


@contextmanager
def looked_up_once(namespace: Namespace) -> Iterator[None]:
    """Let Lightning use what was found before, while a Trainer is made.

    Args:
        namespace: The Lightning of the Trainer.

    Side effects:
        A name in a module of Lightning stands for another function meanwhile. A Lightning that has
        no such name looks for itself.
    """
    registry = importlib.import_module(f"{namespace.fabric}.utilities.registry")
    if vars(registry).get(_LOOKS_UP) is not metadata.entry_points:
        yield
        return
    setattr(registry, _LOOKS_UP, _entry_points)
    try:
        yield
    finally:
        setattr(registry, _LOOKS_UP, metadata.entry_points)


@cache
def _entry_points(*, group: str) -> Any:
    return metadata.entry_points(group=group)
