"""Which trials can others descend from, and what does the journal say of the descent?

Methods that make new configurations out of good ones know each trial as a `Member`: its place in
the order of trials, and what a child needs to know of it.
"""

from __future__ import annotations

from collections.abc import MutableSequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from raysearch.checks import number_fault
from raysearch.init_from import INHERITS, Inheritance
from raysearch.searchers.base import NoSuggestion
from raysearch.searchers.ranking import Rank, is_usable, rank
from raysearch.space import Space
from raysearch.trial import Configuration, Objective, Suggestion, Trial, Value

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """A trial that is known and can have children; sorts the best first."""

    rank: Rank
    """No two trials have the same one, so that it alone says which member is meant."""
    id: str = field(compare=False)
    configuration: Configuration = field(compare=False)
    generation: int = field(compare=False)
    """How many trials it descends from in one line; 0 if it was drawn, or named by the user."""


def member_of(trial: Trial, *, space: Space, objective: Objective) -> Member | None:
    """Return what a method keeps of a trial; None if it failed, or lies outside the space.

    Example:
        >>> from raysearch.space import Int
        >>> from raysearch.trial import Measurement, TrialStatus
        >>> space, loss = Space({"n": Int(1, 9)}), Objective(metric="loss", direction="minimize")
        >>> measured = Measurement(epoch=1, step=1, values={"loss": 0.5}, seconds=1.0)
        >>> known = {"id": "0003", "number": 3, "measurements": (measured,)}
        >>> done = Trial(configuration={"n": 4}, status=TrialStatus.COMPLETED, **known)
        >>> member_of(done, space=space, objective=loss)
        Member(rank=(0, 0, 0.5, 3), id='0003', configuration={'n': 4}, generation=0)
        >>> member_of(Trial(configuration={"n": 99}, **known), space=space, objective=loss) is None
        True
    """
    place = rank(trial, objective=objective)
    if not is_usable(place) or not space.contains(trial.configuration):
        return None
    generation = trial.origin.get("generation", 0)
    return Member(place, trial.id, trial.configuration, generation)


def renew(members: MutableSequence[Member], member: Member) -> bool:
    """Put what is known of a trial now where it was known before; return whether it was.

    Example:
        >>> members = [Member((1, -1, 0.5, 3), "0003", {}, 0), Member((0, 0, 1, 7), "0007", {}, 2)]
        >>> renew(members, Member((0, 0, 0.4, 3), "0003", {}, 0)), members[0].rank
        (True, (0, 0, 0.4, 3))
    """
    for index, known in enumerate(members):
        if known.id == member.id:
            members[index] = member
            return True
    return False


def descent(kind: str, *parents: Member) -> dict[str, Any]:
    """Return the origin of a child: what made it, of which trials, in which generation.

    Example:
        >>> one, other = Member((0, 0, 0.5, 3), "0003", {}, 0), Member((0, 0, 1, 7), "0007", {}, 2)
        >>> descent("genetic", one, other)
        {'kind': 'genetic', 'parents': ['0003', '0007'], 'generation': 3}
    """
    return {
        "kind": kind,
        "parents": [parent.id for parent in parents],
        "generation": 1 + max(parent.generation for parent in parents),
    }


Inherit = Literal["none", "weights"]
"""What children can inherit beside their configuration."""

_FAMILY = "model"
"""Parameter that says of which family a configuration is, where several are searched."""


def inherit_fault(inherit: object) -> str | None:
    """Return what is wrong with what children are to inherit, or None."""
    if inherit in get_args(Inherit):
        return None
    return f"searcher.inherit is {inherit!r}. It must be none or weights."


def heir(suggestion: Suggestion | NoSuggestion, *parents: Member) -> Suggestion | NoSuggestion:
    """Return a child that also begins with the weights of its best parent of the same family.

    Args:
        suggestion: The child; what is drawn at random in its place has no parents, and stays.
        parents: Those that it descends from.

    Example:
        >>> one, other = Member((0, 0, 0.5, 3), "0003", {}, 0), Member((0, 0, 1, 7), "0007", {}, 2)
        >>> child = Suggestion(configuration={"n": 4}, origin=descent("genetic", one, other))
        >>> heir(child, one, other).origin["inherits"]["trial"]
        '0003'
    """
    if not isinstance(suggestion, Suggestion) or "parents" not in suggestion.origin:
        return suggestion
    family = suggestion.configuration.get(_FAMILY)
    alike = [each for each in parents if each.configuration.get(_FAMILY) == family]
    if not alike:
        return suggestion
    inherited = Inheritance(trial=min(alike).id).to_json()
    return replace(suggestion, origin={**suggestion.origin, INHERITS: inherited})


def walk(
    space: Space, configuration: Configuration, rng: np.random.Generator, *, further: float
) -> dict[str, Value]:
    """Return what single mutations, one after the other, make of a configuration.

    Args:
        space: The space that it lies in.
        configuration: Where the walk begins.
        rng: Governs all draws.
        further: Mutations after the first one, on average: a Poisson number of them. At least 0.
    """
    place = dict(configuration)
    for _ in range(1 + int(rng.poisson(further))):
        place = space.mutate(place, rng)
    return place


def share_fault(key: str, value: object) -> str | None:
    """Return what is wrong with a setting that must be a share, from 0 to 1, or None."""
    return number_fault(key, value, at_least=0, at_most=1)
