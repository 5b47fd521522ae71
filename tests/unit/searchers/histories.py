"""Trials as searchers see them, for the tests of several methods."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from raysearch.searchers import Searcher
from raysearch.trial import (
    Configuration,
    Measurement,
    Objective,
    Suggestion,
    Trial,
    TrialStatus,
    trial_id,
)

LOSS = Objective(metric="loss", direction="minimize")


def trial(
    number: int,
    configuration: Configuration,
    loss: float | None = 1.0,
    *,
    epochs: int = 27,
    status: TrialStatus = TrialStatus.COMPLETED,
    origin: Mapping[str, Any] | None = None,
) -> Trial:
    """Return a trial that ended after so many epochs."""
    measured = Measurement(epoch=epochs, step=epochs, values={"loss": loss}, seconds=1.0)
    return Trial(
        id=trial_id(number),
        number=number,
        configuration=configuration,
        origin=origin or {},
        status=status,
        measurements=() if loss is None else (measured,),
    )


def tell(searcher: Searcher, losses: Mapping[int, float], *, key: str = "x") -> None:
    """Tell of a completed trial for each value of the one parameter, in the order given."""
    for number, (value, loss) in enumerate(losses.items(), start=1):
        searcher.observe(trial(number, {key: value}, loss))


def suggestions(searcher: Searcher, numbers: Iterable[int]) -> list[Suggestion]:
    """Return what is suggested for each number, without a trial ending in between."""
    found = [searcher.suggest(number=number, pending=[]) for number in numbers]
    assert all(isinstance(suggestion, Suggestion) for suggestion in found)
    return [suggestion for suggestion in found if isinstance(suggestion, Suggestion)]


def search(
    searcher: Searcher, n_trials: int, loss: Callable[[Configuration], float]
) -> Sequence[Trial]:
    """Return as many trials, one after the other, with their origins."""
    trials = []
    for number in range(1, n_trials + 1):
        suggestion = searcher.suggest(number=number, pending=[])
        if not isinstance(suggestion, Suggestion):
            break
        configuration, origin = suggestion.configuration, suggestion.origin
        trials.append(trial(number, configuration, loss(configuration), origin=origin))
        searcher.observe(trials[-1])
    return trials
