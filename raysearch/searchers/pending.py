"""Which trials have begun of which nothing is known yet? Thousands of them, in a large cluster.

A searcher is asked thousands of times while most of these trials train on, so each list of them
says what is different from the list before, for whoever saw that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from raysearch.trial import Trial


class Pending(list[Trial]):
    """The trials that a searcher is told of as pending.

    Args:
        trials: All of them.
        before: The list that it takes the place of, if what is different is known.
        begun: Those that were not in that list.
        gone: Ids of those that were in that list and are not in this one.

    Example:
        >>> one, two = (Trial(id=f"000{n}", number=n, configuration={"n": n}) for n in (1, 2))
        >>> first = Pending([one])
        >>> second = Pending([two], before=first, begun=[two], gone=["0001"])
        >>> second.follows(first), first.follows(second), second.gone
        (True, False, ('0001',))
    """

    def __init__(
        self,
        trials: Iterable[Trial],
        *,
        before: Pending | None = None,
        begun: Sequence[Trial] = (),
        gone: Sequence[str] = (),
    ) -> None:
        super().__init__(trials)
        self.begun = tuple(begun)
        self.gone = tuple(gone)
        self._stamp = object()
        self._after = None if before is None else before._stamp

    def follows(self, other: Pending) -> bool:
        """Return whether `begun` and `gone` are what is different from the other list."""
        return self._after is other._stamp
