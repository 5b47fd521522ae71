"""Which settings may a search change when it is resumed?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from raysearch.errors import ConfigurationError
from raysearch.experiment.values import Budget

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


def check_budget(budget: Budget, *, changed: Sequence[str], used: Mapping[str, float]) -> None:
    """Refuse a changed budget that is smaller than what the search has used.

    One that was not changed is accepted, also if the search went a little beyond it: `resume` then
    only hands the winner over. A target that was reached and a patience that has run out are no
    amounts: the search says that it has nothing left to do.

    Args:
        budget: What to go on with.
        changed: Dotted keys of the settings that differ from before.
        used: Key of the budget -> what the search has used of it.

    Raises:
        ConfigurationError: With all the budgets that are used up and were made no larger.

    Example:
        >>> used = {"trials": 64, "epochs": 301}
        >>> check_budget(Budget(trials=200), changed=["budget.trials"], used=used)
        >>> check_budget(Budget(epochs=300), changed=["budget.epochs"], used=used)
        Traceback (most recent call last):
        raysearch.errors.ConfigurationError: budget.epochs is 300, and the search has used 301
        already. To extend it, give more than 301. Nothing was changed.
    """
    faults = []
    for key, amount in used.items():
        limit = getattr(budget, key)
        if limit is not None and limit < amount and f"budget.{key}" in changed:
            faults.append(
                f"budget.{key} is {limit:.10g}, and the search has used {amount:.10g} already. To "
                f"extend it, give more than {amount:.10g}. Nothing was changed."
            )
    if faults:
        raise ConfigurationError(faults)
