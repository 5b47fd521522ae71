"""Which class does "package.module:Class" mean?"""

from __future__ import annotations

import importlib
from typing import Any

from raysearch.errors import ConfigurationError, did_you_mean


def load_class(path: str) -> Any:
    """Return the class, or another callable, that an import path names.

    Args:
        path: "package.module:Class"; the part after the colon may have dots for nested classes.

    Raises:
        ConfigurationError: The path is not of that form, or names a package, a module or an
            attribute that does not exist. What the module itself raises passes through.

    Example:
        >>> load_class("fractions:Fraction")(1, 3)
        Fraction(1, 3)
    """
    module_name, colon, attributes = path.partition(":")
    if not (module_name and colon and attributes):
        raise ConfigurationError(
            f"{path!r} is not an import path. Write it as package.module:Class."
        )
    found: Any = _module(module_name, path=path)
    for attribute in attributes.split("."):
        if not hasattr(found, attribute):
            raise ConfigurationError(
                f"{path}: there is no {attribute} in {module_name}. "
                f"{did_you_mean(attribute, dir(found))}Write it as package.module:Class."
            )
        found = getattr(found, attribute)
    return found


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
