"""How is a trained model handed to people and programs that know nothing of raysearch?

As a folder: ONNX for every runtime, `torch.export` and plain weights for torch, a model card, and a
program of ten lines that predicts. What cannot be made is left out, and said with the reason; all
else is there.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch.utils import _pytree as pytree

from raysearch.compression.card import model_card
from raysearch.compression.needs import refuse_without
from raysearch.compression.onnx_file import Parity, compare, write_onnx
from raysearch.compression.predicting import ANSWERS, PREDICT, predicting_files
from raysearch.compression.subject import Subject
from raysearch.compression.tracing import Traced, save_program, trace
from raysearch.data.meaning import Meaning, meaning_of
from raysearch.errors import TrialFailed, Unsupported
from raysearch.results.messages import phrase
from raysearch.run_dir.storage import LocalStorage
from raysearch.training.isolation import isolated
from raysearch.training.trained import Call, open_trained, recorded_calls

N_BATCHES = 4
"""Batches of validation data with which the exported model is compared."""
N_EXAMPLES = 4
"""Examples in `example.npz`."""
ONNX, PROGRAM, WEIGHTS, CONFIG = "model.onnx", "model.pt2", "weights.pt", "config.json"
COMPRESSED, EXAMPLE, CARD = "compressed.onnx", "example.npz", "README.md"
MANIFEST = "manifest.json"
"""Written last and removed first, so that it speaks of the files that are there."""
SCHEMA_VERSION = 1

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export came to."""

    folder: Path
    sizes: Mapping[str, int]
    """Name of each file -> its bytes."""
    parity: Parity | None = None
    """How the ONNX file differs from the model; None without one."""
    traced: Traced | None = None
    """The graph of the model; None if it could not be traced."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Name of each file that could not be made -> why, as a phrase."""


def export_model(subject: Subject, *, folder: Path, compressed: Path | None = None) -> Exported:
    """Write a model into a folder, from which alone it can be used.

    Args:
        subject: The model.
        folder: Made when missing; files of an earlier export are replaced.
        compressed: A smaller form of the same model as an ONNX file, to be put beside it.

    Raises:
        ConfigurationError: A package of the extra `export` is not installed.
        TrialFailed: The checkpoint or the data cannot be opened.
        RunDirectoryError: The folder cannot be written.

    Side effects:
        Writes each file atomically, and the manifest last. Safe to repeat.
    """
    refuse_without(what="export")
    storage = LocalStorage(folder.absolute())
    storage.delete(MANIFEST)
    for name in (ONNX, PROGRAM, COMPRESSED, EXAMPLE, ANSWERS, PREDICT):
        storage.delete(name)  # of an earlier export, of perhaps another model
    left_out: dict[str, str] = {}
    with isolated(threads=subject.job.threads):
        graph, parity = _written(subject, storage=storage, folder=folder, left_out=left_out)
    if compressed is not None:
        storage.put(COMPRESSED, compressed.read_bytes())
    exported = Exported(
        folder=folder,
        sizes=_sizes(folder),
        parity=parity,
        traced=graph,
        left_out=left_out,
    )
    storage.put(CARD, model_card(subject, exported).encode())
    storage.put(MANIFEST, _manifest(subject, folder, exported=exported))
    return exported


def _written(
    subject: Subject, *, storage: LocalStorage, folder: Path, left_out: dict[str, str]
) -> tuple[Traced | None, Parity | None]:
    """Write the model in every form that it has; return its graph, and how the ONNX file differs.

    What cannot be made is noted in `left_out`, with the reason.
    """
    parts = open_trained(subject.job, subject.checkpoint)
    storage.put(WEIGHTS, _weights(parts.model))
    storage.put(CONFIG, _config(subject))
    calls = _tried(
        lambda: recorded_calls(parts, job=subject.job, source="validation", n_batches=N_BATCHES),
        files=(PROGRAM, ONNX, EXAMPLE, PREDICT),
        left_out=left_out,
    )
    if not calls:
        return None, None
    graph = _tried(
        lambda: trace(parts.model, calls), files=(PROGRAM, ONNX, PREDICT), left_out=left_out
    )
    storage.put(EXAMPLE, _example(calls, names=_names(graph, calls)))
    if graph is None:
        return None, None
    save_program(graph, path=folder / PROGRAM)
    parity = _tried(
        lambda: _write_compared(graph, calls, path=folder / ONNX),
        files=(ONNX, PREDICT),
        left_out=left_out,
    )
    if parity is not None:
        first = pytree.tree_leaves(calls[0].outputs)[0]
        files = predicting_files(
            _meaning(parts.data), shape=first.shape, classifies=_classifies(subject)
        )
        for name, content in files.items():
            storage.put(name, content)
    return graph, parity


def _tried(make: Callable[[], T], *, files: Sequence[str], left_out: dict[str, str]) -> T | None:
    """Return what is made, or None with the reason noted for each file that needs it."""
    try:
        return make()
    except Unsupported as error:
        left_out.update(dict.fromkeys(files, phrase(error)))
        return None


def _write_compared(traced: Traced, calls: Sequence[Call], *, path: Path) -> Parity:
    """Write the ONNX file and compare it with the model; a file that differs is not kept."""
    write_onnx(traced, outputs=calls[0].outputs, path=path)
    try:
        parity = compare(calls, path=path)
    except TrialFailed as error:
        path.unlink(missing_ok=True)
        raise Unsupported(phrase(error)) from error
    if not parity.is_rounding:
        path.unlink(missing_ok=True)
        raise Unsupported(
            f"what onnxruntime computes differs by {parity.largest_difference:.2g} from the model, "
            f"whose largest output is {parity.largest_output:.3g}: more than rounding. Does its "
            "forward draw random numbers"
        )
    return parity


def _names(graph: Traced | None, calls: Sequence[Call]) -> Sequence[str]:
    if graph:
        return graph.input_names
    return [f"input_{number}" for number in range(len(calls[0].inputs))]


def _weights(model: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(model.state_dict(), buffer)
    return buffer.getvalue()


def _config(subject: Subject) -> bytes:
    job = subject.job
    document = {
        "schema_version": SCHEMA_VERSION,
        "kind": job.kind,
        "class": job.model_class,
        "arguments": dict(job.model_arguments),
        "data": {"class": job.data_class, "arguments": dict(job.data_arguments)},
        "weights": WEIGHTS,
    }
    return (json.dumps(document, indent=2, default=str) + "\n").encode()


def _example(calls: Sequence[Call], *, names: Sequence[str]) -> bytes:
    import numpy as np

    first = calls[0]
    arrays = {
        name: value[:N_EXAMPLES].numpy() for name, value in zip(names, first.inputs, strict=True)
    }
    leaves = pytree.tree_leaves(first.outputs)
    outputs = {f"expected_{n}": leaf[:N_EXAMPLES].numpy() for n, leaf in enumerate(leaves)}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays, **outputs)
    return buffer.getvalue()


def _classifies(subject: Subject) -> bool:
    """Return whether the model, or else its data, is known to be of classes."""
    task = subject.job.model_arguments.get("task")
    spec = subject.found.experiment.data_spec
    return (task or (spec.task if spec else None)) == "classification"


def _meaning(data: Any) -> Meaning | None:
    """Return what outputs mean; None also where the largest of them is not the answer."""
    meaning = meaning_of(data)
    if meaning is None or not meaning.classes:
        return meaning
    batch = next(iter(data.val_dataloader()), None)
    return None if has_many_labels(batch, n_classes=len(meaning.classes)) else meaning


def has_many_labels(batch: Any, *, n_classes: int) -> bool:
    """Return whether an example may be of several classes at once, or of none.

    Args:
        batch: Of the data, of which the last tensor is the target.
        n_classes: How many there are.

    Example:
        >>> targets = {"numbers": [0, 1], "one-hot": [[1, 0], [0, 1]], "labels": [[1, 1], [0, 0]]}
        >>> batches = {name: (torch.rand(2, 5), torch.tensor(t)) for name, t in targets.items()}
        >>> [name for name, batch in batches.items() if has_many_labels(batch, n_classes=2)]
        ['labels']
    """
    targets = [leaf for leaf in pytree.tree_leaves(batch) if isinstance(leaf, torch.Tensor)]
    if not targets or targets[-1].ndim != 2 or targets[-1].shape[1] != n_classes:
        return False
    return bool((targets[-1].sum(1) != 1).any())


def _sizes(folder: Path) -> dict[str, int]:
    known = (ONNX, COMPRESSED, PROGRAM, WEIGHTS, CONFIG, EXAMPLE, ANSWERS, PREDICT)
    return {name: (folder / name).stat().st_size for name in known if (folder / name).is_file()}


def _manifest(subject: Subject, folder: Path, *, exported: Exported) -> bytes:
    parity = exported.parity
    files = {
        name: {
            "bytes": (folder / name).stat().st_size,
            "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
        }
        for name in (*exported.sizes, CARD)
    }
    document = {
        "schema_version": SCHEMA_VERSION,
        "run": subject.found.run_dir.path.absolute().name,
        "trial": subject.trial.id,
        "files": files,
        "left_out": dict(exported.left_out),
        "parity": parity
        and {
            "largest_absolute_difference": parity.largest_difference,
            "largest_output": parity.largest_output,
            "examples": parity.n_examples,
            "batch_sizes": list(parity.batch_sizes),
        },
    }
    return (json.dumps(document, indent=2) + "\n").encode()
