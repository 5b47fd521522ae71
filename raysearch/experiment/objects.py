"""How do classes, functions and data given in Python become settings that can stand in a file?

What has an import path is named by it; such a search is resumed like one from a file. Anything else
(a class of a notebook, a data module that is made already, a callback) gets a name of its own,
"object:Net", and goes to the workers by value; who resumes the search gives it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass, replace
from typing import Any

from raysearch.errors import ConfigurationError
from raysearch.imports import PREFIX, import_path, object_paths, provide, shown
from raysearch.space import Domain, Space
from raysearch.space.define_by_run import record_space

WAYS = ("class", "function", "builder")
"""Keys of the section `model` under which an object may be given."""


def plain_settings(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return settings without objects, and the objects by the names that stand for them.

    Args:
        given: The sections of an experiment file by name, those that are None left out. `model` may
            be or hold classes and functions, `data` a class, a function or a data module,
            `trainer` objects, `space` domains, a `Space` or a function `space(hp)`.

    Raises:
        ConfigurationError: Something cannot stand for a setting, such as a module that is made
            already.

    Side effects:
        The objects are provided to this process: see `imports.provide`.

    Example:
        >>> from fractions import Fraction
        >>> class Net: ...
        >>> settings, objects = plain_settings({"model": [Fraction, Net], "data": "digits"})
        >>> settings["model"]
        [{'class': 'fractions:Fraction'}, {'class': 'object:Net'}]
        >>> objects == {"object:Net": Net}
        True
    """
    names = _Names()
    settings = {key: value for key, value in given.items() if value is not None}
    if "model" in settings:
        settings["model"] = _models(settings["model"], names)
    if "data" in settings:
        settings["data"] = _data(settings["data"], names)
    if "space" in settings:
        settings["space"] = _space(settings["space"])
    if isinstance(settings.get("trainer"), Mapping):
        settings["trainer"] = {
            key: _trainer_value(value, names) for key, value in settings["trainer"].items()
        }
    provide(names.objects)
    return {key: _without_nones(value) for key, value in settings.items()}, names.objects


def provide_again(settings: Mapping[str, Any], *, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the objects that a search was started with, given again, by their names.

    Args:
        settings: The settings of the search.
        given: The sections that hold objects: `model`, `data`, `trainer`.

    Raises:
        ConfigurationError: The search was started with objects that are not among those given.

    Side effects:
        The objects are provided to this process.

    Example:
        >>> class Net: ...
        >>> settings, _ = plain_settings({"model": Net})
        >>> sorted(provide_again(settings, given={"model": Net}))
        ['object:Net']
        >>> provide_again(settings, given={"model": None})
        Traceback (most recent call last):
        raysearch.errors.ConfigurationError: This search was started in Python with Net, which no
        other process can import. Resume it in Python, and give the same objects again:
        raysearch.Search.resume(RUN, model=..., data=..., trainer=...). What a module defines is
        found by itself.
    """
    _, objects = plain_settings({key: value for key, value in given.items() if value is not None})
    missing = [path for path in object_paths(settings) if path not in objects]
    if missing:
        listed = ", ".join(shown(path) for path in missing)
        raise ConfigurationError(
            f"This search was started in Python with {listed}, which no other process can import. "
            "Resume it in Python, and give the same objects again: raysearch.Search.resume(RUN, "
            "model=..., data=..., trainer=...). What a module defines is found by itself."
        )
    return objects


class _Names:
    """Names for objects that have no import path."""

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {}

    def path(self, found: Any) -> str:
        """Return an import path, or a new name."""
        path = import_path(found) if callable(found) else None
        if path is not None:
            return path
        known = [name for name, other in self.objects.items() if other is found]
        if known:
            return known[0]
        stem = getattr(found, "__name__", type(found).__name__).strip("<>")
        name, number = f"{PREFIX}{stem}", 1
        while name in self.objects:
            number += 1
            name = f"{PREFIX}{stem}_{number}"
        self.objects[name] = found
        return name


def _models(given: Any, names: _Names) -> list[Any]:
    return [_model(item, names) for item in (given if isinstance(given, list | tuple) else [given])]


def _model(given: Any, names: _Names) -> Any:
    if isinstance(given, str):
        return given
    if not isinstance(given, Mapping):
        return {"class": names.path(_not_made(given))}
    return {
        key: names.path(_not_made(value)) if key in WAYS and not isinstance(value, str) else value
        for key, value in given.items()
    }


def _not_made(given: Any) -> Any:
    """Return a class or function; what is neither is refused."""
    if callable(given) and not _is_module(given):
        return given
    kind = type(given).__name__
    raise ConfigurationError(
        f"model is a {kind} that is made already, and each trial makes its own. Give the class "
        f"and its fixed arguments: model={{'class': {kind}, 'args': {{...}}}}."
    )


def _is_module(given: object) -> bool:
    """Return whether it is a network: those are callable, too."""
    return any(base.__name__ == "Module" for base in type(given).__mro__)


def _data(given: Any, names: _Names) -> Any:
    if isinstance(given, str):
        return given
    if isinstance(given, Mapping):
        return {
            key: names.path(value) if key == "class" and not isinstance(value, str) else value
            for key, value in given.items()
        }
    return {"class": names.path(given)}


def _space(given: Mapping[str, Any] | Space | Callable[..., Any]) -> Mapping[str, Any]:
    if callable(given) and not isinstance(given, Space):
        given = record_space(given)
    if not isinstance(given, Space):
        return given
    doubled = [key for key in given.keys if len(given[key]) > 1]
    if doubled:
        raise ConfigurationError(
            f"space has {', '.join(doubled)} in several branches, each with a range of its own. "
            "Give each its own name."
        )
    return {parameter.key: _domain(parameter) for parameter in given}


def _domain(parameter: Any) -> Domain:
    known: dict[str, Any] = {"when": {key: list(values) for key, values in parameter.when}}
    domain: Domain = replace(parameter.domain, **known) if parameter.when else parameter.domain
    return domain


def _trainer_value(value: Any, names: _Names) -> Any:
    if isinstance(value, list | tuple):
        return [_trainer_value(item, names) for item in value]
    if isinstance(value, Mapping):
        is_class = "class" in value and not isinstance(value["class"], str)
        return {**value, "class": names.path(value["class"])} if is_class else value
    if value is None or type(value) in (bool, int, float, str):
        return value
    return {"class": names.path(value)}


def _without_nones(value: Any) -> Any:
    """Return a record, or each of a list, as the mapping that stands for it in a file."""
    if isinstance(value, list | tuple):
        return [_without_nones(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type | Domain):
        return {key: item for key, item in asdict(value).items() if item is not None}
    return value
