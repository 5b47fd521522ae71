"""Which settings given in Python can stand in a file?

Text, finite numbers, booleans, None, and lists and mappings of them; a domain of `raysearch.space`
stands for its settings.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from raysearch.errors import ConfigurationError
from raysearch.experiment.document import Document, Fault, Path, Place, dotted
from raysearch.space import Domain, domain_to_settings


def plain_document(values: Mapping[str, Any], *, source: str) -> Document:
    """Return settings given in Python as a document, with a fault for each that is not plain.

    Example:
        >>> document = plain_document({"model": ("cnn", "mlp"), "seed": {1}}, source="settings")
        >>> document.values
        {'model': ['cnn', 'mlp'], 'seed': None}
        >>> print(*document.faults)
        settings: seed is of type set. Give text, a finite number, true, false, None, a list or a
        mapping with text as keys.
    """
    faults: list[Fault] = []
    plain = {
        str(key): _plain(value, (str(key),), faults=faults, source=source)
        for key, value in values.items()
    }
    return Document(source=source, values=plain, faults=tuple(faults))


def _plain(value: object, path: Path, *, faults: list[Fault], source: str) -> Any:
    if isinstance(value, Domain):
        return _settings(value, path, faults=faults, source=source)
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {
            key: _plain(item, (*path, key), faults=faults, source=source)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [
            _plain(item, (*path, position), faults=faults, source=source)
            for position, item in enumerate(value)
        ]
    if type(value) in (str, int, bool, type(None)) or (
        type(value) is float and math.isfinite(value)
    ):
        return value
    shown = str(value) if type(value) is float else f"of type {type(value).__name__}"
    right = "Give text, a finite number, true, false, None, a list or a mapping with text as keys."
    faults.append(Fault(Place(0, source), f"{dotted(path)} is {shown}. {right}", path))
    return None


def _settings(
    domain: Domain, path: Path, *, faults: list[Fault], source: str
) -> dict[str, Any] | None:
    try:
        return domain_to_settings(domain)
    except ConfigurationError as error:
        faults += [
            Fault(Place(0, source), f"{dotted(path)}: {text}", path) for text in error.faults
        ]
        return None
