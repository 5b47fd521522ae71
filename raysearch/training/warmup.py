"""How is a worker made ready for its first trial, and for the next one?

Importing torch and Lightning takes seconds; a worker does it once, while others are still
starting, or is a fork of a process that has. Nothing here loads them at import.
"""

from __future__ import annotations

import gc
import importlib
import sys
from typing import TYPE_CHECKING

from raysearch.imports import load_object, without_collecting

if TYPE_CHECKING:
    from raysearch.training.job import TrainingJob
    from raysearch.training.namespace import Namespace

_READY: set[str] = set()
"""Names of the Lightnings that this process has imported; see also `_SETTLED`."""

_SETTLED = "settled"
"""Among those names once the first trial of this process has ended."""

NEEDED = ("", "callbacks", "loggers", "plugins.io", "utilities.combined_loader")
"""Modules of Lightning that a fit takes something from."""


def prepare_process(job: TrainingJob | None = None) -> None:
    """Import all that training needs, and keep Lightning quiet from now on.

    The garbage collector is off meanwhile, which saves about a fifth of the time, and is then told
    to leave alone what is there now, so that `release_memory` has little to look through.

    Args:
        job: What will be trained: decides which Lightning is imported, and whether any. By default
            it is `pytorch_lightning`, which the built-in families use.

    Raises:
        ConfigurationError: The job's model or data module is none. What importing them raises
            passes through.

    Side effects:
        `gc.freeze()`. Levels of Lightning's loggers. All of it once for each Lightning: another
        call does nothing.
    """
    if job is not None and job.kind == "function":
        return  # whatever it needs, it imports
    with without_collecting():
        namespace = _namespace(job)
        if namespace.name in _READY:
            return
        import raysearch.training.evaluating
        import raysearch.training.fit  # noqa: F401 - torch, and all that comes with it

        for part in NEEDED:
            importlib.import_module(f"{namespace.name}.{part}".rstrip("."))
    from raysearch.training.isolation import keep_quiet

    keep_quiet()
    _READY.add(namespace.name)
    gc.freeze()  # with some garbage; to collect it first takes longer than it is worth


def _namespace(job: TrainingJob | None) -> Namespace:
    """Return the Lightning of a job, importing the user's modules on the way."""
    from raysearch.training.namespace import LIGHTNING, PYTORCH_LIGHTNING, namespace_of

    if job is None:
        return PYTORCH_LIGHTNING
    model = load_object(job.model_class)
    if job.kind == "module":
        return namespace_of(model, kind="LightningModule", path=job.model_class)
    is_loaded = LIGHTNING.name in sys.modules and PYTORCH_LIGHTNING.name not in sys.modules
    return LIGHTNING if is_loaded else PYTORCH_LIGHTNING  # a function: by what its module imports


def release_memory() -> None:
    """Free what the last trial left in memory.

    A model refers to its trainer and back, so it stays until garbage is collected. What is there
    after the first trial are modules and what they keep, which the collector is told to leave alone
    from then on: that takes 40 ms to a third of a second once, and a millisecond later.

    Side effects:
        `gc.freeze()` at the first call in a process.
    """
    gc.collect()
    if _SETTLED not in _READY:
        _READY.add(_SETTLED)
        gc.freeze()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
