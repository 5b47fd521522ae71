"""Which settings may a search change when it is resumed, and why not the others?

What searches is changed freely: the evidence so far is told to another searcher or scheduler as it
was to the former one. A changed space is for `space_changes` to judge. What a measurement means is
not changed: trials before and after could not be compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from raysearch.experiment.document import LONGEST
from raysearch.experiment.values import Budget
from raysearch.experiment.yaml_text import in_one_line

CHANGEABLE = (
    "budget",
    "searcher",
    "scheduler",
    "space",
    "parallel",
    "resources",
    "checkpoint",
    "failures",
    "loop",
    "select",
    "refit",
    "compress",
)
"""Settings that a resumed search may change: the evidence so far stays valid under them."""

_ELSE = "Later trials could not be compared with them."
REASONS: Mapping[str, str] = {
    "name": "It names the run directory, which stays where it is.",
    "seed": "The data were split, and the weights of the trials so far drawn, from the former one. "
    + _ELSE,
    "data": f"The trials so far were trained and measured on the former ones. {_ELSE}",
    "model": "The configurations of the trials so far are arguments of the former models, and say "
    "nothing of other models or other fixed arguments.",
    "link": "The trials so far do not record the values of linked arguments: what they were "
    "trained with follows from the links.",
    "points": "They are tried first, as the search begins. Those that it has not tried yet can be "
    "left out; to have the searcher look near others, narrow the space around them.",
    "evidence": "The searcher was told of it as the search began, and the journal holds it: the "
    "earlier runs are not needed any more.",
    "objective": "The trials so far were stopped, ranked and kept by the former one.",
    "objectives": "The trials so far were stopped, ranked and kept by the former ones.",
    "choose": "The winner is handed over by it. To take another trial of the front: "
    "`refit RUN --trial ID`.",
    "constraints": "Trials so far were rejected, or trained, by the former ones.",
    "measure": f"The models so far were measured under the former conditions. {_ELSE}",
    "fidelity": "The trials so far ended there, with learning rate schedules laid out for it. "
    + _ELSE,
    "repeats": "The trials so far were trained on the former folds, and compared by their mean. "
    + _ELSE,
    "trainer": f"The trials so far were trained with the former arguments. {_ELSE}",
}
"""Section -> why a search keeps it to its end."""


def changed_keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the dotted keys that differ, one level deep, in resolved settings.

    Example:
        >>> before = {"seed": 0, "budget": {"trials": 8, "minutes": None}}
        >>> changed_keys(before, {"seed": 0, "budget": {"trials": 9, "minutes": None}})
        ('budget.trials',)
    """
    changed = []
    for section in sorted(before.keys() | after.keys()):
        old, new = before.get(section), after.get(section)
        if is_same(old, new):
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            keys = sorted(k for k in old.keys() | new.keys() if not is_same(old.get(k), new.get(k)))
            changed += [f"{section}.{key}" for key in keys]
        else:
            changed.append(section)
    return tuple(changed)


def is_same(one: Any, other: Any) -> bool:
    """Return whether two plain values are the same; true is not 1 here, though 1.0 is.

    Example:
        >>> is_same({"fixed": [1, 2.0]}, {"fixed": [1, 2]}), is_same([1], [True])
        (True, False)
    """
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(is_same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def setting_faults(
    changed: Sequence[str], *, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[str]:
    """Return a message for each section that was changed and that a search keeps to its end.

    Args:
        changed: The dotted keys that differ.
        before: The resolved settings of the search so far.
        after: Those that are asked for.

    Example:
        >>> print(*setting_faults(["seed", "parallel"], before={"seed": 0}, after={"seed": 5}))
        seed cannot be changed in a search that has begun: it was 0, and would be 5. The data were
        split, and the weights of the trials so far drawn, from the former one. Later trials could
        not be compared with them. Leave it as it was, or start a new search with it.
    """
    sections = dict.fromkeys(key.partition(".")[0] for key in changed)
    return [
        _refusal([key for key in changed if key.partition(".")[0] == section], before, after)
        for section in sections
        if section not in CHANGEABLE
    ]


def _refusal(keys: Sequence[str], before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    section = keys[0].partition(".")[0]
    was = ", ".join(_shown(before, key) for key in keys)
    would = ", ".join(_shown(after, key) for key in keys)
    return (
        f"{', '.join(keys)} cannot be changed in a search that has begun: it was {was}, and would "
        f"be {would}. {REASONS[section]} Leave it as it was, or start a new search with it."
    )


def _shown(settings: Mapping[str, Any], key: str) -> str:
    section, _, rest = key.partition(".")
    value = settings.get(section)
    text = in_one_line(value.get(rest) if rest and isinstance(value, Mapping) else value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 4]} ..."


def budget_faults(
    budget: Budget, *, changed: Sequence[str], used: Mapping[str, float]
) -> list[str]:
    """Return a message for each changed budget that is smaller than what the search has used.

    One that was not changed is accepted, also if the search went a little beyond it: `resume` then
    only hands the winner over. A target that was reached and a patience that has run out are no
    amounts: the search says that it has nothing left to do.

    Args:
        budget: What to go on with.
        changed: Dotted keys of the settings that differ from before.
        used: Key of the budget -> what the search has used of it.

    Example:
        >>> used = {"trials": 64, "epochs": 301}
        >>> budget_faults(Budget(trials=200), changed=["budget.trials"], used=used)
        []
        >>> print(*budget_faults(Budget(epochs=300), changed=["budget.epochs"], used=used))
        budget.epochs is 300, and the search has used 301 already. To extend it, give more than 301.
    """
    faults = []
    for key, amount in used.items():
        limit = getattr(budget, key)
        if limit is not None and limit < amount and f"budget.{key}" in changed:
            faults.append(
                f"budget.{key} is {limit:.10g}, and the search has used {amount:.10g} already. To "
                f"extend it, give more than {amount:.10g}."
            )
    return faults
