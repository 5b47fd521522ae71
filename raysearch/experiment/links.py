"""Which arguments take the value of another parameter, and which points are tried first?

link: {decoder_width: encoder_width}      # decoder_width is not searched
points: [{encoder_width: 64}]             # the rest of the point is at its default
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from raysearch.errors import ConfigurationError
from raysearch.experiment.arguments import DATA_PREFIX
from raysearch.experiment.datasets import DataSet
from raysearch.experiment.families import Family
from raysearch.experiment.report import Report
from raysearch.experiment.spaces import MODEL
from raysearch.space import Domain, Space
from raysearch.trial import Value


def resolve_links(
    links: Mapping[str, str],
    *,
    space: Space,
    data: DataSet | None,
    families: tuple[Family, ...],
    report: Report,
) -> tuple[dict[str, str], Space]:
    """Return the sound links, and the space without the parameters that take another's value.

    Args:
        links: The file's section `link`: argument -> parameter.
        space: What is searched otherwise.
        data: The data, if any.
        families: The families of the experiment.
        report: Where the faults go.
    """
    names = _Names(data, families)
    sound: dict[str, str] = {}
    ways = {names.key(target): names.key(source) for target, source in links.items()}
    told: set[str] = set()
    for written, (target, source) in zip(links, ways.items(), strict=False):
        circle = _circle(target, links=ways)
        if target in told or report.has_faults(("space", source)):
            continue
        if circle:
            told |= set(circle)
            report.add(("link", written), f"link.{written}: {_in_a_circle(circle)}")
        elif fault := _fault(target, source, links=ways, space=space, names=names):
            report.add(("link", written), f"link.{written}: {fault}")
        else:
            sound[target] = source
    try:
        return sound, space.without(sound)
    except ConfigurationError as error:
        report.from_error(("link",), error, prefix="link: ")
        return sound, space


def resolve_points(
    points: Sequence[Mapping[str, Any]],
    *,
    space: Space,
    data: DataSet | None,
    families: tuple[Family, ...],
    report: Report,
) -> tuple[dict[str, Value], ...]:
    """Return the points as whole configurations; those at fault are reported and left out."""
    names = _Names(data, families)
    whole = []
    if report.has_faults(("space",)) or report.has_faults(("link",)):
        return ()  # what they can be is not known
    for position, point in enumerate(points):
        ranges = [key for key, value in point.items() if isinstance(value, dict)]
        for key in ranges:
            right = "A point has values, not ranges. Write one of its values."
            report.wrong(("points", position, key), right)
        if ranges:
            continue
        try:
            whole.append(space.complete({names.key(key): value for key, value in point.items()}))
        except ConfigurationError as error:
            for text in error.faults:
                report.add(("points", position), f"points, number {position + 1}: {text}")
    return tuple(whole)


class _Names:
    """How the keys of a file stand for those of the space."""

    def __init__(self, data: DataSet | None, families: tuple[Family, ...]) -> None:
        self._data = data
        self._families = {family.choice.name: family for family in families}

    def key(self, written: str) -> str:
        """Return the key in the space: with one family, without its name."""
        if len(self._families) > 1:
            return written
        return written.removeprefix(f"{next(iter(self._families))}.")

    def accepts(self, key: str) -> bool:
        """Return whether there is such an argument, as far as it is known."""
        if key.startswith(DATA_PREFIX):
            return self._data is not None and self._data.arguments.accepts(key)
        family, argument = self._owner(key)
        return family is not None and family.arguments.accepts(argument)

    def refusal(self, key: str) -> str | None:
        """Return why the argument cannot be given although there is one; None if it can."""
        if key.startswith(DATA_PREFIX):
            return None if self._data is None else self._data.arguments.refusal(key)
        family, argument = self._owner(key)
        return None if family is None else family.arguments.refusal(argument)

    def legal(self, key: str) -> Domain | None:
        """Return every value that the argument takes; None where that is not known."""
        if key.startswith(DATA_PREFIX):
            arguments = None if self._data is None else self._data.arguments
            return ((arguments and arguments.legal) or {}).get(key)
        family, argument = self._owner(key)
        return ((family and family.arguments.legal) or {}).get(argument)

    def condition(self, key: str) -> str | None:
        """Return the family under which alone the argument is given; None for always."""
        is_of_one = len(self._families) > 1 and not key.startswith(DATA_PREFIX)
        return key.partition(".")[0] if is_of_one else None

    def _owner(self, key: str) -> tuple[Family | None, str]:
        if len(self._families) == 1:
            return next(iter(self._families.values())), key
        name, _, argument = key.partition(".")
        return self._families.get(name), argument


def _circle(target: str, *, links: Mapping[str, str]) -> list[str]:
    """Return the arguments that come back to this one, each after its source; empty if none do.

    Example:
        >>> _circle("a", links={"a": "b", "b": "a"}), _circle("a", links={"a": "b", "b": "c"})
        (['a', 'b', 'a'], [])
    """
    way = [target]
    while way[-1] in links and len(way) <= len(links):
        way.append(links[way[-1]])
        if way[-1] == target:
            return way
    return []


def _in_a_circle(circle: list[str]) -> str:
    if len(circle) == len(("itself", "itself")):
        return f"{circle[0]} is linked to itself. Link it to another parameter, or leave it out."
    return (
        f"{' takes its value from '.join(circle[:2])}, and so on in a circle "
        f"({' <- '.join(circle)}). Remove one of these links."
    )


def _fault(
    target: str, source: str, *, links: Mapping[str, str], space: Space, names: _Names
) -> str | None:
    """Return what is wrong with a link, or None."""
    if refused := names.refusal(target):
        return refused
    if not names.accepts(target):
        return f"there is no argument {target}. Write ARGUMENT: PARAMETER."
    if source not in space:
        return f"{source} is not a parameter of the space. It has: {', '.join(space.keys)}."
    if source in links:
        return f"{source} takes its value from another one itself. Link to that one."
    family = names.condition(target)
    for parameter in space[source]:
        needs = [key for key, _ in parameter.when if key != MODEL]
        if needs or names.condition(source) not in (None, family):
            return f"{source} is not active whenever {target} needs a value. Link to one that is."
        legal = names.legal(target)
        if legal is not None and not legal.covers(parameter.domain):
            return (
                f"{source} has values that {target} cannot take ({parameter.domain.describe()}; "
                f"legal is {legal.describe()})."
            )
    return None
