"""raysearch: which network, trained how, is best on this data?

    import raysearch as rs

    search = rs.Search(
        model=MyModule,
        data=MyData,
        space={"learning_rate": rs.Float(1e-4, 1e-1, log=True)},
        objective="val_loss",
        fidelity=rs.Fidelity(max_epochs=27),
        budget=rs.Budget(trials=64),
    )
    results = search.run()  # or rs.Search.from_file("experiments/digits.yaml").run()
    results.winner.configuration

Names are loaded when they are first used: `import raysearch` loads neither torch nor Ray.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from raysearch.errors import RaysearchError
    from raysearch.experiment import Budget, Fidelity, Resources
    from raysearch.results import Results, load_model
    from raysearch.search import Search
    from raysearch.space import Bool, Choice, Fixed, Float, Int, Space
    from raysearch.trial import Objective

_HOMES = {
    "Bool": "raysearch.space",
    "Budget": "raysearch.experiment",
    "Choice": "raysearch.space",
    "Fidelity": "raysearch.experiment",
    "Fixed": "raysearch.space",
    "Float": "raysearch.space",
    "Int": "raysearch.space",
    "Objective": "raysearch.trial",
    "RaysearchError": "raysearch.errors",
    "Resources": "raysearch.experiment",
    "Results": "raysearch.results",
    "Search": "raysearch.search",
    "Space": "raysearch.space",
    "load_model": "raysearch.results",
}

__all__ = [
    "Bool",
    "Budget",
    "Choice",
    "Fidelity",
    "Fixed",
    "Float",
    "Int",
    "Objective",
    "RaysearchError",
    "Resources",
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
