"""How do several runs compare, in a few lines for a person?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from raysearch.counting import counted
from raysearch.live.text import short_number, with_spread
from raysearch.results import Results
from raysearch.results.comparison import Comparison, Duel, Group, compare

SURE = 0.05
"""A difference that chance brings less often than this is called one."""

Facts = list[tuple[str, str]]


def comparison_facts(found: Sequence[Results]) -> Facts:
    """Return which search is better, with a test; why not, where that cannot be said."""
    if any(not results.ranking() for results in found):
        return [("compared", "not: a run has no trial with a value yet")]
    known = compare(found)
    if known.reason:
        return [("compared", f"not: {known.reason}. Which search is better, runs say that agree")]
    if len(known.groups) == 1:
        return [("compared", _alone(known.groups[0], known))]
    lines = [f"by the best value after {counted(known.epochs, 'epoch')}, as many as each run has"]
    lines += [_group(group) for group in known.groups]
    lines += [_duel(duel) for duel in known.duels]
    if any(duel.p is None for duel in known.duels):
        lines.append("one run of a search says nothing of luck: run each with several seeds")
    return [("" if n else "compared", line) for n, line in enumerate(lines)]


def _alone(group: Group, known: Comparison) -> str:
    return (
        f"the same search with {counted(len(group.values), 'seed')}: {_spread(group)} after "
        f"{counted(known.epochs, 'epoch')}"
    )


def _group(group: Group) -> str:
    return f"{group.label}: {_spread(group)} of {counted(len(group.values), 'run')}"


def _spread(group: Group) -> str:
    return short_number(group.mean) if group.std is None else with_spread(group.mean, group.std)


def _duel(duel: Duel) -> str:
    apart = f"{duel.better.label} is {short_number(duel.difference, digits=2)} better than "
    apart += duel.worse.label
    if duel.p is None:
        return apart
    chance = f"p = {short_number(duel.p, digits=2)}, permutation test, {duel.n_deals} deals"
    if duel.p < SURE:
        return f"{apart} ({chance})"
    return f"{apart}, which may be chance ({chance})"


def comparison_document(found: Sequence[Results]) -> dict[str, Any] | None:
    """Return the same for programs; None where a run has no trial with a value."""
    if any(not results.ranking() for results in found):
        return None
    known = compare(found)
    return {
        "reason": known.reason or None,
        "epochs": known.epochs,
        "groups": [
            {"label": g.label, "runs": list(g.runs), "values": list(g.values), "mean": g.mean}
            for g in known.groups
        ],
        "duels": [
            {
                "better": duel.better.label,
                "worse": duel.worse.label,
                "difference": duel.difference,
                "p": duel.p,
            }
            for duel in known.duels
        ],
    }
