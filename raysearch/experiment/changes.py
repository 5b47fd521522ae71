"""Which settings may a search change when it is resumed?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from raysearch.errors import ConfigurationError

CHANGEABLE = ("budget", "parallel", "resources", "checkpoint", "failures", "refit")
"""Settings that a resumed search may change: the evidence so far stays valid under them."""


def changed_keys(before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    """Return the dotted keys that differ, one level deep."""
    changed = []
    for section in sorted(before.keys() | after.keys()):
        old, new = before.get(section), after.get(section)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            keys = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
            changed += [f"{section}.{key}" for key in keys]
        else:
            changed.append(section)
    return tuple(changed)


def check_changes(changed: Sequence[str]) -> None:
    """Refuse changes under which the trials so far could not be compared with later ones.

    Raises:
        ConfigurationError: A setting was changed that a search keeps to its end.
    """
    refused = [key for key in changed if key.split(".")[0] not in CHANGEABLE]
    if refused:
        raise ConfigurationError(
            f"{', '.join(refused)} cannot be changed in a search that has begun: its trials were "
            f"chosen and compared under the old setting. What can be changed: "
            f"{', '.join(CHANGEABLE)}. Start a new search for the rest. Nothing was changed."
        )


def check_budget(trials: int | None, *, n_trials: int) -> None:
    """Refuse a budget that is smaller than what the search has used.

    Args:
        trials: The budget to go on with; None for no limit.
        n_trials: Trials that the search has begun.

    Raises:
        ConfigurationError: There are more trials already.

    Example:
        >>> check_budget(200, n_trials=64)
    """
    if trials is not None and trials < n_trials:
        raise ConfigurationError(
            f"budget.trials is {trials}, and the search has {n_trials} trials already. To extend "
            f"it, give more than {n_trials}. Nothing was changed."
        )
