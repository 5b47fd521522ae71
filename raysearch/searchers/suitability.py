"""Can a method search this space at all? What it refuses, it refuses as it is constructed.

`check` then adds which methods can; see `raysearch.experiment.resolve`.
"""

from __future__ import annotations

from collections.abc import Sequence

from raysearch.errors import UnsuitableSpace
from raysearch.space import Bool, Choice, Domain, Parameter, Space
from raysearch.space.values import is_among
from raysearch.trial import Value

MOST_NAMED = 4
"""Parameters that a message names at most."""


def refuse(parameters: Sequence[Parameter], *, method: str, why: str, remedy: str = "") -> None:
    """Refuse a space because of some of its parameters, if there are any.

    Args:
        parameters: Those in the way.
        method: The method's name, as a person knows it.
        why: What they have and the method cannot do with it, to follow "have" or "has".
        remedy: What to do, if it is not to be another method: "or leave them out".

    Raises:
        UnsuitableSpace: There are such parameters.

    Example:
        >>> from raysearch.space import Float, Space
        >>> space = Space({"rate": Float(0.0, 1.0), "momentum": Float(0.0, 1.0)})
        >>> refuse(space.parameters, method="grid", why="no step", remedy="or give each a step")
        Traceback (most recent call last):
        raysearch.errors.UnsuitableSpace: grid cannot search this space: rate, momentum have no
        step. Choose another method, or give each a step.
    """
    if not parameters:
        return
    labels = [parameter.label for parameter in parameters]
    more = f" and {len(labels) - MOST_NAMED} more" if len(labels) > MOST_NAMED else ""
    named = f"{', '.join(labels[:MOST_NAMED])}{more} {'have' if len(labels) > 1 else 'has'} {why}"
    what = f"Choose another method, {remedy}." if remedy else "Choose another method."
    raise UnsuitableSpace(f"{method} cannot search this space: {named}. {what}")


def has_order(domain: Domain) -> bool:
    """Return whether neighbours among a domain's values are alike.

    Example:
        >>> from raysearch.space import Bool, Choice, Int
        >>> norm, size = Choice(["none", "batch"]), Choice(["s", "m", "l"], ordered=True)
        >>> [has_order(domain) for domain in (Bool(), norm, size, Int(1, 9))]
        [False, False, True, True]
    """
    return domain.ordered if isinstance(domain, Choice) else not isinstance(domain, Bool)


def require_graphs(space: Space, *, searcher: object, method: str) -> None:
    """Refuse a space without a Graph for a method that is for nothing else.

    Such a method says so by `needs_graphs = True`. It can be made for any space, and then evolves
    what there is, but other methods are better at that.

    Args:
        space: What is to be searched.
        searcher: The method, made for the space.
        method: Its name.

    Raises:
        UnsuitableSpace: It needs graphs, and there are none.
    """
    is_without = all(parameter.domain.has_places for parameter in space)
    if is_without and getattr(searcher, "needs_graphs", False):
        raise UnsuitableSpace(
            f"{method} evolves graphs, and this space has none. Search the family graph, or choose "
            "another method."
        )


def require_places(space: Space, *, method: str) -> None:
    """Refuse parameters whose values have no place on the unit interval, such as graphs.

    Args:
        space: What is to be searched.
        method: The name of a method that works on encoded configurations.

    Raises:
        UnsuitableSpace: There are such parameters.
    """
    refuse(
        [parameter for parameter in space if not parameter.domain.has_places],
        method=method,
        why="values without a place on a scale, and the method works on nothing else",
        remedy="or leave them out of the space",
    )


def require_flat(space: Space, *, method: str) -> None:
    """Refuse parameters that are searched and not always active.

    A condition that always holds, as on a parameter that is fixed, is none.

    Args:
        space: What is to be searched.
        method: The name of a method that knows no conditions.

    Raises:
        UnsuitableSpace: There are such parameters.

    Example:
        >>> from raysearch.space import Choice, Float, Space
        >>> rate = Float(0.0, 1.0, when={"optimizer": "sgd"})
        >>> require_flat(Space({"optimizer": Choice(["sgd"]), "rate": rate}), method="flat")
        >>> require_flat(Space({"optimizer": Choice(["sgd", "adam"]), "rate": rate}), method="flat")
        Traceback (most recent call last):
        raysearch.errors.UnsuitableSpace: flat cannot search this space: rate has a condition, and
        the method knows none. Choose another method, or search one model, and fix what other
        parameters depend on.
    """
    refuse(
        [p for p in space if p.domain.size() != 1 and not _is_always_active(p, space=space)],
        method=method,
        why="a condition, and the method knows none",
        remedy="or search one model, and fix what other parameters depend on",
    )


def _is_always_active(parameter: Parameter, *, space: Space) -> bool:
    return all(_always_holds(key, values, space=space) for key, values in parameter.when)


def _always_holds(key: str, values: Sequence[Value], *, space: Space) -> bool:
    """Return whether a parameter is always there and has none but these values."""
    parent, *others = space[key]
    size = parent.domain.size()
    return (
        not others
        and size is not None
        and size <= len(values)
        and all(is_among(value, values) for value in parent.domain.grid())
        and _is_always_active(parent, space=space)
    )
