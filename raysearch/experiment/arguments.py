"""What may be given to a model or to data, and is what was given among it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from raysearch.errors import ConfigurationError
from raysearch.experiment.document import Path, dotted
from raysearch.experiment.own import Signature, signature_of
from raysearch.experiment.report import Report
from raysearch.imports import PREFIX, shown
from raysearch.space import Domain

DATA_PREFIX = "data."
"""Begins the keys of all parameters of the data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """What may be given to a model or to data, by key.

    Example:
        >>> left = Arguments(names=("depth",), fixed={"hidden": "model.args.hidden"})
        >>> left.accepts("depth"), left.accepts("hidden")
        (True, False)
        >>> left.refusal("hidden")
        'hidden is fixed already by model.args.hidden. Keep one of them.'
    """

    legal: Mapping[str, Domain] | None = None
    """Every value that is accepted; None where any may be, as of the user's own classes."""
    names: tuple[str, ...] | None = None
    """The keys that exist and are left; None where they are not known."""
    required: tuple[str, ...] = ()
    """Those that have no default."""
    defaults: Mapping[str, Any] | None = None
    """Plain defaults of the user's own constructor."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Keys that have their value already -> the dotted key of the file that gives it."""
    is_made: bool = False
    """Whether it is a data module that is made already, which takes nothing."""

    def accepts(self, key: str) -> bool:
        """Return whether the key exists and is left, as far as it is known."""
        is_left = key not in self.fixed and not self.is_made
        return is_left and (self.names is None or key in self.names)

    def refusal(self, key: str) -> str | None:
        """Return why a key cannot be given although it may exist; None if that is not so."""
        if key in self.fixed:
            return f"{key} is fixed already by {self.fixed[key]}. Keep one of them."
        return MADE if self.is_made else None

    def prefixed(self, prefix: str) -> Arguments:
        """Return the same of keys with a prefix, for classes of the user's own."""
        return Arguments(
            names=None if self.names is None else tuple(prefix + name for name in self.names),
            required=tuple(prefix + name for name in self.required),
            defaults={prefix + name: value for name, value in (self.defaults or {}).items()},
            fixed={prefix + name: where for name, where in self.fixed.items()},
            is_made=self.is_made,
        )


MADE = (
    "The data module is made already. To give or search its arguments, give its class and args "
    "instead: data={'class': Data, 'args': {...}}."
)


def args_key(path: Path, report: Report) -> str:
    """Return the key under which a section's arguments stand: `args`, or the earlier word."""
    return "arguments" if report.document.has((*path, "arguments")) else "args"


def given_by(given: Mapping[str, Any], *, path: Path, report: Report) -> dict[str, str]:
    """Return for each argument that a section fixes the dotted key that does."""
    key = args_key(path, report)
    return {name: dotted((*path, key, name)) for name in given}


def short_name(path: str) -> str:
    """Return the name by which a person knows an import path.

    Example:
        >>> short_name("my_project.nets:Net"), short_name("object:Net")
        ('Net', 'Net')
    """
    if path.startswith(PREFIX):
        return shown(path)
    return path.partition(":")[2].rpartition(".")[2]


def known_signature(path: Path, class_path: str, *, report: Report) -> Signature | None:
    """Return what is known of a class or function, or None with the fault reported."""
    path = report.document.nearest(path)
    try:
        return signature_of(class_path)
    except ConfigurationError as error:
        report.from_error(path, error, prefix=f"{dotted(path)}: ")
    except Exception as error:  # noqa: BLE001 - a module of the user's may raise anything
        report.add(path, f"{dotted(path)}: importing {shown(class_path)} raised {error!r}.")
    return None


def own_arguments(
    given: Mapping[str, Any], *, signature: Signature, path: Path, report: Report
) -> Arguments:
    """Return what is left to be searched, with those given that do not exist reported."""
    key = args_key(path, report)
    if signature.is_made:
        if given:
            report.add((*path, key), f"{dotted((*path, key))}: {MADE}")
        return Arguments(names=(), is_made=True)
    for name in given:
        if not signature.accepts(name):
            kind = "an argument of its constructor"
            report.unknown_key((*path, key, name), kind=kind, valid=signature.arguments or ())
    names = signature.arguments
    return Arguments(
        names=None if names is None else tuple(name for name in names if name not in given),
        required=tuple(name for name in signature.required if name not in given),
        defaults=signature.defaults,
        fixed=given_by(given, path=path, report=report),
    )


def fixed_arguments(
    given: Mapping[str, Any], *, legal: Mapping[str, Domain], path: Path, report: Report
) -> dict[str, Any]:
    """Return fixed arguments in their proper types, those at fault reported and left out."""
    fixed = {}
    key = args_key(path, report)
    for name, value in given.items():
        inner = (*path, key, name)
        if name not in legal:
            report.unknown_key(inner, kind="an argument that can be fixed here", valid=legal)
        elif fault := legal[name].explain(value):
            report.wrong(inner, fault)
        else:
            fixed[name] = legal[name].canonical(value)
    return fixed
