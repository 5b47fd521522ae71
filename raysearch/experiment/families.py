"""Which model families does an experiment name, and what do they say about themselves?

Built-in ones are asked through the torch-free `space` modules of their packages, so that a file is
checked at once. Of the user's own classes the source is read: see `own`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from raysearch.errors import ConfigurationError, did_you_mean
from raysearch.experiment.arguments import (
    Arguments,
    args_key,
    fixed_arguments,
    given_by,
    known_signature,
    own_arguments,
    short_name,
)
from raysearch.experiment.datasets import DataSet
from raysearch.experiment.document import Path, dotted
from raysearch.experiment.own import Signature
from raysearch.experiment.remedies import own_class
from raysearch.experiment.report import Report
from raysearch.experiment.sections import ModelSection
from raysearch.experiment.values import ModelChoice
from raysearch.imports import Kind, load_object, shown
from raysearch.models import FAMILIES, families_for
from raysearch.space import Domain, Space


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A model that an experiment names, with what is known about it."""

    choice: ModelChoice
    space: Space
    """The recommended space, keys without prefix."""
    arguments: Arguments


def resolve_models(
    sections: list[ModelSection] | None, *, data: DataSet | None, report: Report
) -> tuple[Family, ...] | None:
    """Return the families that the sections name, or None if one of them is not to be had.

    Without data only the names of built-in families can be checked, since their spaces depend on
    the data.
    """
    found: dict[str, Family | None] = {}
    for position, section in enumerate(sections or ()):
        path = place(position, report=report)
        name = _name(section, path=path, report=report)
        prefix = "" if len(sections or ()) == 1 else f"{name}."
        if name in found:
            report.add(path, f"model: {name} is listed twice. Keep one.")
        elif name is None:
            found[section.name or ""] = None
        elif section.path is not None:
            found[name] = _own_model(section, prefix=prefix, path=path, report=report)
        else:
            given = _Given(section=section, prefix=prefix, path=path)
            found[name] = _family(name, given, data=data, report=report)
    families = tuple(family for family in found.values() if family is not None)
    return families if families and len(families) == len(found) else None


def _name(section: ModelSection, *, path: Path, report: Report) -> str | None:
    """Return the name of a model, or None, with the fault reported, if there is none such."""
    if section.path is not None:
        return short_name(section.path)
    name, kind = section.name or "", "a model family"
    return report.choose((*path, "name"), name, kind=kind, valid=FAMILIES, hint=_hint(name))


def _hint(name: str) -> str:
    """Return what to write for a name that is none of a built-in family, if that is clear."""
    several = [part.strip() for part in name.split(",")]
    if len(several) > 1:
        return f"Several are a list: [{', '.join(several)}]. "
    return "" if did_you_mean(name, FAMILIES) else own_class(name)


def place(position: int, *, report: Report) -> Path:
    """Return the path of a model in the document, where one alone need not be in a list."""
    is_list = isinstance(report.document.get(("model",)), list)
    return ("model", position) if is_list else ("model",)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """What an experiment says of a built-in family."""

    section: ModelSection
    prefix: str
    """What its parameters begin with."""
    path: Path
    """Where it stands."""


def _family(name: str, given: _Given, *, data: DataSet | None, report: Report) -> Family | None:
    """Return the family of this name, or None, with the fault reported, if the data do not fit."""
    if data is None:
        return None
    module = importlib.import_module(f"{FAMILIES[name]}.space")
    if data.spec is None:
        report.add(("data",), _no_spec(name, data=data.choice.name))
        return None
    try:
        space: Space = module.search_space(data.spec)
        legal: Mapping[str, Domain] = module.legal_domains(data.spec)
    except ConfigurationError as error:
        able = ", ".join(families_for(data.spec))
        hint = f" Families that can learn from this data: {able}." if able else ""
        texts = [f"{text}{hint}" for text in error.faults]
        report.from_error(given.path, ConfigurationError(texts), prefix=f"{dotted(given.path)}: ")
        return None
    key = args_key(given.path, report)
    for argument in given.section.args:
        if argument in space:
            text = f"It is a parameter of {name}. Fix it in space, as `{argument}: VALUE`."
            report.wrong((*given.path, key, argument), text)
    free = {argument: domain for argument, domain in legal.items() if argument not in space}
    own = {key: value for key, value in given.section.args.items() if key not in space}
    fixed = fixed_arguments(own, legal=free, path=given.path, report=report)
    choice = ModelChoice(
        name=name,
        class_path=module.MODULE,
        prefix=given.prefix,
        arguments={**module.data_arguments(data.spec), **fixed},
    )
    legal = {argument: domain for argument, domain in legal.items() if argument not in fixed}
    where = given_by(fixed, path=given.path, report=report)
    arguments = Arguments(legal=legal, names=tuple(legal), fixed=where)
    return Family(choice=choice, space=space, arguments=arguments)


def _no_spec(family: str, *, data: str) -> str:
    return (
        f"data: {family} is laid out for the shapes of its data, and those of {data} are not known "
        "before it is read. Add them: `spec: {task: classification, input_shape: [3, 32, 32], "
        "n_outputs: 10, n_train: 50000}`."
    )


def _own_model(section: ModelSection, *, prefix: str, path: Path, report: Report) -> Family | None:
    """Return a class or function of the user's own, or None with the faults reported."""
    class_path = section.path or ""
    signature = known_signature((*path, section.way), class_path, report=report)
    if signature is None:
        return None
    kind = _kind(section, signature)
    if kind != "module" and signature.is_class:
        text = f"{shown(class_path)} is a class. Write it as `class: {shown(class_path)}`."
        report.wrong((*path, section.way), text)
        return None
    space = Space({})
    if kind == "module":
        arguments = own_arguments(section.args, signature=signature, path=path, report=report)
    else:
        arguments = Arguments(fixed=given_by(section.args, path=path, report=report))
    if kind == "builder":
        recorded = _recorded(class_path, path=path, report=report)
        if recorded is None:
            return None
        space = recorded.without(section.args)
        arguments = replace(arguments, names=space.keys)
    choice = ModelChoice(
        name=short_name(class_path),
        class_path=class_path,
        prefix=prefix,
        arguments=dict(section.args),
        kind=kind,
        is_own=True,
    )
    return Family(choice=choice, space=space, arguments=arguments)


def _kind(section: ModelSection, signature: Signature) -> Kind:
    """Return what a path names; a function's first argument says what it does."""
    if section.function is not None:
        return "function"
    if section.builder is not None:
        return "builder"
    if signature.is_class is not False:
        return "module"
    return "builder" if signature.arguments and signature.arguments[0] == "hp" else "function"


def _recorded(class_path: str, *, path: Path, report: Report) -> Space | None:
    """Return the space that a function build(hp) describes, or None with the fault reported.

    One that knows it already has it as its attribute `space`.
    """
    from raysearch.space.define_by_run import record_space

    try:
        build = load_object(class_path)
        known = getattr(build, "space", None)
        return known if isinstance(known, Space) else record_space(build)
    except ConfigurationError as error:
        report.from_error(path, error, prefix=f"{dotted(path)}: ")
    except Exception as error:  # noqa: BLE001 - a module of the user's may raise anything
        report.add(path, f"{dotted(path)}: importing {shown(class_path)} raised {error!r}.")
    return None
