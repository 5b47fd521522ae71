"""How does a search become a table, for a spreadsheet or for pandas?

Rows are plain values; only `to_frame` loads pandas. The columns are a public format: only ever add.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from raysearch.results.document import trial_document
from raysearch.results.fold_results import fold_spread
from raysearch.results.found import Found
from raysearch.trial import Configuration, Measurement, Trial

if TYPE_CHECKING:
    import pandas as pd

Row = Mapping[str, Any]

_NESTED = ("configuration", "values", "folds")
_INTEGERS = ("epochs", "best_epoch", "attempts", "epoch", "step", "n_validated", "fold", "folds")
_TEXTS = ("id", "status", "reason", "cause", "checkpoint")
_TIMES = ("created_at", "ended_at")


def trial_rows(found: Found, *, trials: Iterable[Trial] | None = None) -> list[Row]:
    """Return a row for each trial, all with the same columns.

    Args:
        found: The search.
        trials: Those that get a row; all of them by default, in order of their numbers.

    Returns:
        What is known of the trial (times in ISO 8601), its values at its best epoch by metric, and
        its configuration as "config." and the key; None where there is nothing.
    """
    chosen = found.state.trials.values() if trials is None else trials
    rows = []
    for trial in chosen:
        entry = trial_document(trial, objective=found.objective)
        fixed = {key: value for key, value in entry.items() if key not in _NESTED}
        spread = fold_spread(trial, objective=found.objective)
        if spread is not None:
            fixed |= {"folds": spread.n, "folds_std": spread.std.get(found.objective.metric)}
        fixed |= {"created_at": _time(trial.created_at), "ended_at": _time(trial.ended_at)}
        rows.append((fixed, entry["values"], _configuration(entry["configuration"])))
    return _joined(rows)


def measurement_rows(found: Found) -> list[Row]:
    """Return a row for each measurement of each trial, all with the same columns.

    Returns:
        Trial, epoch, step and seconds, the cause of a value that is not finite, the values by
        metric, and what the optimiser used as "applied." and the name. Of a trial that is trained
        on several folds, a row for each of them, with its number from 1 as "fold".
    """
    n_folds = found.state.account.n_folds
    return _joined(
        _measured(trial, measurement, fold=fold)
        for trial in found.state.trials.values()
        for fold, curve in _curves(trial, n_folds=n_folds)
        for measurement in curve
    )


def _curves(trial: Trial, *, n_folds: int) -> list[tuple[int | None, tuple[Measurement, ...]]]:
    """Return the number of each fold, from 1, with what it measured; None for a single split."""
    if n_folds == 1:
        return [(None, trial.measurements)]
    curves = [*trial.folds, trial.trained] if trial.trained else trial.folds
    return list(enumerate(curves, start=1))


def _measured(trial: Trial, measurement: Measurement, *, fold: int | None) -> tuple[Row, Row, Row]:
    fixed = {key: value for key, value in asdict(measurement).items() if key not in _PARTS}
    if fold is not None:
        fixed["fold"] = fold
    applied = {f"applied.{name}": value for name, value in measurement.applied.items()}
    return {"id": trial.id, **fixed}, measurement.values, applied


_PARTS = ("values", "applied", "learnt")
"""Of a measurement: what has columns of its own, or none."""


def _configuration(configuration: Configuration) -> Row:
    return {f"config.{key}": value for key, value in configuration.items()}


def _time(at: float | None) -> str | None:
    if at is None:
        return None
    return datetime.fromtimestamp(at, tz=UTC).isoformat(timespec="milliseconds")


def _joined(parts: Iterable[tuple[Row, Row, Row]]) -> list[Row]:
    """Return rows with the columns of all of them: what is fixed, metrics, and the rest.

    A metric that is called like a fixed column becomes "metric." and its name.
    """
    rows = list(parts)
    taken = {key for fixed, _, _ in rows for key in fixed}
    named = [
        (fixed, {f"metric.{k}" if k in taken else k: v for k, v in values.items()}, rest)
        for fixed, values, rest in rows
    ]
    empty = dict.fromkeys(key for position in range(3) for row in named for key in row[position])
    return [empty | dict(fixed) | dict(values) | dict(rest) for fixed, values, rest in named]


def columns_of(rows: Sequence[Row]) -> list[str]:
    """Return the columns of rows, in the order in which they first occur."""
    return list(dict.fromkeys(key for row in rows for key in row))


def to_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """Return rows as a data frame whose columns have types that can hold NA."""
    import pandas as pd

    columns: dict[str, Any] = {}
    for name in columns_of(rows):
        values = [row.get(name) for row in rows]
        if name in _TIMES:
            texts = pd.Series(values, dtype="string")
            columns[name] = pd.to_datetime(texts, utc=True, format="ISO8601")
        else:
            columns[name] = pd.array(values, dtype=_dtype(name, values))
    return pd.DataFrame(columns, index=range(len(rows)))


def _dtype(name: str, values: Sequence[Any]) -> str:
    """Return the narrowest type of pandas that holds the values, and NA."""
    kinds = {type(value) for value in values if value is not None}
    if name in _INTEGERS or kinds == {int}:
        return "Int64"
    if kinds == {bool}:
        return "boolean"
    if name in _TEXTS or kinds == {str}:
        return "string"
    return "Float64" if kinds <= {int, float} else "object"
