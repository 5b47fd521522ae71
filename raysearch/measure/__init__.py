"""What does a model cost: parameters, arithmetic, time, memory and bytes?

Names, units and constraints are here and in `names`, `constraint`, which load no torch. The others
measure:

    from raysearch.measure.model import measure_model
    measure_model(net, (images,), names=["params", "latency_ms"])   # {"params": 4810.0, ...}
"""

from __future__ import annotations

from raysearch.measure.constraint import Constraint, parse_constraint, unmet, violation
from raysearch.measure.names import MEASURES, SECONDS, How, Measure

__all__ = [
    "MEASURES",
    "SECONDS",
    "Constraint",
    "How",
    "Measure",
    "parse_constraint",
    "unmet",
    "violation",
]
