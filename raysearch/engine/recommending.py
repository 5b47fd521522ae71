"""Which trial would a searcher hand over, of those that may be?"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

from raysearch.searchers import Recommending, Searcher
from raysearch.trial import Objective, Recommendation, Trial, TrialStatus

_log = logging.getLogger(__name__)


def recommendation_of(
    searcher: Searcher,
    *,
    trials: Sequence[Trial],
    outside: Collection[str],
    objective: Objective,
) -> Recommendation | None:
    """Return which trial the searcher would hand over; None if it has no opinion.

    It is asked about the trials that were trained in full and lie in the space. If one that does
    not lie there is better than all of them, it is not asked: it was not told of that one. A
    searcher that raises, or recommends another trial, costs its recommendation and no more: a
    search must not end without a winner for that.

    Args:
        searcher: Knows of all trials that ended.
        trials: All trials of the search.
        outside: Ids of those that do not lie in the space.
        objective: What is improved.
    """
    if not isinstance(searcher, Recommending):
        return None
    best = {trial.id: trial.rank_key(objective) for trial in trials if _counts(trial, objective)}
    offered = [
        trial
        for trial in trials
        if trial.id in best and trial.id not in outside and trial.status is TrialStatus.COMPLETED
    ]
    if not offered or min(best, key=best.__getitem__) in outside:
        return None
    try:
        found = searcher.recommend(offered)
    except Exception:  # noqa: BLE001  a searcher may break in any way
        _log.warning("the searcher could not recommend a trial", exc_info=True)
        return None
    if found is not None and found.number not in {trial.number for trial in offered}:
        _log.warning(
            "the searcher recommends trial %s, which is none of those that were trained in full: "
            "the best observed one is taken",
            found.number,
        )
        return None
    return found


def _counts(trial: Trial, objective: Objective) -> bool:
    """Return whether the trial could win by its value."""
    return trial.status is not TrialStatus.REJECTED and trial.best(objective) is not None
