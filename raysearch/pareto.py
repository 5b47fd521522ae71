"""Which points does no other one beat, how much do they cover, and where does the front bend?

Pure functions of points. A point is a tuple of losses, one for each objective, of which smaller is
better; a point with a loss that is not finite is beaten by every other one, and never on a front.
Points are named by their place in what was given.

References:
    Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", IEEE Transactions
    on Evolutionary Computation 6, 2002: sorting into fronts, crowding distance.
    Zitzler and Thiele, "Multiobjective Evolutionary Algorithms: A Comparative Case Study and the
    Strength Pareto Approach", IEEE TEC 3, 1999: hypervolume.
    Das, "On characterizing the 'knee' of the Pareto curve based on Normal-Boundary Intersection",
    Structural Optimization 18, 1999.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

Point = Sequence[float]
"""Losses, one for each objective."""

Points = Sequence[Point] | Mapping[int, Point]


def dominates(one: Point, other: Point) -> bool:
    """Return whether a point is nowhere worse than another one, and somewhere better.

    Example:
        >>> dominates((1.0, 2.0), (1.0, 3.0)), dominates((1.0, 2.0), (0.5, 3.0))
        (True, False)
    """
    return all(a <= b for a, b in zip(one, other, strict=True)) and tuple(one) != tuple(other)


def front(points: Points) -> list[int]:
    """Return the points that none dominates, in the order given; of equals all.

    Takes O(n log n + n f) comparisons for n points, f of them on the front.

    Example:
        >>> front([(1, 5), (2, 2), (3, 3), (5, 1), (2, 2), (0, float("nan"))])
        [0, 1, 3, 4]
    """
    usable = sorted(_usable(points), key=lambda place: tuple(points[place]))
    found: list[int] = []
    for place in usable:  # whatever dominates a point comes before it
        if not any(dominates(points[member], points[place]) for member in reversed(found)):
            found.append(place)
    return sorted(found)


def fronts(points: Points) -> list[list[int]]:
    """Return all points sorted into fronts: each one is the front of what those before leave.

    Points that are not finite are the last front.

    Example:
        >>> fronts([(1, 5), (2, 2), (3, 3), (9, 9), (float("inf"), 0)])
        [[0, 1], [2], [3], [4]]
    """
    usable = sorted(_usable(points), key=lambda place: tuple(points[place]))
    sorted_in: list[list[int]] = []
    for place in usable:
        for members in sorted_in:
            if not any(dominates(points[member], points[place]) for member in reversed(members)):
                members.append(place)
                break
        else:
            sorted_in.append([place])
    rest = sorted(set(_places(points)) - set(usable))
    return [sorted(members) for members in sorted_in] + ([rest] if rest else [])


def crowding(points: Points) -> dict[int, float]:
    """Return how far apart from its neighbours each point of one front lies; ends are infinite.

    Example:
        >>> crowding([(0, 4), (1, 2), (4, 0)])
        {0: inf, 1: 2.0, 2: inf}
    """
    places = _usable(points)
    found = dict.fromkeys(_places(points), 0.0)
    for axis in range(_n_objectives(points)):
        ordered = sorted(places, key=lambda place: points[place][axis])
        if not ordered:
            break
        width = points[ordered[-1]][axis] - points[ordered[0]][axis]
        found[ordered[0]] = found[ordered[-1]] = math.inf
        for before, place, after in zip(ordered, ordered[1:], ordered[2:], strict=False):
            if width > 0:
                found[place] += (points[after][axis] - points[before][axis]) / width
    return found


def order(points: Points) -> list[int]:
    """Return all points, best first: by front, within one the less crowded first.

    Equals come in the order given, so the order follows from the points alone.

    Example:
        >>> order([(3, 3), (1, 5), (1.5, 4.5), (5, 1), (2, 2)])
        [1, 3, 4, 2, 0]
    """
    ordered: list[int] = []
    for members in fronts(points):
        distances = crowding({place: points[place] for place in members})
        ordered += sorted(members, key=lambda place: (-distances[place], place))
    return ordered


def scaled(points: Points) -> dict[int, tuple[float, ...]]:
    """Return finite points with each loss from 0, the best among them, to 1, the worst.

    An objective in which all are equal is 0 for all.

    Example:
        >>> scaled([(1, 50), (3, 10)])
        {0: (0.0, 1.0), 1: (1.0, 0.0)}
    """
    places = _usable(points)
    if not places:
        return {}
    axes = list(zip(*(points[place] for place in places), strict=True))
    low = [min(axis) for axis in axes]
    width = [max(axis) - min(axis) for axis in axes]
    return {
        place: tuple(
            (loss - least) / span if span > 0 else 0.0
            for loss, least, span in zip(points[place], low, width, strict=True)
        )
        for place in places
    }


def hypervolume(points: Points, *, reference: Point) -> float:
    """Return the volume that points dominate, as far as a reference point.

    Points that are not better than the reference in every objective add nothing. Of two objectives
    it is found by one sweep; of more by slicing along the last one, in O(f^(m-1)) for f points on
    the front and m objectives.

    Args:
        points: Losses.
        reference: The worst corner, beyond which nothing counts.

    Example:
        >>> hypervolume([(1, 3), (2, 2), (3, 1)], reference=(4, 4))
        6.0
        >>> hypervolume([(1, 1, 1), (0, 2, 2)], reference=(3, 3, 3))
        9.0
    """
    inside = [
        tuple(points[place])
        for place in _usable(points)
        if all(loss < worst for loss, worst in zip(points[place], reference, strict=True))
    ]
    return float(_volume(inside, tuple(reference)))


def knee(points: Points) -> int | None:
    """Return the point of the front at which it bends most; None if no point is finite.

    It lies farthest from the hyperplane through the best point of each objective, on the side of
    the better ones, with every loss scaled to its range on the front. Where the front does not
    bend that way, it is the point whose worst scaled loss is the smallest. Of equals the first.

    Example:
        >>> knee([(0, 10), (1, 2), (5, 1), (10, 0)])
        1
        >>> knee([(0, 10), (6, 8), (8, 6.5), (10, 0)])
        1
    """
    members = front(points)
    if not members:
        return None
    unit = scaled({place: points[place] for place in members})
    normal = _normal(unit)
    depth = {p: 1 - sum(n * u for n, u in zip(normal, unit[p], strict=True)) for p in members}
    deepest = max(members, key=lambda place: (depth[place], -place))
    if depth[deepest] > _ROUNDING:
        return deepest
    return min(members, key=lambda place: (max(unit[place]), sum(unit[place]), place))


def weighted(points: Points, weights: Sequence[float]) -> int | None:
    """Return the point of the front with the least weighted sum of scaled losses.

    Args:
        points: Losses.
        weights: Of each objective, at least 0, not all of them 0.

    Example:
        >>> weighted([(0, 10), (1, 2), (10, 0)], [1, 1]), weighted([(0, 10), (9, 0)], [5, 1])
        (1, 0)
    """
    members = front(points)
    unit = scaled({place: points[place] for place in members})
    costs = {p: sum(w * u for w, u in zip(weights, unit[p], strict=True)) for p in members}
    return min(members, key=lambda place: (costs[place], place), default=None)


def lexicographic(points: Points, tolerances: Sequence[float]) -> int | None:
    """Return the point that is best in the first objective, then in the second, and so on.

    Args:
        points: Losses; those that come to stay in the choice are within a tolerance of the best.
        tolerances: How much worse than the best of each objective is good enough, in its own unit;
            at least 0.

    Example:
        >>> lexicographic([(0.10, 9), (0.11, 2), (0.2, 1)], [0.02, 0])
        1
    """
    left = front(points)
    for axis, tolerance in enumerate(tolerances):
        if left:
            best = min(points[place][axis] for place in left)
            left = [place for place in left if points[place][axis] <= best + tolerance]
    return min(left, key=lambda place: (tuple(points[place]), place), default=None)


_ROUNDING = 1e-9
"""What a front that is straight may seem to bend by."""


def _places(points: Points) -> list[int]:
    return list(points) if isinstance(points, Mapping) else list(range(len(points)))


def _usable(points: Points) -> list[int]:
    return [place for place in _places(points) if all(math.isfinite(x) for x in points[place])]


def _n_objectives(points: Points) -> int:
    return next((len(points[place]) for place in _places(points)), 0)


def _volume(points: Sequence[tuple[float, ...]], reference: tuple[float, ...]) -> float:
    """Return the volume that points dominate, all of them better than the reference."""
    if len(reference) == 1:
        return max((reference[0] - point[0] for point in points), default=0.0)
    ordered = sorted(points, key=lambda point: point[-1])
    if len(reference) == 2:
        volume, least = 0.0, reference[0]
        for first, second in sorted(points, key=lambda point: (point[1], point[0])):
            if first < least:
                volume += (least - first) * (reference[1] - second)
                least = first
        return volume
    volume = 0.0
    for n, point in enumerate(ordered, start=1):
        above = ordered[n][-1] if n < len(ordered) else reference[-1]
        if above > point[-1]:
            slice_of = [other[:-1] for other in ordered[:n]]
            kept = [slice_of[place] for place in front(slice_of)]
            volume += (above - point[-1]) * _volume(kept, reference[:-1])
    return volume


def _normal(unit: Mapping[int, tuple[float, ...]]) -> tuple[float, ...]:
    """Return n of the hyperplane n · x = 1 through the best point of each objective.

    Where these do not span one, it is that through the unit vectors.
    """
    n_objectives = _n_objectives(unit)
    plain = (1.0,) * n_objectives
    ends = [
        min(unit, key=lambda p: (unit[p][axis], sum(unit[p]), p)) for axis in range(n_objectives)
    ]
    solved = _solve([list(unit[end]) for end in ends])
    return plain if solved is None or min(solved) < 0 else solved


def _solve(rows: list[list[float]]) -> tuple[float, ...] | None:
    """Return x with rows · x = 1, by Gauss's elimination; None if there is not exactly one."""
    size = len(rows)
    table = [[*row, 1.0] for row in rows]
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(table[row][column]))
        if abs(table[pivot][column]) < _ROUNDING:
            return None
        table[column], table[pivot] = table[pivot], table[column]
        lead = table[column][column]
        table[column] = [value / lead for value in table[column]]
        for row in range(size):
            factor = table[row][column]
            if row != column and factor:
                table[row] = [
                    a - factor * b for a, b in zip(table[row], table[column], strict=True)
                ]
    return tuple(row[-1] for row in table)
