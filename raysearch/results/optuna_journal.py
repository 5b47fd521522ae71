"""How is a run opened by optuna-dashboard? As a study in an Optuna journal file.

Every trial is one of the study, with its configuration, its values epoch by epoch, its times, and
where it came from. What was stopped is "pruned" in Optuna's words. Parameters have the ranges of
the space, by their labels where a key has several; a value outside the space, as after a change of
it, widens the range.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from raysearch.errors import ConfigurationError, RunDirectoryError
from raysearch.results.fold_results import folds_document
from raysearch.results.found import Found
from raysearch.space import Bool, Choice, Fixed, Float, Int, Parameter, Space
from raysearch.trial import Objective, Trial, TrialStatus, Value

_STATES = {
    TrialStatus.COMPLETED: "COMPLETE",
    TrialStatus.STOPPED: "PRUNED",
    TrialStatus.REJECTED: "FAIL",
    TrialStatus.FAILED: "FAIL",
}
LATEST = 253402300799.0
"""The last second that a date can name."""


def export_to_optuna(found: Sequence[Found], path: Path) -> list[str]:
    """Write runs into a new Optuna journal file, a study for each.

    Args:
        found: The runs.
        path: The file, which must not exist: Optuna would append to it.

    Returns:
        The names of the studies: those of the run directories.

    Raises:
        ConfigurationError: Optuna is not installed, or the file exists.
        RunDirectoryError: The file cannot be written.

    Side effects:
        Writes the file; the runs are only read.
    """
    if find_spec("optuna") is None:
        raise ConfigurationError(
            "the export needs the package optuna, which is not installed. Install it: "
            "pip install 'raysearch[optuna]'. Nothing was written."
        )
    if path.exists():
        raise ConfigurationError(
            f"{path} exists, and Optuna would append to it. Give a new file. Nothing was written."
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _quietly() as optuna:
            backend = optuna.storages.journal.JournalFileBackend(str(path))
            storage = optuna.storages.JournalStorage(backend)
            return [_write(run, storage) for run in found]
    except OSError as error:
        raise RunDirectoryError(
            f"{path} cannot be written: {error.strerror or error}. Give another path."
        ) from error


@contextmanager
def _quietly() -> Iterator[Any]:
    """Yield Optuna, which says neither what it makes nor what of it may change."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield optuna
    finally:
        optuna.logging.set_verbosity(before)


def _write(found: Found, storage: Any) -> str:
    import optuna

    name, objective = found.run_dir.path.absolute().name, found.objective
    taken = {study.study_name for study in storage.get_all_studies()}
    while name in taken:
        name += "-2"
    study = optuna.create_study(storage=storage, study_name=name, direction=objective.direction)
    study.set_metric_names([objective.metric])
    study.set_user_attr("run_dir", found.run_dir.path.as_posix())
    study.set_user_attr("status", str(found.status))
    space = Space.from_json(found.state.space)
    for trial in found.state.trials.values():
        study.add_trial(_trial(trial, space=space, objective=objective))
    return name


def _trial(trial: Trial, *, space: Space, objective: Objective) -> Any:
    import optuna

    state = optuna.trial.TrialState[_STATES.get(trial.status, "RUNNING")]
    value = trial.value(objective)
    if state is optuna.trial.TrialState.COMPLETE and value is None:
        state = optuna.trial.TrialState.FAIL
    params, distributions = _parameters(trial, space=space)
    steps = {
        m.epoch: value_
        for m in trial.measurements
        if (value_ := m.values.get(objective.metric)) is not None
    }
    ended_at = trial.ended_at if state.is_finished() else None
    return optuna.trial.FrozenTrial(
        number=trial.number,
        trial_id=trial.number,
        state=state,
        value=value if state is optuna.trial.TrialState.COMPLETE else None,
        datetime_start=_time(trial.created_at),
        datetime_complete=None if not state.is_finished() else _time(ended_at or trial.created_at),
        params=params,
        distributions=distributions,
        user_attrs=_attributes(trial) | folds_document(trial, objective=objective),
        system_attrs={},
        intermediate_values=steps,
    )


def _attributes(trial: Trial) -> dict[str, Any]:
    """Return what Optuna has no words for."""
    last = trial.last
    found: dict[str, Any] = {
        "id": trial.id,
        "status": str(trial.status),
        "origin": dict(trial.origin),
        "epochs": trial.epochs,
        "seconds": round(trial.seconds, 3),
    }
    told = {"reason": trial.reason, "cause": trial.cause, "error": trial.error}
    found |= {key: text for key, text in told.items() if text}
    return found if last is None else found | {"last": dict(last.values)}


def _parameters(trial: Trial, *, space: Space) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return values and distributions by label."""
    active = {
        p.key: p for p in space.parameters if p.key in trial.configuration and _fits(p, trial)
    }
    params: dict[str, Any] = {}
    distributions: dict[str, Any] = {}
    for key, value in trial.configuration.items():
        parameter = active.get(key)
        label = key if parameter is None else parameter.label
        params[label] = value
        distributions[label] = _distribution(None if parameter is None else parameter, value)
    return params, distributions


def _fits(parameter: Parameter, trial: Trial) -> bool:
    value = trial.configuration[parameter.key]
    return parameter.is_active(trial.configuration) and parameter.domain.contains(value)


def _distribution(parameter: Parameter | None, value: Value) -> Any:
    from optuna import distributions as known

    match None if parameter is None else parameter.domain:
        case Int(low=low, high=high, sampling="log", step=1):
            return known.IntDistribution(low, high, log=True)
        case Int(low=low, high=high, sampling="linear", step=step):
            return known.IntDistribution(low, high, step=step or 1)
        case Float(low=low, high=high, sampling="log", step=None):
            return known.FloatDistribution(low, high, log=True)
        case Int(low=low, high=high):  # a step that multiplies, which Optuna does not know
            return known.IntDistribution(low, high)
        case Float(low=low, high=high):
            return known.FloatDistribution(low, high)
        case Bool():
            return known.CategoricalDistribution([False, True])
        case Choice(values=values):
            return known.CategoricalDistribution(list(values))
        case Fixed(value=fixed):
            return known.CategoricalDistribution([fixed])
    return known.CategoricalDistribution([value])


def _time(at: float) -> datetime:
    """Return a Unix time as Optuna has it: local, without a zone."""
    safe = at if math.isfinite(at) and 0 <= at <= LATEST else 0.0
    return datetime.fromtimestamp(safe)
