"""Which space is searched: the families' and the data's, with the ranges that the file replaces?

Several families become a choice named `model` of their spaces, each with its name in front of its
keys. A key of the file's `space` may be meant for several of them: without a name in front for all
that have such an argument, with a name for that family alone, where it takes precedence. For a
class of the user's own the keys are constructor arguments, and any range is legal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from raysearch.errors import ConfigurationError
from raysearch.experiment.arguments import DATA_PREFIX, Arguments
from raysearch.experiment.datasets import DataSet
from raysearch.experiment.document import dotted
from raysearch.experiment.families import Family
from raysearch.experiment.other_words import meant_by
from raysearch.experiment.ranges import meant_range, range_like, read_range, refusal
from raysearch.experiment.report import Report
from raysearch.experiment.starts import with_conditions
from raysearch.init_from import INIT_FROM, KEYS
from raysearch.models import FAMILIES
from raysearch.space import Choice, Domain, Space
from raysearch.space.values import show

DATA = "data"
NO_DATA = Arguments(names=())
"""What can be given to data that there is none of."""

MODEL = "model"
"""Key of the parameter that names the family, where there are several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owner:
    """A family or the data set, whose parameters are replaced before all are put together."""

    name: str
    """In front of its keys in the file: "cnn" or "data"."""
    space: Space
    arguments: Arguments
    others: tuple[str, ...] = ()
    """Names of the other owners, whose keys are not for this one."""
    chosen: dict[str, tuple[str, Domain]] = field(default_factory=dict)
    """Key without prefix -> (key in the file, new domain)."""

    def argument(self, key: str) -> str | None:
        """Return the argument that a key of the file stands for here, if any."""
        return next((name for name in self.names(key) if self.arguments.accepts(name)), None)

    def refusal(self, key: str) -> str | None:
        """Return why an argument of this owner cannot be searched although there is one."""
        if self.name == DATA and not key.startswith(DATA_PREFIX):
            return None
        return next(filter(None, map(self.arguments.refusal, self.names(key))), None)

    def names(self, key: str) -> tuple[str, ...]:
        """Return what a key of the file may be called here."""
        owner, dot, rest = key.partition(".")
        if self.arguments.names is not None:
            return (key, key.removeprefix(f"{self.name}."))
        if dot and owner in self.others:
            return ()
        if self.name == DATA:
            return (key,) if owner == DATA and rest else ()
        return (rest,) if owner == self.name and rest else (key,)

    def domain(self, argument: str, value: Any) -> Domain:
        """Return the domain that a range of the file stands for.

        Raises:
            ConfigurationError: It is no range.
        """
        former = [parameter for parameter in self.space if parameter.key == argument]
        defaults = self.arguments.defaults or {}
        return read_range(
            value,
            legal=(self.arguments.legal or {}).get(argument),
            former=[parameter.domain.default_value() for parameter in former]
            or [defaults[name] for name in (argument,) if name in defaults],
            prefix=f"{self.name}.",
        )

    def result(self, report: Report) -> Space:
        """Return the space with the chosen domains in it, all at once since they may depend."""
        new = with_conditions({key: domain for key, (_, domain) in self.chosen.items()})
        left_out = Space({argument: None for argument in new if argument not in self.space})
        try:
            return self.space.merged(left_out).replaced(new)
        except ConfigurationError as error:
            for text in error.faults:
                start = re.match(r"\w+(\.\w+)*", text)  # the key of the parameter at fault
                argument = start.group() if start else ""
                path = ("space", self.chosen[argument][0]) if argument in new else ("space",)
                report.add(path, f"{dotted(path)}: {text}")
            return self.space


def resolve_space(
    ranges: Mapping[str, Any],
    *,
    data: DataSet | None,
    families: tuple[Family, ...],
    report: Report,
) -> Space:
    """Return the space that is searched; what is wrong with a range is reported, and it left out.

    Args:
        ranges: The file's section `space`.
        data: The data; None where a function reads its own.
        families: The families in the order of the file; the first is the default one.
        report: Where the faults go.
    """
    names = [*(family.choice.name for family in families), DATA]
    parts = [(family.space, family.arguments) for family in families]
    parts.append((Space({}), NO_DATA) if data is None else (data.space, data.arguments))
    owners = [
        _Owner(
            name=name,
            space=space,
            arguments=arguments,
            others=tuple(other for other in names if other != name),
        )
        for name, (space, arguments) in zip(names, parts, strict=True)
    ]
    for key in sorted(ranges, key=lambda key: key.partition(".")[0] in names):
        _choose(key, ranges[key], owners=tuple(owners), report=report)
    *spaces, of_data = [owner.result(report) for owner in owners]
    return _composed(families, spaces).merged(of_data)


def _composed(families: tuple[Family, ...], spaces: list[Space]) -> Space:
    if len(families) == 1:
        return spaces[0]
    branches = {
        family.choice.name: space.prefixed(family.choice.prefix)
        for family, space in zip(families, spaces, strict=True)
    }
    return Space({MODEL: Choice(branches)})


def _choose(key: str, value: Any, *, owners: tuple[_Owner, ...], report: Report) -> None:
    """Give what is written under a key to all the owners that it is meant for, if it is legal."""
    meant = [(owner, argument) for owner in owners if (argument := owner.argument(key))]
    if not meant:
        _report_unknown(key, value, owners=owners, report=report)
    if report.is_broken(("space", key)):
        return
    refusals: dict[str, list[str]] = {}
    for owner, argument in meant:
        legal = (owner.arguments.legal or {}).get(argument)
        try:
            domain = owner.domain(argument, value)
        except ConfigurationError as error:
            report.from_error(("space", key), error, prefix=f"space.{key}: ")
            return
        if value is None and legal is not None and not legal.covers(domain):
            text = f"Write a value, or a range such as {range_like(legal)}."
            report.wrong(("space", key), text)
            return
        if legal is None or legal.covers(domain):
            other, former = owner.chosen.get(argument, (key, domain))
            if len(meant) == 1 == sum(each.argument(other) is not None for each in owners):
                _check_priors(key, domain, other, former, report=report)
            owner.chosen[argument] = (key, domain)
        else:
            text = refusal(domain, legal=legal) + meant_range(value, legal=legal)
            refusals.setdefault(text, []).append(owner.name)
    for text, names in refusals.items():
        report.wrong(("space", key), f"For {' and '.join(names)}: {text}")


def _check_priors(key: str, domain: Domain, other: str, former: Domain, *, report: Report) -> None:
    """Report two priors of one parameter, under two keys that mean nothing else.

    A key without a name in front that means several families has exceptions under their names; what
    is said twice of one parameter are two beliefs, of which one at most can hold.
    """
    priors = [getattr(each, "prior", None) for each in (former, domain)]
    if None in priors or priors[0] == priors[1]:
        return
    one, two = (f"{show(p.centre)} with confidence {show(p.confidence)}" for p in priors if p)
    report.add(
        ("space", key),
        f"space.{other} and space.{key} are the same parameter, and have contradictory priors: "
        f"{one}, and {two}. Keep one of them.",
    )


def _report_unknown(key: str, value: object, *, owners: tuple[_Owner, ...], report: Report) -> None:
    path = ("space", key)
    name, _, argument = key.partition(".")
    names = [owner.name for owner in owners]
    refused = next(filter(None, (owner.refusal(key) for owner in owners)), None)
    if refused:
        front = "space." if refused.startswith(key) else f"space.{key}: "
        report.add(path, front + refused)
    elif key == MODEL:
        report.add(path, "space.model is chosen by the section model. List the families there.")
    elif name in FAMILIES and name not in names:
        report.add(path, f"space.{key}: {name} is not among the models of this experiment.")
    elif key in names:
        inner = next(iter(value), "PARAMETER") if isinstance(value, dict) else "PARAMETER"
        text = f"Write its parameters with the name in front: `{key}.{inner}: RANGE`."
        report.add(path, f"space.{key} is not a parameter. {text}")
    else:
        of_name = [owner for owner in owners if argument and owner.name == name]
        prefix = f"{name}." if of_name and name != DATA else ""
        valid = {
            prefix + legal
            for owner in of_name or owners
            for legal in owner.arguments.names or ()
            if legal not in KEYS or INIT_FROM in key
        }
        kind = "a parameter of the models or the data"
        report.unknown_key(path, kind=kind, valid=valid, hint=_hint(key, valid))


def _hint(key: str, valid: Iterable[str]) -> str:
    """Return a question after the parameter that another tool's word stands for, if it is one."""
    owner, dot, argument = key.rpartition(".")
    names = [name.removeprefix(owner + dot) for name in valid]
    meant = meant_by(("space", argument), keys=names)
    return f"Did you mean {owner}{dot}{meant}?" if meant in names else ""
