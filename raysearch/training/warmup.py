"""How is a worker made ready for its first trial, and for the next one?

Importing torch and Lightning takes seconds; a worker does it once, while others are still
starting. Nothing here loads them at import.
"""

from __future__ import annotations

import gc
import logging
import sys
from functools import cache


@cache
def prepare_process() -> None:
    """Import all that training needs, and keep Lightning quiet from now on.

    The garbage collector is off meanwhile, which saves about a fifth of the time, and is then told
    to leave alone what is there now, so that `release_memory` has little to look through.

    Side effects:
        `gc.freeze()`. Levels of Lightning's loggers. All of it once: another call does nothing.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        import raysearch.training.fit  # noqa: F401 - torch, Lightning and all that comes with them
        from raysearch.training.isolation import LIGHTNING_LOGGERS
    finally:
        if was_enabled:
            gc.enable()
    gc.freeze()  # with some garbage; to collect it first takes longer than it is worth
    for name in LIGHTNING_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)


def release_memory() -> None:
    """Free what the last trial left in memory.

    A model refers to its trainer and back, so it stays until garbage is collected. That takes
    about a millisecond after `prepare_process`, and a third of a second without.
    """
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
