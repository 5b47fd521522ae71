"""What lies beside the winning model, for people and programs that know nothing of raysearch?

`winner/config.yaml` says what the model is, `winner/metrics.json` what it is worth. Both are made
of what the journal holds and written atomically, so writing them again is safe.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from raysearch.engine.lineage import Stretch
from raysearch.results.chosen import chosen_document
from raysearch.results.found import Found
from raysearch.results.history import history, schedule_document
from raysearch.results.opening import opening_lines
from raysearch.results.spread import spread_of
from raysearch.results.winner_folder import CONFIG, FOLDER, METRICS, path_of, telling_what_is_kept
from raysearch.run_dir import events as ev
from raysearch.training.job import TrainingJob
from raysearch.trial import Objective, Trial

SCHEMA_VERSION = 1

SCHEDULE = f"{FOLDER}/schedule.yaml"
"""Hyperparameters of the winner, if they changed while it was trained."""


def write_config(found: Found, *, trial: Trial, job: TrainingJob, model: ev.Refitted) -> None:
    """Write winner/config.yaml: configuration, classes with arguments, seed, versions."""
    objective = found.objective
    document = {
        "schema_version": SCHEMA_VERSION,
        "run": found.run_dir.path.absolute().name,
        "trial": trial.id,
        "configuration": dict(trial.best_configuration(objective)),
        **schedule_document(found, trial),
        "model": {
            "class": job.model_class,
            "kind": job.kind,
            "arguments": dict(job.model_arguments),
        },
        "data": {"class": job.data_class, "arguments": dict(job.data_arguments)}
        if job.data_class
        else None,
        "objective": {"metric": objective.metric, "direction": objective.direction},
        "seed": job.seed,
        "epochs": model.epochs,
        "refit": model.refit,
        "refit_reason": model.reason,
        "seeds": [_beside(path_of(repeat)) for repeat in range(model.n_models)],
        "seeds_reason": model.seeds_reason,
        "versions": dict(found.state.versions),
    }
    stretches = history(found, trial)
    with telling_what_is_kept(found.run_dir):
        if len(stretches) > 1:
            found.run_dir.storage.put(SCHEDULE, _schedule(stretches).encode())
        else:
            found.run_dir.storage.delete(SCHEDULE)  # of a winner before this one
    text = _heading(job, model=model) + yaml.safe_dump(
        document, sort_keys=False, allow_unicode=True
    )
    with telling_what_is_kept(found.run_dir):
        found.run_dir.storage.put(CONFIG, text.encode())


def _schedule(stretches: Sequence[Stretch]) -> str:
    """Return winner/schedule.yaml: the hyperparameters of each stretch of epochs."""
    head = "# The hyperparameters with which this model was trained, epoch by epoch.\n"
    document = {
        "schema_version": SCHEMA_VERSION,
        "schedule": [stretch.to_json() for stretch in stretches],
    }
    return head + yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _heading(job: TrainingJob, *, model: ev.Refitted) -> str:
    """Return the lines that open the model, as comments, or why there is none."""
    if not model.path:
        return f"# {model.reason}\n"
    lines = opening_lines("model.ckpt", run="..", kind=job.kind, model_class=job.model_class)
    if model.n_models > 1:
        others = ", ".join(_beside(path_of(repeat)) for repeat in range(1, model.n_models))
        lines = (*lines, f"the same with other seeds, to be opened in the same way: {others}")
    return "".join(f"# {line.removeprefix('# ')}\n" for line in lines)


def _beside(path: str) -> str:
    """Return the path of a file in `winner/` as it is seen from there."""
    return path.removeprefix(f"{FOLDER}/")


def write_metrics(found: Found, *, trial: Trial, model: ev.Refitted) -> None:
    """Write winner/metrics.json: validation beside the default configuration's, and the test."""
    objective, default = found.objective, found.default
    spread = spread_of(found.handover, model)
    opening, skip = found.handover.result_of(model), found.handover.skip_of(model)
    document = {
        "schema_version": SCHEMA_VERSION,
        "trial": trial.id,
        "objective": {"metric": objective.metric, "direction": objective.direction},
        "best_epoch": model.epochs,
        "validation": _values(trial, objective=objective),
        **chosen_document(found, trial),
        "default": None
        if default is None
        else {"trial": default.id, "validation": _values(default, objective=objective)},
        "refit": {"epochs": model.epochs, "seconds": model.seconds, "seeds": model.n_models}
        if model.refit
        else None,
        "refit_reason": model.reason,
        "test": None if opening is None else dict(opening.values or {}),
        "test_intervals": {} if opening is None else dict(opening.intervals),
        "test_seeds": None if spread is None else spread.to_json(),
        "test_reason": skip.reason if skip is not None and opening is None else "",
    }
    text = json.dumps(document, indent=2, allow_nan=False) + "\n"
    with telling_what_is_kept(found.run_dir):
        found.run_dir.storage.put(METRICS, text.encode())


def _values(trial: Trial, *, objective: Objective) -> Mapping[str, Any]:
    best = trial.best(objective)
    return dict(best.values) if best else {}
