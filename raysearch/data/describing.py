"""What does a data set take as arguments: what may be said, what holds else, and what it means?

All of it is read where it is checked: the legal values in `ARGUMENTS` and, of files of one's own,
in `OTHERS`; defaults and meanings in the dataclass of the arguments or in `data_spec`. So nothing
here can be out of date.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import re
import textwrap
from dataclasses import dataclass
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from raysearch.data import DATA
from raysearch.data.arguments import Form
from raysearch.space import Domain


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """What may be said about one argument."""

    name: str
    meaning: str
    """A sentence or more, as the source has it, in the words of an experiment file."""
    legal: str
    """Such as "0.05 to 0.45"."""
    default: str | None
    """What holds where it is not said; None where it must be."""


def arguments_of(name: str) -> list[Argument]:
    """Return the arguments of a data set, those that must be given first, then as in the source.

    Args:
        name: A name of `DATA`.

    Example:
        >>> [(one.name, one.default) for one in arguments_of("digits")]
        [('task', 'classification'), ('validation', '0.2'), ('test', '0.2')]
        >>> arguments_of("text")[0].legal
        'a text'
    """
    if find_spec(f"{DATA[name]}.arguments") is None:
        return _of_built_in(importlib.import_module(f"{DATA[name]}.space"))
    return _of_files(importlib.import_module(f"{DATA[name]}.arguments"), name=name)


def _of_built_in(space: ModuleType) -> list[Argument]:
    said = _meanings_of_function(space.data_spec)
    return [
        Argument(
            name=name,
            meaning=said.get(name, ""),
            legal=domain.describe(),
            default=_written(domain.default_value()),
        )
        for name, domain in space.ARGUMENTS.items()
    ]


def _of_files(module: ModuleType, *, name: str) -> list[Argument]:
    kind: Any = getattr(module, f"{name.title()}Arguments")
    domains: dict[str, Domain] = module.ARGUMENTS
    others: dict[str, Form] = module.OTHERS
    said = _meanings_of_fields(kind)
    found = []
    for entry in dataclasses.fields(kind):
        legal = domains[entry.name].describe() if entry.name in domains else ""
        found.append(
            Argument(
                name=entry.name,
                meaning=_to_a_user(said[entry.name]),
                legal=legal or _right(others[entry.name]),
                default=None if entry.name in module.REQUIRED else _written(_default(entry)),
            )
        )
    return sorted(found, key=lambda one: one.default is not None)


def _to_a_user(meaning: str) -> str:
    """Return a meaning in the words of an experiment file, where paths may be relative.

    Example:
        >>> _to_a_user("The file. Absolute. None to tell by its bytes.")
        'The file. null to tell by its bytes.'
    """
    return re.sub(r"\bNone\b", "null", meaning.replace(" Absolute.", ""))


def _right(form: Form) -> str:
    """Return what is right, without what is said to whom it is wrong.

    Example:
        >>> _right((bool, "It must be 1 (grey) or 3; null tells by the files."))
        '1 (grey) or 3'
    """
    return form[1].removeprefix("It must be ").partition("; null")[0].removesuffix(".")


def _default(entry: dataclasses.Field[Any]) -> Any:
    if entry.default_factory is not dataclasses.MISSING:
        return entry.default_factory()
    return entry.default


def _written(value: Any) -> str:
    """Return a default as it is written in an experiment file.

    Example:
        >>> [_written(value) for value in (None, True, (), "word", 0.2)]
        ['null', 'true', '[]', 'word', '0.2']
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, tuple):
        return str(list(value))
    return str(value)


def _meanings_of_fields(kind: type) -> dict[str, str]:
    """Return the texts below the fields of a class; fields that share one stand above it."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    meanings: dict[str, str] = {}
    waiting: list[str] = []
    for node in tree.body if isinstance(tree, ast.ClassDef) else []:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            waiting.append(node.target.id)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and waiting:
            meanings |= dict.fromkeys(waiting, " ".join(str(node.value.value).split()))
            waiting = []
    return meanings


def _meanings_of_function(function: Any) -> dict[str, str]:
    """Return what the docstring of a function says about its arguments."""
    _, _, rest = (inspect.getdoc(function) or "").partition("Args:\n")
    meanings: dict[str, str] = {}
    name = ""
    for line in rest.partition("\n\n")[0].splitlines():
        text = line.strip()
        if not line.startswith(" " * 8):
            name, _, text = text.partition(": ")
        meanings[name] = f"{meanings.get(name, '')} {text}".strip()
    return meanings
