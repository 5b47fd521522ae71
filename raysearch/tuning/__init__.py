"""How do trials run on Ray? Everything that knows Ray Tune is here.

`driver` runs a session of a search, `adapter` and `worker` are the two ends of it inside Ray Tune,
`cluster` starts or joins Ray, `executor` refits and tests there. `to_tune` lends a scheduler to
somebody's own `ray.tune.Tuner`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from raysearch.tuning.policy import to_tune

__all__ = ["to_tune"]


def __getattr__(name: str) -> Any:
    """Load `to_tune` when it is first used; workers, which import this package, never need it."""
    if name == "to_tune":
        from raysearch.tuning.policy import to_tune

        return to_tune
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
