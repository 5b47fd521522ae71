"""Which leader is worth another training, and does training again tell anything?

A second training of a configuration tells how much of the first value was luck. Where values are
exact there is none, and where a scheduler stops most trials it stops a leader too once its luck has
left it, so that nothing is learnt of what it would have reached.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from raysearch.imports import load_object
from raysearch.searchers import SEARCHERS
from raysearch.searchers.tried import Key, key
from raysearch.trial import REPEAT, Objective, Suggestion, Trial, TrialStatus

if TYPE_CHECKING:
    from raysearch.gaussian.kernel import Array
    from raysearch.gaussian.process import GaussianProcess
    from raysearch.searchers.surrogate import Known
    from raysearch.searchers.vectors import Rows

LEAST_BEFORE = 15
"""Trials that must have ended before one is trained again: of fewer, the model knows too little of
how much is luck."""

LEAST_EQUAL = 3
"""Second trainings that all had the value of the first, from which on values are exact."""


SETTING = "repeat"
"""Setting of a method that trains leaders again by itself."""


def without_repeats(searcher: Mapping[str, Any]) -> dict[str, Any]:
    """Return name and settings of a searcher such that it trains no leader again by itself.

    Example:
        >>> without_repeats({"name": "auto"}), without_repeats({"name": "random"})
        ({'name': 'auto', 'repeat': False}, {'name': 'random'})
    """
    path = SEARCHERS.get(searcher.get("name", ""))
    if path is None or SETTING not in inspect.signature(load_object(path)).parameters:
        return dict(searcher)
    return {**searcher, SETTING: False}


class Repeats:
    """What trainings of the same configuration told, and which one is to come next.

    Args:
        objective: What is improved.
        are_wanted: Whether any is to come.
    """

    def __init__(self, *, objective: Objective, are_wanted: bool) -> None:
        self._objective = objective
        self._are_wanted = are_wanted
        self._ended: set[int] = set()
        self._full: dict[int, Trial] = {}
        self._first: dict[Key, float | None] = {}  # values
        self._n_with: Counter[float | None] = Counter()  # configurations by their first value
        self._again: list[tuple[float | None, bool]] = []  # values, and whether the first had them

    def observe(self, trial: Trial) -> None:
        """Take a trial of this search into account, which lies in the space."""
        self._ended.add(trial.number)
        if trial.status is not TrialStatus.COMPLETED or trial.number in self._full:
            return
        self._full[trial.number] = trial
        value, known = trial.value(self._objective), key(trial.configuration)
        if known in self._first:
            self._again.append((value, value == self._first[known]))
        else:
            self._first[known] = value
            self._n_with[value] += 1

    @property
    def tell_nothing(self) -> bool:
        """Whether values are exact, as far as configurations were trained again.

        A value that other configurations have as well, such as an accuracy of 1, is equal by
        chance, and tells neither.
        """
        told = [equal for value, equal in self._again if not equal or self._n_with[value] == 1]
        return len(told) >= LEAST_EQUAL and all(told)

    @property
    def may_come(self) -> bool:
        """Whether a configuration may be trained again now."""
        n_ended, are_most_full = len(self._ended), 2 * len(self._full) >= len(self._ended)
        return (
            self._are_wanted and n_ended >= LEAST_BEFORE and are_most_full and not self.tell_nothing
        )

    def next(
        self,
        known: Known,
        model: GaussianProcess,
        worth: Callable[[Rows], Array],
        *,
        than: float,
    ) -> Suggestion | None:
        """Return a leader, if to train it again is worth more than something else.

        Args:
            known: What is known of the trials that ended.
            model: What is expected, with those in training.
            worth: What training rows is worth.
            than: What the other training is worth.
        """
        import numpy as np

        from raysearch.searchers.acquisition import N_LEADERS, lowest

        full = [n for n, number in enumerate(known.numbers) if number in self._full]
        if not full:
            return None
        leaders = lowest(model, np.array(full), n=N_LEADERS)
        worths = worth(known.rows[leaders])
        if worths.max() <= than:
            return None
        trial = self._full[known.numbers[leaders[int(worths.argmax())]]]
        return Suggestion(
            configuration=trial.configuration, origin={"kind": REPEAT, "of": trial.id}
        )
