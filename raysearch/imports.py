"""Which object does "package.module:Name" mean?

Most classes and functions have such an import path. Those without one (made in a notebook, or
inside a function) are given to each process by `provide`, and are named "object:NAME" from then on.
"""

from __future__ import annotations

import gc
import importlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from raysearch.errors import ConfigurationError, did_you_mean

Kind = Literal["module", "builder", "function"]
"""What a model's path names: a LightningModule; a function `build(hp)` that returns one; or a
function `train(config, report)` that does all of the training itself, without data or Trainer."""

PREFIX = "object:"
"""Begins the names of objects that have no import path."""

_PROVIDED: dict[str, Any] = {}


@contextmanager
def without_collecting() -> Iterator[None]:
    """Import large libraries without looking for garbage meanwhile, saving a fifth of the time.

    They make hundreds of thousands of objects that stay, and a collection looks at all of them.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def provide(objects: Mapping[str, Any]) -> None:
    """Let `load_object` find objects that have no import path.

    Args:
        objects: By name, such as "object:Net"; one that was provided before is replaced.

    Side effects:
        The objects stay known for as long as this process lives.
    """
    _PROVIDED.update(objects)


def shown(path: str) -> str:
    """Return an import path as a person knows it: of a provided object its name alone.

    Example:
        >>> shown("object:Net"), shown("my_project.nets:Net")
        ('Net', 'my_project.nets:Net')
    """
    return path.removeprefix(PREFIX)


def import_path(found: Any) -> str | None:
    """Return the import path under which every process finds the same object, None if none does.

    Example:
        >>> from fractions import Fraction
        >>> import_path(Fraction)
        'fractions:Fraction'
        >>> import_path(lambda: None) is None
        True
    """
    module, name = getattr(found, "__module__", None), getattr(found, "__qualname__", None)
    if not module or not name or module in ("__main__", "__mp_main__") or "<" in name:
        return None
    try:
        is_same = load_object(f"{module}:{name}") is found
    except (ConfigurationError, ImportError):
        return None
    return f"{module}:{name}" if is_same else None


def object_paths(value: Any) -> Iterator[str]:
    """Yield the names of objects without an import path anywhere in settings.

    Example:
        >>> list(object_paths({"model": [{"class": "object:Net"}, {"class": "nets:Net"}]}))
        ['object:Net']
    """
    if isinstance(value, str) and value.startswith(PREFIX):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from object_paths(inner)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            yield from object_paths(inner)


def absent_objects(settings: Mapping[str, Any]) -> list[str]:
    """Return what settings name that was an object of another process, in its short form."""
    return [shown(path) for path in object_paths(settings) if path not in _PROVIDED]


def load_object(path: str) -> Any:
    """Return the class, function or other object that a path names.

    Args:
        path: "package.module:Class"; the part after the colon may have dots for nested classes. Or
            "object:NAME" for what was provided.

    Raises:
        ConfigurationError: The path is not of that form, names a package, a module or an attribute
            that does not exist, or an object that was not provided in this process. What the module
            itself raises passes through.

    Example:
        >>> load_object("fractions:Fraction")(1, 3)
        Fraction(1, 3)
    """
    if path.startswith(PREFIX):
        return _provided(path)
    module_name, colon, attributes = path.partition(":")
    is_whole = colon and all([*module_name.split("."), *attributes.split(".")])
    if not is_whole:  # something is left out around a dot or the colon
        raise ConfigurationError(no_path(path))
    found: Any = _module(module_name, path=path)
    for attribute in attributes.split("."):
        if not hasattr(found, attribute):
            raise ConfigurationError(no_attribute(path, attribute, names=dir(found)))
        found = getattr(found, attribute)
    return found


def no_attribute(path: str, attribute: str, *, names: Iterable[str]) -> str:
    """Return the message for a module that does not have what a path names."""
    module = path.partition(":")[0]
    return (
        f"{path}: there is no {attribute} in {module}. {did_you_mean(attribute, names)}"
        "Write it as package.module:Class."
    )


def no_path(path: str) -> str:
    """Return the message for a text that is no import path."""
    return f"{path!r} is not an import path. Write it as package.module:Class."


def _provided(path: str) -> Any:
    if path not in _PROVIDED:
        raise ConfigurationError(
            f"{shown(path)} was given to the search as a Python object that has no "
            "import path, so this process cannot find it. Give it again: "
            "raysearch.Search.resume(RUN, model=..., data=...). Or move it to a module, and name "
            "it as package.module:Name in new searches."
        )
    return _PROVIDED[path]


def _module(name: str, *, path: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # the module is there; something that it imports is not
        kind = "module" if "." in error.name else "package or module"
        raise ConfigurationError(
            f"{path}: there is no {kind} {error.name}. Is it installed, or on PYTHONPATH, also "
            "on the machines that train?"
        ) from error
