"""Which configurations are tried before the searcher is asked for any?

The default, as trial 0000, and then the points that the user names. Which of them are left follows
from the trials so far, so that a resumed search goes on with the point that is next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from raysearch.searchers.tried import key
from raysearch.space import Space
from raysearch.trial import Configuration, Suggestion, Trial


def opening(space: Space, *, points: Sequence[Configuration] = ()) -> list[Suggestion]:
    """Return the suggestions for the first trials, in their order.

    Args:
        space: The search space.
        points: Whole configurations. One that equals the default, or a point before it, is left
            out.

    Raises:
        ConfigurationError: A point does not lie in the space.

    Example:
        >>> from raysearch.space import Int
        >>> space = Space({"width": Int(1, 9)})
        >>> first = opening(space, points=[{"width": 5}, {"width": 7}])
        >>> [(dict(suggestion.configuration), suggestion.origin) for suggestion in first]
        [({'width': 5}, {'kind': 'default'}), ({'width': 7}, {'kind': 'point', 'position': 1})]
    """
    default = space.default()
    suggestions = [Suggestion(configuration=default, origin={"kind": "default"})]
    known = {key(default)}
    for position, point in enumerate(points):
        configuration = space.canonical(point)
        if key(configuration) not in known:
            known.add(key(configuration))
            origin = {"kind": "point", "position": position}  # in the user's list, from 0
            suggestions.append(Suggestion(configuration=configuration, origin=origin))
    return suggestions


def points_left(suggestions: Sequence[Suggestion], *, trials: Iterable[Trial]) -> list[Suggestion]:
    """Return the suggestions that no trial has tried yet, in their order.

    The default is not among them: it is for trial 0000, and one that the space has got since is no
    better than any other configuration.

    Example:
        >>> from raysearch.space import Int
        >>> first = opening(Space({"width": Int(1, 9)}), points=[{"width": 7}, {"width": 8}])
        >>> trials = [Trial(id="", number=n, configuration=first[n].configuration) for n in (0, 1)]
        >>> [dict(suggestion.configuration) for suggestion in points_left(first, trials=trials)]
        [{'width': 8}]
    """
    points = suggestions[1:]
    tried = {key(trial.configuration) for trial in trials} if points else set()
    return [point for point in points if key(point.configuration) not in tried]
