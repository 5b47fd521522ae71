"""Which model lies in the folder `winner/`, and is it the one that was handed over?"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from raysearch.errors import RunDirectoryError
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev

FOLDER = "winner"
SMALL_BYTES = 1 << 20
"""Files about a winner up to this size come from a store at once; its models when they are used."""
MODEL = f"{FOLDER}/model.ckpt"
"""Path of the winning model, relative to the run directory."""
NEXT = f"{FOLDER}/next.ckpt"
"""A model in the making: what is in `winner/` stays whole until this one is."""
NEXT_SEED = f"{FOLDER}/next-{{}}.ckpt"
"""The same of a further seed, which is in the making beside others."""
SEEDS = f"{FOLDER}/seeds"
"""Folder of the models of further seeds."""
COMPRESSED = f"{FOLDER}/compressed/model.onnx"
"""The winning model made smaller, as an ONNX file."""
CONFIG = f"{FOLDER}/config.yaml"
METRICS = f"{FOLDER}/metrics.json"
"""Written after the model and removed before it changes, so it always speaks of the model there."""


def path_of(repeat: int) -> str:
    """Return the path of a seed's model, relative to the run directory; 0 is the winner's own.

    Example:
        >>> path_of(0), path_of(2)
        ('winner/model.ckpt', 'winner/seeds/2.ckpt')
    """
    return f"{SEEDS}/{repeat}.ckpt" if repeat else MODEL


def describes(run_dir: RunDir, model: ev.Refitted) -> bool:
    """Return whether the model that lies in the run directory is what was journalled.

    Those of further seeds are not looked at: see `as_it_lies`.
    """
    try:
        metrics = json.loads(run_dir.storage.read(METRICS))
        described = metrics["trial"], metrics["best_epoch"]
    except (OSError, ValueError, KeyError, TypeError):
        return False  # it is not there, cannot be read, or is not what was written
    is_whole = not model.path or _is_whole(run_dir, model.path, size_bytes=model.size_bytes)
    return is_whole and described == (model.trial, model.epochs)


def as_it_lies(run_dir: RunDir, model: ev.Refitted) -> ev.Refitted | None:
    """Return a record of what is in `winner/` as far as the files are whole.

    The models of further seeds count up to the first that is not: the rest is still to come.

    Returns:
        None if not even the winner's own model is what was journalled.
    """
    if not describes(run_dir, model):
        return None
    there = tuple(
        size_bytes
        for _, size_bytes in itertools.takewhile(
            lambda seed: _is_whole(run_dir, path_of(seed[0]), size_bytes=seed[1]),
            enumerate(model.seed_bytes, start=1),
        )
    )
    return model if there == model.seed_bytes else replace(model, seed_bytes=there, seeds_reason="")


def compressed_as_it_lies(run_dir: RunDir, made: ev.Compressed | None) -> ev.Compressed | None:
    """Return the record of a compressed model if its file is there and as long as it was."""
    if made is None or not _is_whole(run_dir, made.path, size_bytes=made.size_bytes):
        return None
    return made


def _is_whole(run_dir: RunDir, path: str, *, size_bytes: int) -> bool:
    try:
        is_as_long = run_dir.size_of(path) == size_bytes
    except OSError:
        return False
    return is_as_long and run_dir.storage.holds(path)


@contextmanager
def telling_what_is_kept(run_dir: RunDir) -> Iterator[None]:
    """Say what is kept where the disk fails.

    Raises:
        RunDirectoryError: Something could not be written.
    """
    try:
        yield
    except RunDirectoryError:
        raise  # which says it
    except OSError as error:
        raise RunDirectoryError(
            f"the winner could not be written to {run_dir.path / FOLDER}: "
            f"{error.strerror or error}. The search and all its trials are kept. Make room or mend "
            "the disk; then `resume` hands the winner over."
        ) from error


def install(run_dir: RunDir, model: Path | None) -> int:
    """Put a model that is complete in the place of the winner's, and return its size in bytes.

    Args:
        run_dir: The run directory.
        model: The file, which is moved; None if the winner has no model.

    Side effects:
        Removes metrics.json first: until it is written again, no model counts as handed over.
        Then the models of further seeds and the compressed one, which were the former winner's.
    """
    run_dir.storage.delete(METRICS)
    for key in [*run_dir.storage.keys(SEEDS), COMPRESSED]:
        run_dir.storage.delete(key)
    if model is None:
        run_dir.storage.delete(MODEL)
        return 0
    size_bytes = model.replace(run_dir.path / MODEL).stat().st_size
    run_dir.bring(MODEL)
    run_dir.storage.delete(NEXT)  # which who trained it has brought to the store
    return size_bytes


def install_seed(run_dir: RunDir, *, repeat: int) -> int:
    """Put a complete model beside the winner's; return its size in bytes.

    Args:
        run_dir: The run directory.
        repeat: Which seed it is of, from 1, and so that it lies at `NEXT_SEED`.

    Raises:
        RunDirectoryError: Its place leads out of the run directory.

    Side effects:
        Moves the file, at once. It does not count before it is journalled.
    """
    key = path_of(repeat)
    run_dir.storage.move(NEXT_SEED.format(repeat), key)
    return (run_dir.path / key).stat().st_size
