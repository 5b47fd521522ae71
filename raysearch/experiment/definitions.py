"""Which arguments does a class or function take, by what its source says?

Names are followed through imports and base classes to a definition. Where the source does not say
(made by a call, by a decorator, in a compiled module), nothing is claimed; importing it will show.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from raysearch.errors import ConfigurationError
from raysearch.experiment.sources import source_file
from raysearch.imports import no_attribute

MOST_STEPS = 20
"""Imports and base classes that are followed for one name at most."""

LIGHTNING = ("pytorch_lightning", "lightning", "torch", "abc", "typing")
"""Packages whose classes take no arguments that a user would set, and which are not opened."""


class Unknown:
    """Stands for a default that the source does not spell out as a plain value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a class or function takes, as far as it is known."""

    is_class: bool | None = None
    """Whether it is a class; None where that is not known."""
    arguments: tuple[str, ...] | None = None
    """Names of the arguments; None where they are not known."""
    required: tuple[str, ...] = ()
    """Those without a default."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """Those whose default is a plain value."""
    is_made: bool = False
    """Whether it is an object that is made already, which takes no arguments."""

    def accepts(self, argument: str) -> bool:
        """Return whether the argument may be given, as far as it is known."""
        return self.arguments is None or argument in self.arguments


UNKNOWN = Signature()
"""Nothing is known but that it may exist."""


def is_plain(value: object) -> bool:
    """Return whether a value can stand in a file by itself."""
    return value is None or type(value) in (bool, int, float, str)


class Reader:
    """Follows a name through sources to a definition."""

    def __init__(self) -> None:
        self._steps = 0

    def find(self, module: str, name: str, *, file: Path) -> Signature:
        """Return the signature of a name in a module.

        Raises:
            ConfigurationError: The module has no such name.
        """
        try:
            tree = ast.parse(file.read_bytes())
        except SyntaxError as error:
            raise ConfigurationError(
                f"{file}, line {error.lineno}: this is not Python: {error.msg}."
            ) from error
        except (OSError, ValueError):
            return UNKNOWN
        scope: list[ast.stmt] = tree.body
        *outer, last = name.split(".")
        for part in outer:
            definition = _definitions(scope).get(part)
            if not isinstance(definition, ast.ClassDef):
                return UNKNOWN
            scope = definition.body
        return self._named(last, scope=scope, tree=tree, module=module, file=file)

    def _named(
        self, name: str, *, scope: list[ast.stmt], tree: ast.Module, module: str, file: Path
    ) -> Signature:
        names = _definitions(scope)
        definition = names.get(name)
        self._steps += 1
        if self._steps > MOST_STEPS:
            return UNKNOWN
        if isinstance(definition, ast.ClassDef):
            return self._class(definition, tree=tree, module=module, file=file)
        if isinstance(definition, ast.FunctionDef):
            if definition.decorator_list:
                return Signature(is_class=False)
            return _arguments(definition.args, skip=0, is_class=False)
        if isinstance(definition, ast.ImportFrom):
            return self._imported(name, definition, module=module, file=file)
        if definition is not None or _is_open(scope):
            return UNKNOWN
        raise ConfigurationError(no_attribute(f"{module}:{name}", name, names=names))

    def _class(
        self, definition: ast.ClassDef, *, tree: ast.Module, module: str, file: Path
    ) -> Signature:
        own = _definitions(definition.body)
        constructor = own.get("__init__")
        if isinstance(constructor, ast.FunctionDef):
            found = _arguments(constructor.args, skip=1, is_class=True)
            decorated = constructor.decorator_list or definition.decorator_list
            return Signature(is_class=True) if decorated else found
        if definition.decorator_list or definition.keywords or "__new__" in own:
            return Signature(is_class=True)
        bases = [ast.unparse(base) for base in definition.bases]
        if not bases:
            return Signature(is_class=True, arguments=())
        first = bases[0].split(".")
        base = _definitions(tree.body).get(first[0])
        if isinstance(base, ast.ClassDef) and len(first) == 1:
            return self._class(base, tree=tree, module=module, file=file)
        origin = _origin(base, first, module=module, file=file)
        if origin is None:
            return Signature(is_class=True)
        if origin[0].split(".")[0] in LIGHTNING:
            return Signature(is_class=True, arguments=())
        return replace(self._elsewhere(*origin), is_class=True)

    def _imported(
        self, name: str, statement: ast.ImportFrom, *, module: str, file: Path
    ) -> Signature:
        origin = _origin(statement, [name], module=module, file=file)
        return UNKNOWN if origin is None else self._elsewhere(*origin)

    def _elsewhere(self, module: str, name: str) -> Signature:
        """Return the signature of a name of another module; unknown if it is not to be had."""
        try:
            file = source_file(module, name=name)
            return UNKNOWN if file is None else self.find(module, name, file=file)
        except ConfigurationError:
            return UNKNOWN  # importing the module will say it better


def _definitions(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    """Return what defines each name at one level, also inside `if`, `try` and `with`."""
    found: dict[str, ast.stmt] = {}
    for statement in body:
        match statement:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                found[statement.name] = statement
            case ast.Import() | ast.ImportFrom():
                for alias in statement.names:
                    found[alias.asname or alias.name.split(".")[0]] = statement
            case ast.Assign():
                for target in statement.targets:
                    found |= {n.id: statement for n in ast.walk(target) if isinstance(n, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                found[name] = statement
            case ast.If() | ast.Try() | ast.With():
                for block in ("body", "orelse", "finalbody"):
                    found |= _definitions(getattr(statement, block, []))
                for handler in getattr(statement, "handlers", []):
                    found |= _definitions(handler.body)
    found.pop("*", None)
    return found


def _is_open(body: list[ast.stmt]) -> bool:
    """Return whether names may come from where the source does not show them."""
    stars = any(
        isinstance(s, ast.ImportFrom) and any(alias.name == "*" for alias in s.names) for s in body
    )
    return stars or "__getattr__" in _definitions(body)


def _origin(
    statement: ast.stmt | None, dotted: list[str], *, module: str, file: Path
) -> tuple[str, str] | None:
    """Return the module and the name there that an imported, maybe dotted, name stands for."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            if alias.asname == dotted[0] and len(dotted) == 2:
                return alias.name, dotted[1]
        return (".".join(dotted[:-1]), dotted[-1]) if len(dotted) > 1 else None
    if not isinstance(statement, ast.ImportFrom):
        return None
    alias = next(a for a in statement.names if (a.asname or a.name) == dotted[0])
    package = module.split(".")
    if statement.level:
        is_package = file.name == "__init__.py"
        package = package[: len(package) - statement.level + is_package]
        source = ".".join([*package, *([statement.module] if statement.module else [])])
    else:
        source = statement.module or ""
    if len(dotted) == 1:
        return source, alias.name
    return f"{source}.{alias.name}", dotted[1]


def _arguments(arguments: ast.arguments, *, skip: int, is_class: bool) -> Signature:
    positional = [*arguments.posonlyargs, *arguments.args][skip:]
    defaults = arguments.defaults[-len(positional) :] if positional else []
    given: dict[str, ast.expr | None] = dict.fromkeys(argument.arg for argument in positional)
    with_default = positional[len(positional) - len(defaults) :]
    given |= {a.arg: default for a, default in zip(with_default, defaults, strict=True)}
    for argument, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        given[argument.arg] = value
    plain = {name: _literal(node) for name, node in given.items() if node is not None}
    return Signature(
        is_class=is_class,
        arguments=None if arguments.kwarg else tuple(given),
        required=tuple(name for name, node in given.items() if node is None),
        defaults={name: value for name, value in plain.items() if value is not Unknown},
    )


def _literal(node: ast.expr) -> Any:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return Unknown
    return value if is_plain(value) else Unknown
