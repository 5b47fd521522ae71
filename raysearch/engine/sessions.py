"""How does a session of a search begin, and how does it end?

What is journalled then; what comes between is in `queue` and `reports`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from raysearch.engine import records
from raysearch.engine.causes import INTERRUPTED
from raysearch.engine.ledger import Ledger
from raysearch.engine.plan import Plan
from raysearch.engine.suggestions import Suggestions
from raysearch.run_dir import events as ev
from raysearch.run_dir.events import Event
from raysearch.space import Space
from raysearch.trial import SearchStatus, TrialStatus


class Sessions:
    """Journals the beginnings and ends of one search's sessions.

    Args:
        plan: The objective, which stands among the settings.
        space: The search space of this session.
        ledger: Where it is written, and what is known.
        suggestions: Told of earlier runs, and asked for a recommendation.
    """

    def __init__(
        self,
        *,
        plan: Plan,
        space: Space,
        ledger: Ledger,
        suggestions: Suggestions,
    ) -> None:
        self._plan = plan
        self._space = space
        self._ledger = ledger
        self._suggestions = suggestions

    def start(
        self,
        *,
        settings: Mapping[str, Any],
        space: Mapping[str, Any],
        versions: Mapping[str, str],
        fingerprints: Mapping[str, str],
        evidence: Mapping[str, Any],
    ) -> None:
        """Journal the start of a new search, with its objective among the settings.

        Args:
            settings: The resolved experiment.
            space: The search space, as `Space.to_json` has it.
            versions: Of what decides what a trial does.
            fingerprints: Path of a checkpoint that models begin from -> SHA-256 of the file.
            evidence: Trials of earlier runs, which the searcher is told of: see `engine.evidence`.
        """
        settings = {"objective": asdict(self._plan.objective), **settings}
        if self._plan.n_folds > 1:
            risk = self._plan.fold_risk
            settings = {"repeats": {"folds": self._plan.n_folds, "risk": risk}, **settings}
        self._ledger.emit(
            ev.SearchStarted(
                at=self._ledger.now(),
                settings=settings,
                space=space,
                versions=versions,
                fingerprints=fingerprints,
                evidence=evidence,
            )
        )
        self._suggestions.learn(self._ledger.state, plan=self._plan)

    def resume(
        self,
        *,
        settings: Mapping[str, Any],
        changed: Sequence[str],
        fingerprints: Mapping[str, str],
    ) -> None:
        """Journal that the search goes on; see `Engine.resume`."""
        space = self._space.to_json()
        self._ledger.emit(
            ev.SearchResumed(
                at=self._ledger.now(),
                settings=settings,
                changed=tuple(changed),
                space=None if space == self._ledger.state.space else space,
                fingerprints=fingerprints,
            )
        )

    def end(self, status: SearchStatus, *, reason: str) -> None:
        """Journal the end of this session; see `Engine.end`.

        What is paused stays so, also at the end of the search: a larger budget goes on with it.
        """
        at, state = self._ledger.now(), self._ledger.state
        why = reason if status is SearchStatus.FINISHED else ""
        running = [t for t in state.live.values() if t.status is TrialStatus.RUNNING]
        before: list[Event] = [
            records.attempt_ended(trial, cause=INTERRUPTED, reason=why, at=at) for trial in running
        ]
        if status is not SearchStatus.FAILED:
            found = self._suggestions.recommend(
                state,
                objective=self._plan.objective,
                may_wait=status is SearchStatus.FINISHED,
            )
            before += [] if found is None else [records.recommended(found, at=at)]
        self._ledger.emit(*before, ev.SearchEnded(at=at, status=status, reason=reason))
