"""How do the arguments of an experiment become examples, once per node?

In this order: read the file, take the rows that have a target, split them, learn the preprocessing
from the training split, and apply it to all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from raysearch.data.arguments import listed
from raysearch.data.preparation import About, Preparation, Prepared
from raysearch.data.room import room_for
from raysearch.data.table.advice import (
    absent_notes,
    class_notes,
    copy_notes,
    giveaway_notes,
    unread_notes,
)
from raysearch.data.table.arguments import TableArguments
from raysearch.data.table.columns import CategoryColumn
from raysearch.data.table.fitting import file_decimal, fit_columns
from raysearch.data.table.joining import column_faults, fingerprint_of, read_rows
from raysearch.data.table.preprocessing import Preprocessing
from raysearch.data.table.splitting import fold_arrays, split_rows
from raysearch.data.table.target import fitted_target, read_target
from raysearch.data_spec import DataSpec
from raysearch.errors import ConfigurationError, did_you_mean

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from raysearch.data.archive import Arrays

_FORMAT = 7
"""Raised when the same table would now be prepared in another way."""

_ROWS = 65_536
"""How many are encoded at a time, since that takes a multiple of their memory."""


def _build(arguments: TableArguments) -> Prepared:
    """Return the arrays of the splits, and what is known about them."""
    table = read_rows(arguments)
    known = tuple(table.frame.columns)
    _check_columns(known, arguments=arguments)
    target = read_target(table.frame[arguments.target], arguments=arguments, place=table.place)
    frame = table.frame.iloc[target.rows].reset_index(drop=True)
    classes = target.values if target.task == "classification" else None
    told = table.told()

    def place(row: int) -> str:
        return table.place(int(target.rows[row]))

    parts, split_notes = split_rows(
        frame,
        classes=classes,
        arguments=arguments,
        told=None if told is None else told[target.rows],
        place=place,
    )
    training = frame.iloc[parts["train"]]
    fitted = fitted_target(target, rows=parts["train"], name=arguments.target)
    used = _used(known, arguments=arguments)
    decimal = file_decimal(training[used], arguments=arguments)
    if decimal is None and table.separator == ";":
        decimal = ","  # the semicolon stands in for a comma that is taken
    findings = fit_columns(training[used], arguments=arguments, decimal=decimal)
    if not findings.columns and not findings.faults:
        left_out = " ".join(findings.notes)
        findings.faults.append(f"features has no column that can be used. {left_out}")
    if findings.faults:
        raise ConfigurationError(findings.faults)
    ordered = sorted(findings.columns, key=lambda column: isinstance(column, CategoryColumn))
    preprocessing = Preprocessing(target=fitted, columns=tuple(ordered), known=known)
    notes = [*table.notes, *target.notes, *split_notes, *findings.notes]
    notes += unread_notes(frame, findings.columns, place=place)
    notes += class_notes(fitted, target.values[parts["train"]])
    notes += absent_notes(fitted, target.values, parts, place=place)
    prepared = _examples(
        frame, target.values, parts=parts, preprocessing=preprocessing, path=arguments.path
    )
    prepared |= fold_arrays(frame, parts, arguments=arguments)
    notes += giveaway_notes(prepared, preprocessing=preprocessing)
    notes += copy_notes(
        frame[[*used, arguments.target]],
        parts,
        target=arguments.target,
        place=place,
    )
    spec = _spec(preprocessing, targets=prepared["train_targets"])
    about = About(spec=spec, notes=tuple(notes), preprocessing=preprocessing.to_json())
    return Prepared(arrays=prepared, about=about)


def _examples(
    frame: pd.DataFrame,
    values: NDArray[Any],
    *,
    parts: Mapping[str, NDArray[np.intp]],
    preprocessing: Preprocessing,
    path: str,
) -> Arrays:
    import numpy as np

    n_features = len(preprocessing.features)
    allocate = room_for(
        4 * sum(map(len, parts.values())) * n_features,
        what=f"path is {path}, whose {len(frame)} rows of {n_features} features",
        remedy="Leave columns out with ignore, or rows",
    )
    target, prepared = preprocessing.target, {}
    if target.task == "regression":
        values = ((values - target.mean) / target.std)[:, None].astype(np.float32)
    for part, rows in parts.items():
        inputs = allocate((len(rows), n_features), np.float32)
        for start in range(0, len(rows), _ROWS):
            inputs[start : start + _ROWS] = preprocessing.encode(
                frame.iloc[rows[start : start + _ROWS]]
            )
        prepared[f"{part}_inputs"], prepared[f"{part}_targets"] = inputs, values[rows]
    return prepared


def _spec(preprocessing: Preprocessing, *, targets: NDArray[Any]) -> DataSpec:
    import numpy as np

    target = preprocessing.target
    counts = (
        np.bincount(targets, minlength=target.n_outputs).tolist()
        if target.task == "classification"
        else ()
    )
    return DataSpec(
        task=target.task,
        input_shape=(len(preprocessing.features),),
        n_outputs=target.n_outputs,
        n_train=len(targets),
        cardinalities=tuple(column.cardinality for column in preprocessing.categories),
        class_counts=tuple(counts),
        target_scale=target.std,
    )


def _used(known: Sequence[str], *, arguments: TableArguments) -> list[str]:
    """Return the columns to predict from, in the order of the file."""
    never = {arguments.target, arguments.split, arguments.group, *arguments.ignore}
    chosen = known if arguments.features is None else arguments.features
    return [name for name in known if name in chosen and name not in never]


def _check_columns(known: Sequence[str], *, arguments: TableArguments) -> None:
    """Refuse arguments that name columns which are not there, or contradict each other."""
    ways = {name: getattr(arguments, name) for name in ("split", "order_by", "group")}
    faults = column_faults(known, {"target": arguments.target, **ways})
    lists = {
        argument: tuple(getattr(arguments, argument) or ())
        for argument in ("features", "ignore", "categorical", "numeric", "dates")
    }
    for argument, names in lists.items():
        for name in names:
            if name not in known:
                faults.append(f"{argument} lists {name}. {_columns(name, known)}")
            elif name in (arguments.target, arguments.split):
                role = "target" if name == arguments.target else "split"
                faults.append(f"{argument} lists {name}, which is the {role}. Take it out.")
    for role in (name for name, column in ways.items() if column == arguments.target):
        faults.append(f"{role} is {arguments.target}, which is the target. Choose another column.")
    for first, second in (
        ("features", "ignore"),
        ("categorical", "numeric"),
        ("categorical", "dates"),
        ("numeric", "dates"),
    ):
        both = [name for name in lists[first] if name in lists[second]]
        if both:
            faults.append(f"{second} lists {listed(both)}, and so does {first}. Keep one.")
    if faults:
        raise ConfigurationError(faults)


def _columns(name: str, known: Sequence[str]) -> str:
    return f"{did_you_mean(name, known)}Columns: {listed(known)}."


PREPARATION = Preparation(
    "table",
    version=_FORMAT,
    read=TableArguments.read,
    fingerprints=lambda arguments: [fingerprint_of(arguments)],
    build=_build,
)
"""From arguments to arrays: inputs (N, F) float32, and targets (N,) int64 classes, or (N, 1)
float32 standardised."""
