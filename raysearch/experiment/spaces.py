"""Which space is searched: the families' and the data's, with the ranges that the file replaces?

Several families become a choice named `model` of their spaces, each with its name in front of its
keys. A key of the file's `space` may be meant for several of them: without a name in front for all
that have such an argument, with a name for that family alone, where it takes precedence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from raysearch.errors import ConfigurationError
from raysearch.experiment.document import dotted
from raysearch.experiment.families import DataSet, Family
from raysearch.experiment.ranges import read_range, refusal
from raysearch.experiment.report import Report
from raysearch.models import FAMILIES
from raysearch.space import Choice, Domain, Space

MODEL = "model"
"""Key of the parameter that names the family, where there are several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owner:
    """A family or the data set, whose parameters are replaced before all are put together."""

    name: str
    """In front of its keys in the file: "cnn" or "data"."""
    space: Space
    legal: Mapping[str, Domain]
    chosen: dict[str, tuple[str, Domain]] = field(default_factory=dict)
    """Key without prefix -> (key in the file, new domain)."""

    def argument(self, key: str) -> str | None:
        """Return the argument that a key of the file stands for here, if any."""
        names = (key, key.removeprefix(f"{self.name}."))
        return next((name for name in names if name in self.legal), None)

    def result(self, report: Report) -> Space:
        """Return the space with the chosen domains in it, all at once since they may depend."""
        new = {argument: domain for argument, (_, domain) in self.chosen.items()}
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
    data: DataSet,
    families: tuple[Family, ...],
    report: Report,
) -> Space:
    """Return the space that is searched; what is wrong with a range is reported, and it left out.

    Args:
        ranges: The file's section `space`.
        data: The data set.
        families: The families in the order of the file; the first is the default one.
        report: Where the faults go.
    """
    owners = [
        _Owner(name=family.choice.name, space=family.space, legal=family.legal)
        for family in families
    ]
    of_data = _Owner(name="data", space=data.space, legal=data.legal)
    for key in sorted(ranges, key=_is_prefixed):
        _choose(key, ranges[key], owners=(*owners, of_data), report=report)
    spaces = [owner.result(report) for owner in owners]
    return _composed(families, spaces).merged(of_data.result(report))


def _composed(families: tuple[Family, ...], spaces: list[Space]) -> Space:
    if len(families) == 1:
        return spaces[0]
    branches = {
        family.choice.name: space.prefixed(family.choice.prefix)
        for family, space in zip(families, spaces, strict=True)
    }
    return Space({MODEL: Choice(branches)})


def _is_prefixed(key: str) -> bool:
    return key.partition(".")[0] in FAMILIES


def _choose(key: str, value: Any, *, owners: tuple[_Owner, ...], report: Report) -> None:
    """Give what is written under a key to all the owners that it is meant for, if it is legal."""
    meant = [(owner, argument) for owner in owners if (argument := owner.argument(key))]
    if not meant:
        _report_unknown(key, value, owners=owners, report=report)
    if report.is_broken(("space", key)):
        return
    refusals: dict[str, list[str]] = {}
    for owner, argument in meant:
        legal = owner.legal[argument]
        former = [parameter for parameter in owner.space if parameter.key == argument]
        try:
            domain = read_range(value, legal=legal, former=former, prefix=f"{owner.name}.")
        except ConfigurationError as error:
            report.from_error(("space", key), error, prefix=f"space.{key}: ")
            return
        if legal.covers(domain):
            owner.chosen[argument] = (key, domain)
        else:
            refusals.setdefault(refusal(domain, legal=legal), []).append(owner.name)
    for text, names in refusals.items():
        report.wrong(("space", key), f"For {' and '.join(names)}: {text}")


def _report_unknown(key: str, value: object, *, owners: tuple[_Owner, ...], report: Report) -> None:
    path = ("space", key)
    name, _, argument = key.partition(".")
    names = [owner.name for owner in owners]
    if key == MODEL:
        report.add(path, "space.model is chosen by the section model. List the families there.")
    elif name in FAMILIES and name not in names:
        report.add(path, f"space.{key}: {name} is not among the models of this experiment.")
    elif key in names:
        inner = next(iter(value), "PARAMETER") if isinstance(value, dict) else "PARAMETER"
        text = f"Write its parameters with the name in front: `{key}.{inner}: RANGE`."
        report.add(path, f"space.{key} is not a parameter. {text}")
    else:
        of_name = [owner for owner in owners if argument and owner.name == name]
        prefix = f"{name}." if of_name and name != "data" else ""
        valid = {prefix + legal for owner in of_name or owners for legal in owner.legal}
        report.unknown_key(path, kind="a parameter of the models or the data", valid=valid)
