"""What may be searched: typed, conditional spaces of parameters.

    space = Space(
        {
            "depth": Int(1, 6),
            "learning_rate": Float(1e-4, 1e-1, log=True),
            "optimizer": Choice(["sgd", "adam"]),
            "momentum": Float(0.0, 0.99, when={"optimizer": ["sgd"]}),
        }
    )
    space.sample(rng)      # {"depth": 3, "learning_rate": 0.00731, "optimizer": "adam"}

A configuration from any method of a space lies in it, has plain Python values of the right types,
and holds the active parameters only. Nothing here draws from a generator that was not passed in.
"""

from __future__ import annotations

from raysearch.space.choice import Choice
from raysearch.space.conditions import Parameter
from raysearch.space.domain import Domain, Prior
from raysearch.space.graph import Graph
from raysearch.space.numeric import Float, Int
from raysearch.space.plain import Bool, Fixed
from raysearch.space.settings import domain_from_settings, domain_to_settings
from raysearch.space.space import Space

__all__ = [
    "Bool",
    "Choice",
    "Domain",
    "Fixed",
    "Float",
    "Graph",
    "Int",
    "Parameter",
    "Prior",
    "Space",
    "domain_from_settings",
    "domain_to_settings",
]
