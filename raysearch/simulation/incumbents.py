"""How good was the best trial at each moment, and what had been spent by then?"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from raysearch.engine import SearchState
from raysearch.engine.fold_curves import folds_in, news_of
from raysearch.run_dir import events as ev
from raysearch.run_dir.events import Event
from raysearch.trial import Objective


@dataclass(frozen=True, slots=True, kw_only=True)
class Incumbent:
    """A value better than all before it."""

    seconds: float
    """Time since the search started."""
    epochs: int
    """Epochs that all trials together had trained, repeated ones not counted."""
    trial: str
    value: float


def incumbents(events: Sequence[Event], *, objective: Objective) -> tuple[Incumbent, ...]:
    """Return the values that were better than all before them, in order.

    Args:
        events: Those of a journal, in order.
        objective: What is improved.
    """
    found: list[Incumbent] = []
    trained: dict[str, int] = {}
    started_at, epochs = 0.0, 0
    for event in events:
        if isinstance(event, ev.SearchStarted):
            started_at = event.at
            if folds_in(event.settings) > 1:
                return _of_folds(events, objective=objective)
        if not isinstance(event, ev.Measured):
            continue
        epochs += event.epoch - trained.get(event.trial, 0)
        trained[event.trial] = event.epoch
        value = event.values[objective.metric]
        if value is not None and objective.is_better(value, found[-1].value if found else None):
            seconds = event.at - started_at
            found.append(Incumbent(seconds=seconds, epochs=epochs, trial=event.trial, value=value))
    return tuple(found)


def _of_folds(events: Iterable[Event], *, objective: Objective) -> tuple[Incumbent, ...]:
    """Return the same where trials are trained on several folds: means of those that have all."""
    found: list[Incumbent] = []
    state = SearchState()
    for event in events:
        state.apply(event)
        trial = state.trials.get(getattr(event, "trial", ""))
        if trial is None:
            continue
        news = news_of(event, trial, objective=objective, n_folds=state.account.n_folds)
        value = None if news is None else news.values[objective.metric]
        if value is not None and objective.is_better(value, found[-1].value if found else None):
            seconds = event.at - state.started_at
            found.append(
                Incumbent(seconds=seconds, epochs=state.epochs, trial=trial.id, value=value)
            )
    return tuple(found)


def latest(
    found: Sequence[Incumbent], *, spent: Callable[[Incumbent], float], budget: float
) -> Incumbent | None:
    """Return the incumbent when a budget was spent, or None if there was none yet.

    Args:
        found: Incumbents in order.
        spent: What one cost, such as its epochs.
        budget: The limit, in the same unit, included.
    """
    position = bisect_right(found, budget, key=spent)
    return found[position - 1] if position else None
