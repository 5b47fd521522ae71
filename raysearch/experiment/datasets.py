"""Which data does an experiment name, and what do they say about themselves?

Built-in data are asked through the torch-free `space` modules of their packages, so that a file is
checked at once. Of a data module of the user's own the source is read: see `own`.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from raysearch.data import DATA
from raysearch.data_spec import DataSpec
from raysearch.errors import ConfigurationError, did_you_mean
from raysearch.experiment.arguments import (
    DATA_PREFIX,
    Arguments,
    args_key,
    fixed_arguments,
    known_signature,
    own_arguments,
    short_name,
)
from raysearch.experiment.data_hints import data_hint
from raysearch.experiment.document import dotted
from raysearch.experiment.remedies import own_class
from raysearch.experiment.report import Report
from raysearch.experiment.sections import DataSection
from raysearch.experiment.values import DataChoice
from raysearch.space import Space


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """The data that an experiment names, with what is known about it."""

    choice: DataChoice
    spec: DataSpec | None
    """None for data of the user's own that he did not describe."""
    space: Space
    """The recommended space; all keys begin with "data."."""
    arguments: Arguments


def resolve_data(section: DataSection | None, *, report: Report) -> DataSet | None:
    """Return the data that a section names, or None with the faults reported."""
    if section is None:
        return None
    return _own_data(section, report=report) if section.class_ else _built_in(section, report)


def _built_in(section: DataSection, report: Report) -> DataSet | None:
    given = section.name or ""
    name = report.choose(("data", "name"), given, kind="a data set", valid=DATA, hint=_hint(given))
    if section.spec is not None:
        text = f"{name or given} knows itself. Leave it out."
        report.add(("data", "spec"), f"data.spec describes data of one's own. {text}")
    if name is None:
        return None
    module = importlib.import_module(f"{DATA[name]}.space")
    arguments = _data_arguments(module, section, report=report)
    if arguments is None:
        return None
    try:
        spec: DataSpec = module.data_spec(**arguments)
    except ConfigurationError as error:
        report.from_error(("data", args_key(("data",), report)), error)
        return None
    legal = module.legal_domains(spec)
    return DataSet(
        choice=DataChoice(name=name, class_path=f"{DATA[name]}.module:Data", arguments=arguments),
        spec=spec,
        space=module.search_space(spec),
        arguments=Arguments(legal=legal, names=tuple(legal)),
    )


def _hint(name: str) -> str:
    """Return what to write for a name that is none of a built-in data set, if that is clear."""
    if name not in DATA and (hint := data_hint(name)):
        return hint
    return "" if did_you_mean(name, DATA) else own_class(name)


def _data_arguments(module: Any, section: DataSection, *, report: Report) -> dict[str, Any] | None:
    """Return the fixed arguments with defaults filled in; None if that cannot be done."""
    if not hasattr(module, "check_arguments"):
        fixed = fixed_arguments(section.args, legal=module.ARGUMENTS, path=("data",), report=report)
        return {name: d.default_value() for name, d in module.ARGUMENTS.items()} | fixed
    try:
        checked: dict[str, Any] = module.check_arguments(section.args)
    except ConfigurationError as error:
        base = ("data", args_key(("data",), report))
        for text in error.faults:
            inner = (*base, text.split(" ", 1)[0].rstrip(":"))
            path = inner if report.document.has(inner) else report.document.nearest(base)
            report.add(path, f"{dotted(base)}.{text}")
        return None
    return checked


def _own_data(section: DataSection, *, report: Report) -> DataSet | None:
    signature = known_signature(("data", "class"), section.class_ or "", report=report)
    if signature is None:
        return None
    arguments = own_arguments(section.args, signature=signature, path=("data",), report=report)
    path = section.class_ or ""
    return DataSet(
        choice=DataChoice(
            name=short_name(path), class_path=path, arguments=dict(section.args), is_own=True
        ),
        spec=None if section.spec is None else section.spec.resolved(),
        space=Space({}),
        arguments=arguments.prefixed(DATA_PREFIX),
    )
