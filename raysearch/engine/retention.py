"""Which checkpoints may be deleted?

A trial that has not ended needs its latest checkpoint, to go on, and its best, to be the winner. A
trial that ended needs its best only. Beside those, what another trial goes on from, or may yet go
on from, is kept (see `Ledger`). When all of them together exceed the budget, those of ended trials
are given up, worst trial first; the best trial's is always kept.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Container, Iterator, Sequence

from raysearch import pareto
from raysearch.engine.state import SearchState
from raysearch.trial import Checkpoint, Objective, Trial


def unneeded(trial: Trial, *, objective: Objective) -> list[Checkpoint]:
    """Return the trial's checkpoints that neither its continuation nor the ranking needs."""
    if not trial.checkpoints:
        return []
    needed = set()
    best = trial.best_kept(objective)
    if best is not None:
        needed |= {c.path for c in trial.checkpoints if c.epoch == best.epoch and not c.fold}
    if trial.starts and not trial.status.is_ended:
        needed.add(trial.starts[-1].path)
    return [c for c in trial.checkpoints if c.path not in needed]


_Key = tuple[int, float, int, int]
"""Sorts trials best first: minus the folds that are done, and then as `Trial.rank_key`."""


class ByteBudget:
    """Which checkpoints of ended trials exceed the bytes that all of a search may take together?

    Trials are ranked once, as they end, so that an answer costs no more when thousands have ended.

    Of trials that are trained on several folds those with more of them are given up later, since a
    mean of few folds is not comparable; so the best trial is one with all of them.

    Of several objectives, those on the Pareto front are given up last, and then those on the front
    that these leave, and so on; that is sorted anew for each answer.

    Args:
        objective: By which trials are ranked.
        objectives: All of them where there are several.
        budget_bytes: Bytes for the checkpoints of all trials.
        pinned: Returns the paths of those of a trial that others need.

    Example:
        >>> accuracy = Objective(metric="val/accuracy", direction="maximize")
        >>> ByteBudget(objective=accuracy, budget_bytes=5e9).excess(SearchState())
        []
    """

    def __init__(
        self,
        *,
        objective: Objective,
        budget_bytes: float,
        objectives: Sequence[Objective] = (),
        pinned: Callable[[Trial], Container[str]] = lambda trial: (),
    ) -> None:
        self._objective = objective
        self._objectives = objectives
        self._budget_bytes = budget_bytes
        self._pinned = pinned
        self._ranked: list[tuple[_Key, str]] | None = None
        # ended trials with checkpoints by their keys, best first; not before there is an excess

    def ended(self, trial: Trial) -> None:
        """Take a trial into account that has just ended."""
        if self._ranked is not None and trial.checkpoints and not self._objectives:
            insort(self._ranked, (self._key(trial), trial.id))

    def excess(self, state: SearchState) -> list[tuple[Trial, Checkpoint]]:
        """Return the checkpoints to give up, the worst trial's first; the best trial keeps its own.

        Args:
            state: The search, in which all that was returned before is given up.
        """
        excess_bytes = state.checkpoint_bytes - self._budget_bytes
        if excess_bytes <= 0:
            return []
        if self._ranked is None or self._objectives:
            kept = [trial for trial in state.ended if trial.checkpoints]
            self._ranked = sorted((key, t.id) for key, t in self._keyed(kept))
        given_up: list[tuple[Trial, Checkpoint]] = []
        for place in range(len(self._ranked) - 1, 0, -1):
            trial = state.trials[self._ranked[place][1]]
            pinned = self._pinned(trial)
            left = len(trial.checkpoints)
            for checkpoint in (c for c in trial.checkpoints if c.path not in pinned):
                if excess_bytes <= 0:
                    return given_up
                given_up.append((trial, checkpoint))
                excess_bytes -= checkpoint.size_bytes
                left -= 1
            if not left:
                del self._ranked[place]
        return given_up

    def _key(self, trial: Trial) -> _Key:
        return (-trial.fold, *trial.rank_key(self._objective))

    def _keyed(self, trials: Sequence[Trial]) -> Iterator[tuple[_Key, Trial]]:
        """Yield each trial with a key that sorts them best first."""
        if not self._objectives:
            yield from ((self._key(trial), trial) for trial in trials)
            return
        for n_folds in {trial.fold for trial in trials}:
            members = [trial for trial in trials if trial.fold == n_folds]
            points = [trial.losses(self._objectives) for trial in members]
            for place, index in enumerate(pareto.order(points)):
                yield (-n_folds, float(place), 0, members[index].number), members[index]
