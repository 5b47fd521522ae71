"""What are the trials of a former space worth in a new one?

A configuration records the value of every parameter that was active, fixed ones included. So each
trial, looked at with the new space, is one of three:

* inside: a configuration of the new space; it is evidence like any other;
* outside: a value that it records is not among the new ones (a range was narrowed, an option
  removed); it stays in the record, but says nothing of the new space;
* unclear: all that it records is among the new values, but a parameter that is active now is not
  recorded, or one that is recorded is not active now. What such a trial was trained with, or what
  later ones would be trained with, is nowhere said, so that they could not be told apart.

A new space is refused if trials are unclear, or if no trial's value of a parameter is of the kind
that the new one has. Nothing else is: an option with parameters of its own that is added or removed
makes no trial unclear, since the trials without the option never had them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from raysearch.space import Bool, Choice, Domain, Fixed, Graph, Parameter, Space
from raysearch.trial import Configuration, Trial, Value

SHOWN = 3
"""Trials that a message names at most."""


class Standing(Enum):
    """How a configuration stands to a space."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How one configuration stands to a space, and why."""

    misplaced: tuple[Parameter, ...] = ()
    """Parameters that do not have the value that the configuration records."""
    missing: tuple[str, ...] = ()
    """Keys that are active, and not recorded."""
    superfluous: tuple[str, ...] = ()
    """Keys that are recorded, and not active."""

    @property
    def standing(self) -> Standing:
        """Whether it lies inside, outside, or nobody can say."""
        if self.misplaced:
            return Standing.OUTSIDE
        return Standing.UNCLEAR if self.missing or self.superfluous else Standing.INSIDE


def fit(space: Space, configuration: Configuration) -> Fit:
    """Return how a configuration stands to a space.

    What depends on a parameter that is missing or has another value is not judged.

    Example:
        >>> from raysearch.space import Int
        >>> space = Space({"width": Int(8, 16), "depth": Int(1, 4)})
        >>> fit(space, {"width": 8, "depth": 1}).standing, fit(space, {"width": 32}).standing
        (<Standing.INSIDE: 'inside'>, <Standing.OUTSIDE: 'outside'>)
        >>> fit(space, {"width": 8}).missing, fit(space, {"width": 8, "depth": 1, "a": 1}).standing
        (('depth',), <Standing.UNCLEAR: 'unclear'>)
    """
    legal: dict[str, Value] = {}
    unjudged: set[str] = set()
    misplaced, missing = [], []
    for parameter in space.parameters:
        key = parameter.key
        if not parameter.is_active(legal):
            if any(parent in unjudged for parent, _ in parameter.when):
                unjudged.add(key)
        elif key not in configuration:
            missing.append(key)
            unjudged.add(key)
        elif parameter.domain.contains(configuration[key]):
            legal[key] = parameter.domain.canonical(configuration[key])
        else:
            misplaced.append(parameter)
            unjudged.add(key)
    superfluous = tuple(k for k in configuration if k not in legal and k not in unjudged)
    return Fit(misplaced=tuple(misplaced), missing=tuple(missing), superfluous=superfluous)


def space_faults(new: Space, *, old: Space, trials: Sequence[Trial]) -> list[str]:
    """Return why trials of an old space are no evidence in a new one; empty if they are.

    Args:
        new: The space to go on with.
        old: The space so far.
        trials: All trials so far.

    Example:
        >>> from raysearch.space import Int
        >>> trials = [Trial(id="0000", number=0, configuration={"width": 8})]
        >>> old = Space({"width": Int(8, 16)})
        >>> space_faults(Space({"width": Int(2, 4)}), old=old, trials=trials)
        []
        >>> new = Space({"width": Int(8, 16), "depth": Int(1, 4)})
        >>> print(*space_faults(new, old=old, trials=trials))
        space.depth is a new parameter, and 1 of 1 trials (0000) does not say which value of it was
        trained with. Take it out again, or start a new search with it.
    """
    fits = [(trial, fit(new, trial.configuration)) for trial in trials]
    meaningless = _kind_faults(new, trials=trials, fits=[how for _, how in fits])
    unclear = [
        (trial, how) for trial, how in fits if all(p.label in meaningless for p in how.misplaced)
    ]
    missing: dict[str, list[Trial]] = {}
    superfluous: dict[str, list[Trial]] = {}
    for trial, how in unclear:
        for key in how.missing:
            missing.setdefault(key, []).append(trial)
        for key in how.superfluous:
            superfluous.setdefault(key, []).append(trial)
    n = len(trials)
    return [
        *(_missing(key, listed, n=n, is_known=key in old) for key, listed in missing.items()),
        *(_superfluous(key, listed, n=n, space=new) for key, listed in superfluous.items()),
        *meaningless.values(),
    ]


def _missing(key: str, trials: Sequence[Trial], *, n: int, is_known: bool) -> str:
    who = _counted(trials, n=n)
    does = "does" if len(trials) == 1 else "do"
    if is_known:
        return (
            f"space.{key} has another condition, under which it is active in {who} that {does} not "
            "say which value of it was trained with. Change the condition back, or start a new "
            "search with it."
        )
    return (
        f"space.{key} is a new parameter, and {who} {does} not say which value of it was trained "
        "with. Take it out again, or start a new search with it."
    )


def _superfluous(key: str, trials: Sequence[Trial], *, n: int, space: Space) -> str:
    who, value = _counted(trials, n=n), trials[0].configuration[key]
    what = "has another condition" if key in space else "is not a parameter any more"
    back = "Change the condition back" if key in space else "Keep it"
    given = str(value).lower() if isinstance(value, bool) else "null" if value is None else value
    return (
        f"space.{key} {what}, and {who} had a value of it, while none would say what later trials "
        f"are trained with. {back}, or fix it at one value, as in space.{key}={given}; or start a "
        "new search."
    )


def _kind_faults(new: Space, *, trials: Sequence[Trial], fits: Sequence[Fit]) -> dict[str, str]:
    """Return which parameters can have no value of the kind that is recorded, by their labels."""
    by_label: dict[str, list[tuple[Parameter, Value]]] = {}
    for trial, how in zip(trials, fits, strict=True):
        for parameter in how.misplaced:
            value = trial.configuration[parameter.key]
            by_label.setdefault(parameter.label, []).append((parameter, value))
    faults = {}
    for parameter in new.parameters:
        found = by_label.get(parameter.label, [])
        kinds = {_kind(value) for _, value in found}
        right = _kinds(parameter.domain)
        recorded = (
            t.configuration[parameter.key] for t in trials if parameter.key in t.configuration
        )
        if not found or None in kinds | right or any(_kind(value) in right for value in recorded):
            continue
        faults[parameter.label] = (
            f"space.{parameter.key} would be {parameter.domain.describe()}, and in all trials so "
            f"far it was {_one(kinds)}, such as {found[0][1]}, which means nothing there. Give it "
            "values of the former kind, or start a new search with it."
        )
    return faults


def _kind(value: Value) -> str | None:
    """Return what kind of value it is; None for null, which goes with every kind."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true or false"
    return "a text" if isinstance(value, str) else "a number"


def _kinds(domain: Domain) -> set[str | None]:
    if isinstance(domain, Choice):
        return {_kind(value) for value in domain.values}
    if isinstance(domain, Fixed):
        return {_kind(domain.default_value())}
    if isinstance(domain, Graph):
        return {"a text"}
    return {"true or false"} if isinstance(domain, Bool) else {"a number"}


def _one(kinds: Iterable[str | None]) -> str:
    return " or ".join(sorted(kind for kind in kinds if kind is not None))


def outside_note(space: Space, *, trials: Sequence[Trial]) -> str:
    """Return how many trials lie outside a new space, and what that means; empty if none does.

    Example:
        >>> from raysearch.space import Int
        >>> trials = [Trial(id=f"000{w}", number=w, configuration={"width": w}) for w in (1, 2, 3)]
        >>> print(outside_note(Space({"width": Int(2, 9)}), trials=trials))
        1 of 3 trials lies outside the new space (0001): it is kept and may still win, and the
        searcher is not told of it; 1 of them has not ended, and goes on
    """
    outside = [t for t in trials if fit(space, t.configuration).standing is not Standing.INSIDE]
    if not outside:
        return ""
    is_one = len(outside) == 1
    they = "it is kept and may" if is_one else "they are kept and may"
    text = (
        f"{len(outside)} of {len(trials)} trials {'lies' if is_one else 'lie'} outside the new "
        f"space ({_names(outside)}): {they} still win, and the searcher is not told of "
        f"{'it' if is_one else 'them'}"
    )
    n_live = sum(not trial.status.is_ended for trial in outside)
    if not n_live:
        return text
    ended = "has not ended, and goes on" if n_live == 1 else "have not ended, and go on"
    return f"{text}; {n_live} of them {ended}"


def _counted(trials: Sequence[Trial], *, n: int) -> str:
    return f"{len(trials)} of {n} trials ({_names(trials)})"


def _names(trials: Sequence[Trial]) -> str:
    """Return the ids of trials, the first few if there are many."""
    listed = ", ".join(trial.id for trial in trials[:SHOWN])
    more = len(trials) - SHOWN
    return f"{listed} and {more} more" if more > 0 else listed
