"""Which classes may be read back from a checkpoint, beside tensors and plain values?

None, unless the experiment names them: `checkpoint: {allow: ["my_project.nets:Settings"]}`. What is
read back may run the class's code, so the list is the user's to write.
"""

from __future__ import annotations

import pickle
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from raysearch.errors import ConfigurationError, TrialFailed
from raysearch.imports import load_object

_REFUSED = re.compile(r"GLOBAL ([\w.]+)")


def in_experiment(paths: Sequence[str]) -> str:
    """Return how classes are allowed in an experiment file.

    Example:
        >>> in_experiment(["my.nets:Notes"])
        'add to the experiment: checkpoint: {allow: ["my.nets:Notes"]}'
    """
    listed = ", ".join(f'"{path}"' for path in paths)
    return f"add to the experiment: checkpoint: {{allow: [{listed}]}}"


@contextmanager
def allowed_only(
    checkpoint: str | None,
    *,
    allow: Sequence[str],
    remedy: Callable[[Sequence[str]], str] = in_experiment,
) -> Iterator[None]:
    """Let checkpoints be read that hold tensors, plain values and these classes; name what else.

    Args:
        checkpoint: Path of what is read inside; None if nothing is.
        allow: Import paths of the classes.
        remedy: Says how these classes are allowed where this is called from; as part of a sentence.

    Raises:
        ConfigurationError: A path names no class.
        TrialFailed: The checkpoint holds something else.
    """
    import torch

    with torch.serialization.safe_globals([_class(path) for path in allow]):
        try:
            yield
        except pickle.UnpicklingError as error:
            if checkpoint is None:
                raise
            raise TrialFailed(_refusal(checkpoint, error, allow, remedy)) from error


def _class(path: str) -> type:
    found = load_object(path)
    if not isinstance(found, type):
        raise ConfigurationError(
            f"checkpoint.allow, or allow= of load_model: {path} is no class. Only classes can be "
            "read back; leave it out."
        )
    return found


def _refusal(
    checkpoint: str,
    error: pickle.UnpicklingError,
    allow: Sequence[str],
    remedy: Callable[[Sequence[str]], str],
) -> str:
    named = _REFUSED.search(str(error))
    if named is None:
        return (
            f"{checkpoint} holds more than tensors and plain values, and was not read: that could "
            f"run code. {str(error).splitlines()[0]}"
        )
    path = _import_path(named.group(1))
    return (
        f"{checkpoint} holds a {path}, and was not read: only tensors and plain values are read "
        "from a run directory, since anything else could run code. Keep what save_hyperparameters, "
        "on_save_checkpoint, callbacks and data modules store to numbers, text, lists, dicts and "
        f"tensors. Or, if you trust the file, {remedy((*allow, path))}"
    )


def _import_path(dotted: str) -> str:
    """Return the import path of what a checkpoint names with dots.

    Example:
        >>> _import_path("raysearch.errors.TrialFailed")
        'raysearch.errors:TrialFailed'
    """
    parts = dotted.split(".")
    for end in range(len(parts) - 1, 0, -1):
        if ".".join(parts[:end]) in sys.modules:
            return f"{'.'.join(parts[:end])}:{'.'.join(parts[end:])}"
    return ":".join(dotted.rsplit(".", 1))
