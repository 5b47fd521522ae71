"""Which data set and model families does an experiment name, and what do their packages say?

Loads the torch-free `space` modules of the packages; classes are named by import path only.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from raysearch.data import DATA
from raysearch.data_spec import DataSpec
from raysearch.errors import ConfigurationError
from raysearch.experiment.document import Path, dotted
from raysearch.experiment.report import Report
from raysearch.experiment.settings import DataSection, ModelSection
from raysearch.experiment.values import DataChoice, ModelChoice
from raysearch.models import FAMILIES
from raysearch.space import Domain, Space


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """A data set that an experiment names, with what its package says about it."""

    choice: DataChoice
    spec: DataSpec
    space: Space
    """The recommended space; all keys begin with "data."."""
    legal: Mapping[str, Domain]
    """Every value that the data module accepts, by key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A model family that an experiment names, with what its package says about it."""

    choice: ModelChoice
    space: Space
    """The recommended space, keys without prefix."""
    legal: Mapping[str, Domain]
    """Every value that the constructor accepts, by argument."""


def resolve_data(section: DataSection | None, *, report: Report) -> DataSet | None:
    """Return the data set that a section names, or None with the faults reported."""
    if section is None:
        return None
    name = report.choose(("data", "name"), section.name, kind="a data set", valid=DATA)
    if name is None:
        return None
    package = DATA[name]
    module = importlib.import_module(f"{package}.space")
    fixed = _fixed(section.arguments, legal=module.ARGUMENTS, path=("data",), report=report)
    defaults = {name: domain.default_value() for name, domain in module.ARGUMENTS.items()}
    arguments = {**defaults, **fixed}
    try:
        spec: DataSpec = module.data_spec(**arguments)
    except ConfigurationError as error:
        report.from_error(("data", "arguments"), error)
        spec = module.data_spec()
    return DataSet(
        choice=DataChoice(name=name, package=package, arguments=arguments),
        spec=spec,
        space=module.search_space(spec),
        legal=module.legal_domains(spec),
    )


def resolve_models(
    sections: list[ModelSection] | None, *, data: DataSet | None, report: Report
) -> tuple[Family, ...] | None:
    """Return the families that the sections name, or None if one of them is not to be had.

    Without data only the names can be checked, since a family's space depends on the data.
    """
    found: dict[str, Family | None] = {}
    for position, section in enumerate(sections or ()):
        path: Path = ("model", position)
        name = report.choose((*path, "name"), section.name, kind="a model family", valid=FAMILIES)
        if name in found:
            report.add(path, f"model: {name} is listed twice. Keep one.")
        elif name is None or data is None:
            found[section.name] = None
        else:
            prefix = f"{name}." if sections and len(sections) > 1 else ""
            arguments = section.arguments
            found[name] = _family(
                name, arguments=arguments, prefix=prefix, data=data.spec, path=path, report=report
            )
    families = tuple(family for family in found.values() if family is not None)
    return families if families and len(families) == len(found) else None


def _family(
    name: str,
    *,
    arguments: Mapping[str, Any],
    prefix: str,
    data: DataSpec,
    path: Path,
    report: Report,
) -> Family | None:
    """Return the family of this name, or None, with the fault reported, if the data do not fit."""
    path = report.document.nearest(path)
    module = importlib.import_module(f"{FAMILIES[name]}.space")
    try:
        space: Space = module.search_space(data)
        legal: Mapping[str, Domain] = module.legal_domains(data)
    except ConfigurationError as error:
        report.from_error(path, error, prefix=f"{dotted(path)}: ")
        return None
    for argument in arguments:
        if argument in space:
            text = f"It is a parameter of {name}. Fix it in space, as `{argument}: VALUE`."
            report.wrong((*path, "arguments", argument), text)
    free = {argument: domain for argument, domain in legal.items() if argument not in space}
    given = {argument: value for argument, value in arguments.items() if argument not in space}
    fixed = _fixed(given, legal=free, path=path, report=report)
    choice = ModelChoice(
        name=name,
        class_path=module.MODULE,
        prefix=prefix,
        arguments={**module.data_arguments(data), **fixed},
    )
    legal = {argument: domain for argument, domain in legal.items() if argument not in fixed}
    return Family(choice=choice, space=space, legal=legal)


def _fixed(
    arguments: Mapping[str, Any], *, legal: Mapping[str, Domain], path: Path, report: Report
) -> dict[str, Any]:
    """Return fixed arguments in their proper types, those at fault reported and left out."""
    fixed = {}
    for name, value in arguments.items():
        inner = (*path, "arguments", name)
        if name not in legal:
            report.unknown_key(inner, kind="an argument that can be fixed here", valid=legal)
        elif fault := legal[name].explain(value):
            report.wrong(inner, fault)
        else:
            fixed[name] = legal[name].canonical(value)
    return fixed
