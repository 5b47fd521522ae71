"""Which trials have begun of which the searcher was told nothing? Kept as it changes."""

from __future__ import annotations

from collections.abc import Container

from raysearch.engine.state import SearchState
from raysearch.run_dir.events import Event
from raysearch.searchers.pending import Pending
from raysearch.trial import Trial, trial_id


class Untold:
    """The trials that are pending to a searcher, in order of their numbers.

    A suggestion must not take longer the more trials train: with 8,000 workers, only to look each
    trial up takes eight milliseconds, since their records lie all over the memory.
    """

    def __init__(self) -> None:
        self.told: set[str] = set()
        """The trials that the searcher was told of; one that goes on after that stays told."""
        self._trials: dict[str, Trial] = {}
        self._changed: set[str] = set()
        self._n_seen = 0
        self._n_takeovers = 0
        self._gone: list[str] = []
        self._last: Pending | None = None

    def heard(self, event: Event, state: SearchState) -> None:
        """Take note that a trial has another record; called after each event."""
        del state
        trial = getattr(event, "trial", None)
        if trial in self._trials:
            self._changed.add(trial)

    def tell(self, trial: str) -> None:
        """Take note that the searcher was told of a trial."""
        self.told.add(trial)
        self._leave(trial)

    def pending(self, state: SearchState, *, outside: Container[str]) -> Pending:
        """Return the trials that are pending now, and what is different from the last answer.

        Args:
            state: The search so far.
            outside: Trials that do not lie in the space, of which searchers know nothing.
        """
        live, new = state.live, map(trial_id, range(self._n_seen, state.next_number))
        begun = [live[t] for t in new if t in live and t not in self.told and t not in outside]
        for trial in self._changed & self._trials.keys():
            if trial in live:
                self._trials[trial] = live[trial]
            else:
                self._leave(trial)
        self._trials.update((trial.id, trial) for trial in begun)
        found = Pending(
            self._trials.values(),
            # who took over weights has another configuration
            before=self._last if state.n_takeovers == self._n_takeovers else None,
            begun=begun,
            gone=self._gone,
        )
        self._n_seen, self._n_takeovers = state.next_number, state.n_takeovers
        self._changed, self._gone, self._last = set(), [], found
        return found

    def _leave(self, trial: str) -> None:
        if self._trials.pop(trial, None) is not None:
            self._gone.append(trial)
