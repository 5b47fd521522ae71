"""raysearch: which network, trained how, is best on this data?

    import raysearch as rs

    search = rs.Search.from_file("experiments/digits.yaml")
    results = search.run()
    results.winner.configuration

Names are loaded when they are first used: `import raysearch` loads neither torch nor Ray.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from raysearch.errors import RaysearchError
    from raysearch.results import Results, load_model
    from raysearch.search import Search
    from raysearch.space import Bool, Choice, Fixed, Float, Int, Space
    from raysearch.trial import Objective

_HOMES = {
    "Bool": "raysearch.space",
    "Choice": "raysearch.space",
    "Fixed": "raysearch.space",
    "Float": "raysearch.space",
    "Int": "raysearch.space",
    "Objective": "raysearch.trial",
    "RaysearchError": "raysearch.errors",
    "Results": "raysearch.results",
    "Search": "raysearch.search",
    "Space": "raysearch.space",
    "load_model": "raysearch.results",
}

__all__ = [
    "Bool",
    "Choice",
    "Fixed",
    "Float",
    "Int",
    "Objective",
    "RaysearchError",
    "Results",
    "Search",
    "Space",
    "load_model",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'raysearch' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__
