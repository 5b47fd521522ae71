"""Which method does a name stand for: one of raysearch's searchers, or a library by itself?"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from raysearch.imports import load_object
from raysearch.searchers import SEARCHERS, Searcher
from search_quality.libraries import LIBRARIES, is_installed
from search_quality.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A way to search, under the name that it was asked for by."""

    label: str
    make: Callable[..., Searcher]
    """The searcher's class, with its settings."""

    def build(self, table: Table, *, seed: int) -> Searcher:
        """Return a new searcher of a table's space."""
        return self.make(table.space, objective=table.objective, seed=seed)


def all_methods() -> list[Method]:
    """Return all searchers, and the libraries that are installed."""
    libraries = [name for name in LIBRARIES if is_installed(name)]
    return [method_of(name) for name in (*SEARCHERS, *libraries)]


def method_of(text: str) -> Method:
    """Return the method that a text names.

    Args:
        text: A name or an import path, and settings: "hyperopt,gamma=1.0".
    """
    name, *settings = text.split(",")
    paths: Mapping[str, str] = {**SEARCHERS, **LIBRARIES}
    return Method(
        label=text,
        make=partial(load_object(paths.get(name, name)), **dict(map(_setting, settings))),
    )


def _setting(text: str) -> tuple[str, Any]:
    key, _, value = text.partition("=")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value
