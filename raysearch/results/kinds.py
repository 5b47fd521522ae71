"""What trained a trial, as far as the settings of its search say?

Read from the journal alone, so that results can be looked at where the user's own modules cannot be
imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from raysearch.experiment.spaces import MODEL
from raysearch.imports import PREFIX, Kind
from raysearch.trial import Configuration

_WAYS: Mapping[str, Kind | None] = {
    "function": "function",
    "builder": "builder",
    "name": "module",
    "class": None,
}
"""Key of a section -> what it names; a path that is written as a class may name a function, too."""


def written_kind(configuration: Configuration, *, settings: Mapping[str, Any]) -> Kind | None:
    """Return what trained a configuration; None if it takes a look at the source to know.

    Args:
        configuration: Of the trial.
        settings: The resolved experiment.

    Example:
        >>> sections = [{"name": "mlp", "args": {}}, {"function": "mine.nets:train", "args": {}}]
        >>> written_kind({"model": "train", "train.width": 8}, settings={"model": sections})
        'function'
        >>> written_kind({"model": "mlp", "mlp.depth": 2}, settings={"model": sections})
        'module'
    """
    sections: list[Mapping[str, Any]] = settings[MODEL]
    is_one = len(sections) == 1
    named = configuration.get(MODEL)
    for section in sections:
        way = next((way for way in _WAYS if section.get(way)), "class")
        if is_one or _short(str(section.get(way))) == named:
            return _WAYS[way]
    return None


def family_names(settings: Mapping[str, Any]) -> list[str]:
    """Return what the models of an experiment are called in configurations, in its order.

    Example:
        >>> family_names({"model": [{"name": "mlp"}, {"class": "mine.nets:Net"}]})
        ['mlp', 'Net']
    """
    sections: list[Mapping[str, Any]] = settings[MODEL]
    return [_short(next(str(s[way]) for way in _WAYS if s.get(way))) for s in sections]


def _short(path: str) -> str:
    """Return the name that a family, class or function has in configurations."""
    if path.startswith(PREFIX):
        return path.removeprefix(PREFIX)
    return path.rpartition(":")[2].rpartition(".")[2]
