"""What may a plain function keep as its checkpoint, and how does it get that back?

A file, of whatever format, which is copied; or a mapping of plain values and tensors. The latter is
read back without running code, so all that could not be read is refused when it is written. Torch
is loaded when a mapping is written or read, and not before.
"""

from __future__ import annotations

import os
import pickle
import shutil
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from types import NoneType
from typing import Any

from raysearch.errors import TrialFailed
from raysearch.training.checkpoints import add_checkpoint
from raysearch.trial import Checkpoint

_PLAIN = (NoneType, bool, int, float, complex, str, bytes, bytearray)
_MAPPINGS = (dict, OrderedDict, Counter)
_SEQUENCES = (list, tuple, set)


def keep(given: object, *, directory: Path, epoch: int) -> Checkpoint:
    """Write what a function gave as its checkpoint into the trial's folder.

    Args:
        given: The path of a file, which stays where it is, or a mapping.
        directory: The trial's folder.
        epoch: How often the function has reported.

    Raises:
        TrialFailed: There is no such file, it is a folder, or the mapping holds more than tensors
            and plain values.

    Side effects:
        Writes the file atomically, under a new name; see `add_checkpoint`.
    """
    if isinstance(given, Mapping):
        return add_checkpoint(partial(_save, dict(given)), directory=directory, epoch=epoch)
    if not isinstance(given, str | os.PathLike):
        raise TrialFailed(
            f"The checkpoint is of type {_kind(given)}. Give the path of a file, or a mapping of "
            'tensors and plain values, such as {"model": model.state_dict(), "epoch": epoch}.'
        )
    path = Path(given)
    if path.is_dir():
        raise TrialFailed(
            f"The checkpoint {given} is a folder, and one file is kept for each report. Give a "
            f'mapping, or pack the folder first: shutil.make_archive("all", "tar", "{given}").'
        )
    if not path.is_file():
        raise TrialFailed(
            f"The checkpoint {given} does not exist. Write it before it is reported, and close it."
        )
    return add_checkpoint(partial(shutil.copyfile, path), directory=directory, epoch=epoch)


def _save(content: dict[Any, Any], path: Path) -> None:
    import torch

    faults = list(islice(_unreadable(content, where="checkpoint"), 3))
    if faults:
        raise TrialFailed(
            f"{'; '.join(faults)}. A mapping is read back without running code, so it may hold "
            "tensors, numbers, text, lists, tuples, sets and dicts only: use value.item() or "
            "torch.as_tensor(value), or write a file yourself and give its path."
        )
    torch.save(content, path)


def _unreadable(value: Any, *, where: str) -> Iterator[str]:
    """Yield what could not be read back, such as "checkpoint['rng'] is of type numpy.ndarray"."""
    import torch

    kind = type(value)
    if kind in _MAPPINGS:
        for key, below in value.items():
            yield from _unreadable(key, where=f"the key {key!r} of {where}")
            yield from _unreadable(below, where=f"{where}[{key!r}]")
    elif kind in _SEQUENCES:
        for number, below in enumerate(value):
            yield from _unreadable(below, where=f"{where}[{number}]")
    elif kind not in _PLAIN and not isinstance(
        value, torch.Tensor | torch.Size | torch.dtype | torch.device
    ):
        yield f"{where} is of type {_kind(value)}"


def _kind(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")


def read_back(path: Path) -> dict[Any, Any]:
    """Return the mapping that `keep` wrote, tensors on the CPU.

    Raises:
        TrialFailed: The file was not written from a mapping.
    """
    import torch

    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise TrialFailed(
            f"{path} was not written from a mapping of tensors and plain values, so load() cannot "
            "read it. It is a copy of the file that was given as the checkpoint: read that format "
            "from report.resume_from."
        ) from error
    return content  # type: ignore[no-any-return]  # torch.load is untyped
