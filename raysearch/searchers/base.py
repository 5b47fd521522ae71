"""What must a search method offer?

One method per file implements `Searcher`. The engine calls it from one thread:

    searcher = Random(space, objective=objective, seed=0)
    searcher.suggest(number=1, pending=[])    # -> Suggestion, WAIT or EXHAUSTED
    searcher.observe(trial)                   # for each that ended or paused, in journal order
    searcher.recommend(trials)                # at the end, if it is `Recommending`

A trial that is paused counts as one that was stopped, since it may never go on. When it ends after
all, or is paused at a later epoch, the searcher is told of it again, and what is known of it now
takes the place of what was known before: it is one trial, and told the same twice, nothing changes.

Trials of earlier runs (`Trial.is_evidence`) are observed before the first suggestion. They have
numbers below 0, the earliest the lowest, an objective and nothing else among their values, and may
be tried again. A method that counts trials until it trusts its model may count them.

After a resume the same `observe` calls are made in the same order, and suggestions that were made
before are read back from the journal, never computed again. Another method may have made them:
where searcher or space are changed in the middle of a search, the new one is told of all trials
that lie in its space, in the same way. So a suggestion may depend only on its number, on the seed,
and on the trials observed and pending; what it draws comes from
`raysearch.randomness.generator(seed, role="searcher", number=number)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Protocol, runtime_checkable

from raysearch.trial import Recommendation, Suggestion, Trial


class NoSuggestion(Enum):
    """Why a searcher has no suggestion."""

    WAIT = "wait"
    """Not before more is observed."""
    EXHAUSTED = "exhausted"
    """Never again: the space holds nothing new for this method."""


WAIT = NoSuggestion.WAIT
EXHAUSTED = NoSuggestion.EXHAUSTED


class Searcher(Protocol):
    """Suggests configurations and learns from the trials that ended.

    Implementations are constructed as `Method(space, objective=..., seed=..., ...)`, where the
    further settings are keyword-only, typed and documented: they are the keys of an experiment
    file's `searcher:` section. A setting out of range is a `ConfigurationError` that names it as
    "searcher.<setting>"; a space that the method cannot search at all is an `UnsuitableSpace` (see
    `raysearch.searchers.suitability`).

    What a method has learnt may be told as well: by `state() -> dict`, as plain JSON, and of that
    as much as the journal is to keep in the origin of a suggestion, under `state`.
    """

    def prepare(self) -> None:
        """Import what suggestions need, so that they need not wait for it.

        Called once, in a thread of its own, and not in simulations: in a new search when the first
        trial trains, so that nothing is imported while the workers start, which most methods do
        not need for their first draws; in one that goes on while the workers start. It changes
        nothing that a suggestion depends on, and one that comes before it imports for itself.
        """
        ...

    def suggest(self, *, number: int, pending: Sequence[Trial]) -> Suggestion | NoSuggestion:
        """Return the configuration for the trial with this number.

        Called when a worker is free, and never for a number that the journal holds already.

        Args:
            number: The trial's number, from 1 (number 0 is the default configuration).
            pending: The trials that have begun and were not observed yet, with their measurements
                so far. One that goes on after a pause is not among them.
        """
        ...

    def observe(self, trial: Trial) -> None:
        """Learn from a trial that ended or is paused, with all its measurements so far.

        Told of a trial again, forget what was known of it before. Those of earlier runs come first.
        """
        ...


@runtime_checkable
class Recommending(Protocol):
    """What a searcher offers beside, if it has a better idea of the winner than the best value.

    The setting `recommend` of such a searcher switches that off.
    """

    def recommend(self, trials: Sequence[Trial]) -> Recommendation | None:
        """Return the trial to be handed over, or None to have the best observed one.

        Called when a session of the search ends, after all that ended was observed. The answer is
        journalled, and holds until more is measured. It follows from the trials alone, as a
        suggestion does.

        Args:
            trials: Those that may be recommended: trained in full, in the space, with a finite
                value. Never empty.
        """
        ...
