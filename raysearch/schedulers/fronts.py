"""Who has reached a level, in which order, where trials are compared by several objectives?

What `standings` is for a single one. Trials are sorted into fronts, each of which is the Pareto
front of those that the ones before leave; within a front those come first that are least crowded.

References:
    Schmucker et al., "Multi-objective Asynchronous Successive Halving", arXiv:2106.12639, 2021:
    non-dominated sorting within rungs. (They order a front by an epsilon-net; this one does by the
    crowding distance of Deb et al., "NSGA-II", 2002.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from raysearch import pareto
from raysearch.trial import Trial


class FrontStandings:
    """The trials that have reached one level, compared by several objectives.

    Entering is quick; the order is sorted anew when it is next asked for, in O(n log n + n f) for n
    trials and f of them on a front.

    Args:
        level: Epochs at which trials are compared.

    Example:
        >>> standings = FrontStandings(level=3)
        >>> points = [(0.2, 9.0), (0.1, 20.0), (0.3, 30.0), (0.2, 9.0)]
        >>> for number, losses in enumerate(points):
        ...     trial = Trial(id=f"000{number}", number=number, configuration={})
        ...     standings.enter(trial, losses=losses)
        >>> [(standings.front(id), standings.rank(id)) for id in ("0000", "0001", "0002", "0003")]
        [(1, 1), (1, 1), (2, 4), (1, 1)]
    """

    def __init__(self, *, level: int) -> None:
        self.level = level
        self._losses: dict[str, tuple[float, ...]] = {}
        self._places: dict[str, tuple[int, int]] | None = {}  # id -> front and rank; None if old
        self._waiting: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._losses)

    def enter(self, trial: Trial, *, losses: Sequence[float]) -> None:
        """Record a trial that has reached the level, not recorded before."""
        self._losses[trial.id] = tuple(losses)
        self._places = None

    def rank(self, trial: str) -> int:
        """Return the rank of a trial that is recorded, from 1; equals share it."""
        return self._sorted()[trial][1]

    def front(self, trial: str) -> int:
        """Return on which front a trial that is recorded lies, from 1."""
        return self._sorted()[trial][0]

    def wait(self, trial: str) -> None:
        """Note that a trial that is recorded waits here."""
        self._waiting[trial] = None

    def leave(self, trial: str) -> None:
        """Note that a trial does not wait here, or not any more."""
        self._waiting.pop(trial, None)

    def waiting(self) -> Iterator[tuple[str, int]]:
        """Return id and rank of those that wait, best first, equals as they came."""
        places, order = self._sorted(), {id: n for n, id in enumerate(self._losses)}
        for trial in sorted(self._waiting, key=lambda id: (places[id][1], order[id])):
            yield trial, places[trial][1]

    def text(self, trial: str, *, places: int) -> str:
        """Return how a trial stands, for a person.

        Args:
            trial: Recorded.
            places: How many of the best go on.
        """
        best = f"the best {places} go on" if places != 1 else "the best goes on"
        return f"front {self.front(trial)}, rank {self.rank(trial)} of {len(self)}, {best}"

    def _sorted(self) -> Mapping[str, tuple[int, int]]:
        if self._places is not None:
            return self._places
        ids, points = list(self._losses), list(self._losses.values())
        self._places = {}
        rank = 1
        for number, members in enumerate(pareto.fronts(points), start=1):
            crowding = pareto.crowding({place: points[place] for place in members})
            ordered = sorted(members, key=lambda place: -crowding[place])
            shared = rank
            for position, place in enumerate(ordered):
                if position and crowding[place] < crowding[ordered[position - 1]]:
                    shared = rank + position
                self._places[ids[place]] = number, shared
            rank += len(members)
        return self._places
