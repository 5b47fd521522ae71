"""What can be known of a user's class or function without importing it?

Importing a module of networks loads torch, which takes seconds. Its source says at once whether a
class is there and which arguments its constructor takes; what is loaded already is asked itself.
"""

from __future__ import annotations

import inspect
import sys
from typing import Any

from raysearch.errors import ConfigurationError
from raysearch.experiment.definitions import UNKNOWN, Reader, Signature, is_plain
from raysearch.experiment.sources import source_file
from raysearch.imports import PREFIX, load_object, no_attribute, no_path

__all__ = ["Signature", "signature_of"]


def signature_of(path: str) -> Signature:
    """Return what is known of the class or function that an import path names.

    A module that is loaded already is asked; of any other the source is read, and not run.

    Args:
        path: "package.module:Name", or "object:Name" for what was given as an object.

    Raises:
        ConfigurationError: The path is not of that form, or there is no such package, module or
            attribute.

    Example:
        >>> signature_of("raysearch.data.digits.module:Data").arguments
        ('batch_size', 'seed', 'task', 'validation', 'test')
        >>> signature_of("fractions:Fractoin")
        Traceback (most recent call last):
        raysearch.errors.ConfigurationError: fractions:Fractoin: there is no Fractoin in fractions.
        Did you mean Fraction? Write it as package.module:Class.
    """
    module, colon, name = path.partition(":")
    if path.startswith(PREFIX) or module in sys.modules:
        found = load_object(path)
        if inspect.ismodule(found):  # whether it is there depends on what was imported before
            names = [key for key, value in vars(sys.modules[module]).items() if callable(value)]
            raise ConfigurationError(no_attribute(path, name, names=names))
        return _of_object(found)
    is_path = module and colon and name
    if not is_path or not all(part.isidentifier() for part in module.split(".")):
        raise ConfigurationError(no_path(path))
    file = source_file(module, name=name)
    return UNKNOWN if file is None else Reader().find(module, name, file=file)


def _of_object(found: Any) -> Signature:
    if not callable(found):
        return Signature(is_class=False, arguments=(), is_made=True)
    try:
        parameters = inspect.signature(found).parameters.values()
    except (TypeError, ValueError):
        return Signature(is_class=inspect.isclass(found))
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    is_open = any(p.kind is p.VAR_KEYWORD for p in parameters)
    return Signature(
        is_class=inspect.isclass(found),
        arguments=None if is_open else tuple(p.name for p in named),
        required=tuple(p.name for p in named if p.default is p.empty),
        defaults={p.name: p.default for p in named if is_plain(p.default)},
    )
