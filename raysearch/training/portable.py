"""What must a checkpoint hold so that plain Lightning opens it, and nothing else can be in it?

`Module.load_from_checkpoint(path, weights_only=True)` builds the model from the hyperparameters in
the file, and refuses a file with anything but tensors and plain values in it. A user's model may
have saved no hyperparameters, or losses and classes among them. The job knows what the constructor
was given, as plain JSON: that takes their place.

The clean-up happens where Lightning hands over the finished file: in its `CheckpointIO`.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch

from raysearch.imports import load_object
from raysearch.training.job import TrainingJob
from raysearch.training.seeding import CLASS, KEY

_MODEL = "hyper_parameters"
_DATA = "datamodule_hyper_parameters"
_OMITTED = object()


class PlainCheckpoints:
    """Writes checkpoints of plain values; to be derived from "plugins.io:TorchCheckpointIO".

    Args:
        job: Knows the arguments of model and data module.
    """

    def __init__(self, job: TrainingJob) -> None:
        self._job = job
        self._buffer: BinaryIO | None = None

    @contextmanager
    def writing_to(self, buffer: BinaryIO) -> Iterator[None]:
        """Write checkpoints into a buffer meanwhile, wherever they shall go."""
        self._buffer = buffer
        try:
            yield
        finally:
            self._buffer = None

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        """Write the file that Lightning has put together."""
        plain = portable(checkpoint, job=self._job)
        if self._buffer is not None:
            torch.save(plain, self._buffer)
            return
        super().save_checkpoint(plain, path, storage_options)  # type: ignore[misc]


def portable(checkpoint: Mapping[str, Any], *, job: TrainingJob) -> dict[str, Any]:
    """Return a checkpoint whose hyperparameters are plain, and complete.

    Of the model's hyperparameters those remain that are plain; in place of the others, and of those
    that the model did not save, come the constructor's arguments. What is neither plain nor an
    argument is left out. Under "raysearch" the import path of the class is added, by which
    `init_from` knows the family; for a model from a function, that and its values, for
    `raysearch.load_model`.

    Args:
        checkpoint: As Lightning put it together.
        job: What is trained.
    """
    plain = dict(checkpoint)
    for kind in ("hparams_type", "datamodule_hparams_type"):
        plain.pop(kind, None)  # a class; what it was made of opens as a dictionary
    saved = plain.get(_MODEL, {})
    arguments = dict(job.model_arguments) if job.kind == "module" else {}
    if saved or arguments:
        plain[_MODEL] = _completed(saved, arguments, named=_named_argument(plain, job=job))
    if _DATA in plain:
        plain[_DATA] = _completed(plain[_DATA], dict(job.data_arguments), named=None)
    if job.kind == "module":
        plain[KEY] = {**plain.get(KEY, {}), CLASS: job.model_class}
    if job.kind == "builder":
        recipe = {"builder": job.model_class, "values": dict(job.model_arguments)}
        plain[KEY] = {**plain.get(KEY, {}), **recipe}
    return plain


def _completed(
    saved: Mapping[str, Any], arguments: dict[str, Any], *, named: str | None
) -> dict[str, Any]:
    """Return what was saved, made plain, with the constructor's arguments where it lacks them.

    Args:
        saved: As the model saved it.
        arguments: The constructor's arguments.
        named: The one argument that `saved` is, as a whole.
    """
    if named is not None:
        arguments = arguments[named] if isinstance(arguments.get(named), dict) else {}
    completed = dict(arguments)
    for name, value in saved.items():
        kept = plain_value(value)
        is_theirs_better = name not in arguments or not isinstance(value, np.generic)
        if kept is not _OMITTED and is_theirs_better:
            completed[name] = kept
    return completed


def _named_argument(checkpoint: Mapping[str, Any], *, job: TrainingJob) -> str | None:
    """Return the name of the constructor's argument that holds all hyperparameters, if one does."""
    name = checkpoint.get("hparams_name")
    if job.kind != "module" or not isinstance(name, str):
        return None
    parameter = inspect.signature(load_object(job.model_class)).parameters.get(name)
    is_one = parameter is not None and parameter.kind not in (
        inspect.Parameter.VAR_KEYWORD,
        inspect.Parameter.VAR_POSITIONAL,
    )
    return name if is_one else None


def plain_value(value: Any) -> Any:
    """Return a value as torch reads it back without unpickling; `_OMITTED` if there is none.

    Numbers of NumPy become Python's, mappings become dictionaries; a collection that holds anything
    else is left out as a whole.

    Example:
        >>> plain_value({"rates": (0.1, 0.2), "loss": None})
        {'rates': (0.1, 0.2), 'loss': None}
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or type(value) in (bool, int, float, str, torch.Tensor):
        return value
    if isinstance(value, torch.dtype | torch.device | torch.Size):
        return value
    if isinstance(value, Mapping):
        pairs = {key: plain_value(entry) for key, entry in value.items()}
        return _OMITTED if any(entry is _OMITTED for entry in pairs.values()) else pairs
    if type(value) in (list, tuple, set) or type(value).__name__ == "ListConfig":
        entries = [plain_value(entry) for entry in value]
        made = type(value) if type(value) in (tuple, set) else list
        return _OMITTED if any(entry is _OMITTED for entry in entries) else made(entries)
    return _OMITTED
