"""Why did this trial win, and what sets it apart from the second and from the default?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from raysearch.results.comparison import permutation_test
from raysearch.results.examples import Kept, compared, second
from raysearch.results.fold_results import fold_gains
from raysearch.results.found import Found
from raysearch.results.leaders import Leader
from raysearch.results.paired import Paired
from raysearch.trial import Trial, Value, are_trainings_of_one

Look = Callable[[Trial], Kept | None]
"""Returns what a trial's best model does with the validation examples, None where nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedTest:
    """How two leaders compare over the seeds with which they were trained again."""

    p: float
    """How often values dealt at random between the two differ as much, two-sided."""
    n_deals: int
    """Deals there are, so that p is no less than two in so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """A trial that the winner is compared with."""

    roles: tuple[str, ...]
    """What it is: "second", "default", or both."""
    trial: Trial
    differs: tuple[str, ...]
    """Keys of the parameters in which the two differ."""
    paired: Paired | None
    """How they compare example by example, the winner first; None where that is not known."""
    seeds: SeedTest | None
    """None unless both were trained again."""
    ahead_from: int | None
    """The epoch from which on the winner was ahead, of those that both were measured at; None if it
    was not at the last of them, or there are none."""
    common: int | None
    """The last epoch that both were measured at."""
    reason: str = ""
    """Why it is not known how they compare example by example."""
    gains: tuple[float, ...] = ()
    """By how much the winner is better on each fold that both have; empty without folds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What is to be said of a winner."""

    winner: Trial
    rivals: tuple[Rival, ...]


def why(found: Found, *, look: Look) -> Why | None:
    """Return what sets the winner apart; None where there is no winner.

    Args:
        found: The search.
        look: Tells what trials do with the validation examples.
    """
    winner = found.winner
    if winner is None:
        return None
    roles: dict[str, list[str]] = {}
    for role, trial in (("second", second(found)), ("default", found.default)):
        if trial is not None and not are_trainings_of_one(trial, winner):
            roles.setdefault(trial.id, []).append(role)
    rivals = tuple(
        _rival(found, winner, found.state.trials[name], roles=tuple(named), look=look)
        for name, named in roles.items()
    )
    return Why(winner=winner, rivals=rivals)


def _rival(
    found: Found, winner: Trial, other: Trial, *, roles: tuple[str, ...], look: Look
) -> Rival:
    came = compared(look(winner), look(other), metric=found.objective.metric)
    ahead_from, common = _ahead(found, winner, other)
    return Rival(
        roles=roles,
        trial=other,
        differs=differing(found, winner, other),
        paired=came if isinstance(came, Paired) else None,
        seeds=_seeds(found, winner, other),
        ahead_from=ahead_from,
        common=common,
        reason="" if isinstance(came, Paired) else came,
        gains=fold_gains(winner, other, objective=found.objective),
    )


def differing(found: Found, one: Trial, other: Trial) -> tuple[str, ...]:
    """Return the keys of the parameters in which two trials differ at their best epochs."""
    mine, theirs = (trial.best_configuration(found.objective) for trial in (one, other))
    absent = object()
    keys = dict.fromkeys([*mine, *theirs])
    return tuple(key for key in keys if mine.get(key, absent) != theirs.get(key, absent))


def _ahead(found: Found, winner: Trial, other: Trial) -> tuple[int | None, int | None]:
    """Return from which epoch on the winner was ahead, and the last one both were measured at."""
    mine, theirs = (
        {
            m.epoch: found.objective.loss(m.values.get(found.objective.metric))
            for m in t.measurements
        }
        for t in (winner, other)
    )
    common = sorted(mine.keys() & theirs.keys())
    if not common:
        return None, None
    ahead_from = None
    for epoch in reversed(common):
        if mine[epoch] >= theirs[epoch]:
            break
        ahead_from = epoch
    return ahead_from, common[-1]


def _seeds(found: Found, winner: Trial, other: Trial) -> SeedTest | None:
    values = [_values(found, trial) for trial in (winner, other)]
    if not all(values):
        return None
    p, n_deals = permutation_test(*values)
    return SeedTest(p=p, n_deals=n_deals)


def leader_of(found: Found, trial: Trial) -> Leader | None:
    """Return what training a trial again came to, if it is a leader."""
    return next((each for each in found.leaders if each.trial.id == trial.id), None)


def _values(found: Found, trial: Trial) -> list[float]:
    """Return what a trial's further seeds reached; nothing where one is missing or not finite."""
    leader = leader_of(found, trial)
    spread = None if leader is None else leader.spread
    if leader is None or spread is None or leader.missing:
        return []
    values = [each.get(found.objective.metric) for each in spread.values]
    known = [value for value in values if value is not None]
    return known if len(known) == len(values) else []


def why_document(found: Found, told: Why) -> dict[str, Any]:
    """Return the entry "why" of the document that `results RUN --why --json` prints."""
    return {
        "winner": told.winner.id,
        "chosen_by": found.chosen_by(told.winner),
        "against": [
            {
                "trial": rival.trial.id,
                "roles": list(rival.roles),
                "values": [trial.value(found.objective) for trial in (told.winner, rival.trial)],
                "differs": {
                    key: [_value(found, trial, key) for trial in (told.winner, rival.trial)]
                    for key in rival.differs
                },
                "ahead_from": rival.ahead_from,
                "last_common_epoch": rival.common,
                "paired": rival.paired.to_json()
                if rival.paired is not None
                else {"reason": rival.reason},
                "folds": list(rival.gains),
                "seeds": None
                if rival.seeds is None
                else {"p": rival.seeds.p, "deals": rival.seeds.n_deals},
            }
            for rival in told.rivals
        ],
    }


def _value(found: Found, trial: Trial, key: str) -> Value:
    return trial.best_configuration(found.objective).get(key)
