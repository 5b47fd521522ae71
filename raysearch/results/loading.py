"""How is the winner of a search opened, ready to predict?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import yaml

from raysearch.errors import RunDirectoryError, Unsupported
from raysearch.imports import Kind, load_object
from raysearch.results.messages import to_type
from raysearch.results.selection import best_checkpoint, checkpoint_fault
from raysearch.results.winner_folder import (
    CONFIG,
    FOLDER,
    METRICS,
    MODEL,
    SMALL_BYTES,
    path_of,
)
from raysearch.run_dir import RunDir
from raysearch.training.allowed import allowed_only
from raysearch.training.checkpoints import damage
from raysearch.trial import Trial

if TYPE_CHECKING:
    from torch import nn

    from raysearch.results.found import Found


def load_model(run: str | Path, *, allow: Sequence[str] = (), repeat: int = 0) -> nn.Module:
    """Return the winner's model, on the CPU and in eval mode.

    Args:
        run: The run directory, as a path or an address; a copy will do.
        allow: Import paths of classes that may be read from the checkpoint beside tensors and plain
            values, such as "my_project.nets:Settings"; a run directory cannot allow them itself.
        repeat: Which seed's model, where the winner was refitted with several: 0 for the one that
            was handed over, then 1, 2 and so on.

    Raises:
        RunDirectoryError: There is no winner in it, or what is there is not whole.
        TrialFailed: The checkpoint holds something that `allow` does not name.
        ConfigurationError: The model's class or builder cannot be found here.
        Unsupported: The winner is of a function that trains by itself, and is no model that
            raysearch knows how to open.

    Example:
        ::

            model = raysearch.load_model("runs/digits-20261123-170912")
            predictions = model(images)
    """
    run_dir = RunDir(run)
    winner = read_winner(run_dir.path)
    if winner.kind == "function":
        raise Unsupported(_of_function(run_dir.path, winner))
    path = run_dir.fetched(path_of(repeat))
    if repeat and not path.exists():
        more = to_type("refit", run, "--seeds", repeat + 1)
        raise RunDirectoryError(
            f"{path.as_posix()} is missing: {run} has no model of repeat {repeat}. The winner's "
            f"own is repeat 0. To train further ones: {more}."
        )
    _refuse_damaged(path_of(repeat), run=run_dir.path)
    named = load_object(winner.path)
    with allowed_only(str(path), allow=allow, remedy=_allowing):
        model: nn.Module = (
            _built(named, winner.arguments, path=path)
            if winner.kind == "builder"
            else named.load_from_checkpoint(path, map_location="cpu", weights_only=True)
        )
    return model.eval()


def model_at_best(trial: Trial, *, results: Found, build: Callable[[Any], Any]) -> nn.Module | None:
    """Return the model of a trial as it was at its best epoch, on the CPU and in eval mode.

    Args:
        trial: One of a builder's.
        results: The search.
        build: The builder.

    Returns:
        None where the checkpoint of that epoch is not kept whole.

    Raises:
        TrialFailed: The checkpoint holds something that the search does not allow.
    """
    objective, run_dir = results.objective, results.run_dir
    fault = checkpoint_fault(trial, objective=objective, run_dir=run_dir, opens=True)
    checkpoint = best_checkpoint(trial, objective=objective)
    if fault is not None or checkpoint is None:
        return None
    path = run_dir.path / checkpoint.path
    allow = results.state.settings.get("checkpoint", {}).get("allow", ())
    with allowed_only(str(path), allow=allow, remedy=_allowing):
        model: nn.Module = _built(build, trial.configuration, path=path)
    return model.eval()


def _allowing(paths: Sequence[str]) -> str:
    """Return how classes are allowed here, where no experiment is read."""
    return f"open it with load_model(..., allow={list(paths)})"


def _refuse_damaged(key: str, *, run: Path) -> None:
    path = run / key
    fault = damage(path, size_bytes=None)
    if not RunDir(run).storage.holds(key):
        fault = f"{path.name} leads out of the run directory through a symbolic link"
    if fault is not None:
        raise RunDirectoryError(
            f"The model in {path.parent.as_posix()} is not whole: {fault}. The disk or another "
            f"program changed it. To make it again: {to_type('refit', run, '--again')}."
        )


def _built(build: Any, arguments: Mapping[str, Any], *, path: Path) -> Any:
    """Return what a builder makes of the winning configuration, with the trained weights."""
    import torch

    from raysearch.space.define_by_run import Replay

    model = build(Replay(arguments))
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True)["state_dict"])
    return model


def _of_function(run: Path, winner: Winner) -> str:
    name, path = winner.path, (run / MODEL).as_posix()
    configuration = (run / CONFIG).as_posix()
    if not (run / MODEL).is_file():
        return (
            f"{name} is a function that trains by itself, and it reported no checkpoint at the "
            f"winner's best epoch, so there is no model to open. Its configuration is in "
            f"{configuration}."
        )
    return (
        f"{path} is the file that {name}, a function that trains by itself, reported as its "
        "checkpoint; raysearch does not know what is in it. Open it in the way that the function "
        f"wrote it, such as torch.load; the winning configuration is in {configuration}."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Winner:
    """What winner/config.yaml says of the model."""

    kind: Kind
    path: str
    """Its class, builder or function as "package.module:Name"."""
    arguments: Mapping[str, Any]


def read_winner(run: str | Path) -> Winner:
    """Return what the winner's model is.

    Raises:
        RunDirectoryError: There is no winner, or what is there is not whole.
    """
    run_dir = RunDir(run)
    path = run_dir.path
    run_dir.fetch_below(FOLDER, up_to_bytes=SMALL_BYTES)
    winner = _read_config(path) if (path / CONFIG).is_file() else None
    needed = [MODEL] if winner is None or winner.kind != "function" else []
    missing = [name for name in (*needed, CONFIG, METRICS) if run_dir.size_of(name) is None]
    if missing or winner is None:
        raise RunDirectoryError(
            f"There is no whole model in {(path / 'winner').as_posix()}: "
            f"{Path(missing[0]).name} is missing. To hand it over: {to_type('refit', path)}."
        )
    return winner


def _read_config(run: Path) -> Winner:
    try:
        section = yaml.safe_load(RunDir(run).storage.read(CONFIG))["model"]
        kind = section.get("kind", "module")
        if kind not in get_args(Kind):
            raise KeyError(kind)
        return Winner(kind=kind, path=str(section["class"]), arguments=dict(section["arguments"]))
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise RunDirectoryError(
            f"{(run / CONFIG).as_posix()} does not name the model's class. To write it again: "
            f"{to_type('refit', run, '--again')}."
        ) from error
