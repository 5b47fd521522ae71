"""What lies beside the winning model, for people and programs that know nothing of raysearch?

`winner/config.yaml` says what the model is, `winner/metrics.json` what it is worth. Both are made
of what the journal holds and written atomically, so writing them again is safe.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from raysearch.training.job import TrainingJob
from raysearch.trial import Objective, Trial

if TYPE_CHECKING:
    from raysearch.results.collect import Results

SCHEMA_VERSION = 1
FOLDER = "winner"
MODEL = f"{FOLDER}/model.ckpt"
"""Path of the winning model, relative to the run directory."""
CONFIG = f"{FOLDER}/config.yaml"
METRICS = f"{FOLDER}/metrics.json"
"""Written after the model and removed before it changes, so it always speaks of the model there."""


def describes(run_dir: RunDir, model: ev.Refitted) -> bool:
    """Return whether the model that lies in the run directory is the one that was journalled."""
    path = run_dir.path / model.path
    try:
        metrics = json.loads(run_dir.storage.read(METRICS))
        is_whole = path.stat().st_size == model.size_bytes
    except (FileNotFoundError, ValueError):
        return False
    return is_whole and (metrics["trial"], metrics["best_epoch"]) == (model.trial, model.epochs)


def install(run_dir: RunDir, model: Path) -> None:
    """Put a model that is complete in the place of the winner's.

    Side effects:
        Removes metrics.json first: until it is written again, no model counts as handed over.
    """
    run_dir.storage.delete(METRICS)
    model.replace(run_dir.path / MODEL)


def opening_lines(path: Path, *, model_class: str) -> tuple[str, str]:
    """Return the two lines of Python that open the winner, with plain Lightning.

    Example:
        >>> first, second = opening_lines(Path("model.ckpt"), model_class="my_project.nets:Net")
        >>> print(first)
        from my_project.nets import Net
        >>> print(second)
        model = Net.load_from_checkpoint("model.ckpt")
    """
    module, _, name = model_class.partition(":")
    return (
        f"from {module} import {name}",
        f'model = {name}.load_from_checkpoint("{path.as_posix()}")',
    )


def write_config(results: Results, *, trial: Trial, job: TrainingJob, model: ev.Refitted) -> None:
    """Write winner/config.yaml: configuration, classes with arguments, seed, versions."""
    objective = results.objective
    document = {
        "schema_version": SCHEMA_VERSION,
        "run": results.run_dir.path.absolute().name,
        "trial": trial.id,
        "configuration": dict(trial.configuration),
        "model": {"class": job.model_class, "arguments": dict(job.model_arguments)},
        "data": {"class": job.data_class, "arguments": dict(job.data_arguments)},
        "objective": {"metric": objective.metric, "direction": objective.direction},
        "seed": job.seed,
        "epochs": model.epochs,
        "refit": model.refit,
        "versions": dict(results.state.versions),
    }
    lines = opening_lines(Path("model.ckpt"), model_class=job.model_class)
    text = "".join(f"# {line}\n" for line in lines) + yaml.safe_dump(
        document, sort_keys=False, allow_unicode=True
    )
    results.run_dir.storage.put(CONFIG, text.encode())


def write_metrics(results: Results, *, trial: Trial, model: ev.Refitted) -> None:
    """Write winner/metrics.json: validation beside the default configuration's, and the test."""
    objective = results.objective
    opening = results.history.result_of(model)
    default = results.default
    document = {
        "schema_version": SCHEMA_VERSION,
        "trial": trial.id,
        "objective": {"metric": objective.metric, "direction": objective.direction},
        "best_epoch": model.epochs,
        "validation": _values(trial, objective=objective),
        "default": None
        if default is None
        else {"trial": default.id, "validation": _values(default, objective=objective)},
        "refit": {"epochs": model.epochs, "seconds": model.seconds} if model.refit else None,
        "test": None if opening is None else dict(opening.values or {}),
    }
    text = json.dumps(document, indent=2, allow_nan=False) + "\n"
    results.run_dir.storage.put(METRICS, text.encode())


def _values(trial: Trial, *, objective: Objective) -> Mapping[str, Any]:
    best = trial.best(objective)
    return dict(best.values) if best else {}
