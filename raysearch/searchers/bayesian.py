"""Which training should improve most what will be handed over? Bayesian optimisation.

A Gaussian process, whose hyperparameters are sampled and not maximised, says of every candidate
what to expect; the one is suggested of which a training should make the lowest posterior mean fall
most, be it new or a leader that was trained before. Of what it is made stands in
`raysearch.gaussian`, `acquisition`, `vectors` for conditional spaces, and `targets` for trials that
were stopped early or failed.

References:
    Snoek, Larochelle and Adams, "Practical Bayesian Optimization of Machine Learning Algorithms",
    NeurIPS 2012.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from raysearch.checks import integer_fault, raise_faults
from raysearch.randomness import generator
from raysearch.searchers.base import NoSuggestion
from raysearch.searchers.ranking import rank
from raysearch.searchers.repeats import Repeats
from raysearch.searchers.suitability import require_places
from raysearch.searchers.tried import Tried, key, suggest_untried
from raysearch.space import Space
from raysearch.trial import Objective, Recommendation, Suggestion, Trial

if TYPE_CHECKING:
    import numpy as np

    from raysearch.gaussian.kernel import Array
    from raysearch.searchers.slots import Places
    from raysearch.searchers.surrogate import Known, Surrogate
    from raysearch.searchers.vectors import Rows, Vectors

EXPLORES_EVERY = 4
"""One suggestion in so many is new, and in the branch that was tried least: else a branch whose
only trial was a bad one is never looked at again."""

N_PARENTS = 10
"""Best trials that candidates are mutations of."""

LEAST_ENDED = 4
"""Trials that must have ended before a model is of use, whatever else is in training."""


class Bayesian:
    """Suggests the training that should improve most what is handed over, by a Gaussian process.

    The first `n_startup` trials are a Latin hypercube, drawn as the priors of the space say, of
    numbers from the middle (see `design`), of which trial n is row n. The default and the points of
    a search count among them, so that many of its rows are left out. Then the model's
    hyperparameters are sampled: `n_samples` vectors of them, each a Gaussian process of its own,
    whose knowledge gradients are averaged (see `acquisition`). Candidates are random
    configurations, mutations of the ten best trials, and neighbours of the best of both; and, of
    the trials that were trained in full, the leaders, since another training tells how much of a
    leader's value was luck. At least every fourth suggestion is a new configuration, and all of
    them are where a scheduler stops most trials, or where the first trainings again had the same
    values (see `repeats`).

    For a trial that has not ended, each process has a value of its own, drawn from what it expects
    there, so that parallel trials spread out and the best of them may already be counted on.

    Conditions are followed: a parameter that is inactive says nothing beside the choice that made
    it so (see `vectors`). In a space with branches, every fourth suggestion is the best candidate
    of the branch that has the fewest trials, as one bad draw says little of a branch.

    Of trials that were stopped early only the order counts, of those in the better half that were
    trained in full their losses (see `targets`).

    Of a long history, the model is shown the better half of `n_history` trials and the latest
    others, so that suggestion 10,000 costs no more than one at that limit.

    In the end it recommends the trial whose posterior mean is the best even if it is too good by
    one standard deviation, since the best observed value is mostly a lucky one. Once values have
    turned out to be exact, it is the best observed. Where you know that they are, say
    `recommend=False`: a rough function is taken for a noisy one.

    A finite space is exhausted once each configuration has been tried. A trial whose configuration
    lies outside the space, as in a search that goes on with other ranges, is not learnt from.

    Args:
        space: The search space.
        objective: What is improved.
        seed: Governs all draws; suggestion n draws from its own generator.
        n_startup: Trials that begin before the model is used, at least 4.
        n_samples: Vectors of hyperparameters, at least 1; time grows with them.
        n_history: Trials that the model is shown at most, at least 20.
        repeat: Whether to train leaders again; otherwise no configuration is suggested twice.
        recommend: Whether to recommend a trial at the end; otherwise the best observed one is
            handed over, and no leader is trained again.

    Raises:
        ConfigurationError: A setting lies outside its range; all of them are named at once.
        UnsuitableSpace: The space has values without a place on a scale.

    Example:
        >>> from raysearch.space import Float
        >>> objective = Objective(metric="val/loss", direction="minimize")
        >>> searcher = Bayesian(Space({"dropout": Float(0.0, 0.5)}), objective=objective, seed=0)
        >>> searcher.suggest(number=1, pending=[]).origin
        {'kind': 'design', 'row': 0}
    """

    def __init__(
        self,
        space: Space,
        *,
        objective: Objective,
        seed: int = 0,
        n_startup: int = 10,
        n_samples: int = 8,
        n_history: int = 200,
        repeat: bool = True,
        recommend: bool = True,
    ) -> None:
        raise_faults(
            integer_fault("searcher.n_startup", n_startup, at_least=LEAST_ENDED),
            integer_fault("searcher.n_samples", n_samples, at_least=1),
            integer_fault("searcher.n_history", n_history, at_least=20),
        )
        require_places(space, method="bayesian")
        self._space = space
        self._objective = objective
        self._seed = seed
        self._n_startup = n_startup
        self._n_samples = n_samples
        self._n_history = n_history
        self._recommends = recommend
        self._repeats = Repeats(objective=objective, are_wanted=repeat and recommend)
        self._tried = Tried()

    @cached_property
    def _vectors(self) -> Vectors:
        from raysearch.searchers.vectors import Vectors  # loads numpy

        return Vectors(self._space)

    @cached_property
    def _design(self) -> Rows:
        from raysearch.searchers.design import latin_hypercube

        rng = generator(self._seed, role="design", number=0)
        return latin_hypercube(self._vectors, self._n_startup, rng)

    @cached_property
    def _surrogate(self) -> Surrogate:
        from raysearch.searchers.surrogate import Surrogate

        return Surrogate(
            self._vectors,
            seed=self._seed,
            n_samples=self._n_samples,
            n_first=LEAST_ENDED,
            n_history=self._n_history,
        )

    def prepare(self) -> None:
        """Import numpy."""
        import raysearch.searchers.acquisition
        import raysearch.searchers.surrogate  # noqa: F401

    def suggest(self, *, number: int, pending: Sequence[Trial]) -> Suggestion | NoSuggestion:
        """Return a configuration that is new, a leader to be trained again, or EXHAUSTED."""
        rng = generator(self._seed, role="searcher", number=number)
        self._tried.set_pending(pending)
        inside = [trial for trial in pending if self._space.contains(trial.configuration)]
        if self._has_model(len(inside)):
            suggestion = self._propose(inside, rng, explores=number % EXPLORES_EVERY == 0)
            if suggestion is not None:
                return suggestion
        if 1 <= number <= self._n_startup and self._vectors.n_parameters > 0:
            wanted = self._vectors.decode(self._design[number - 1])
            origin = {"kind": "design", "row": number - 1}
            return suggest_untried(
                self._space, rng, tried=self._tried, wanted=wanted, origin=origin
            )
        return suggest_untried(self._space, rng, tried=self._tried)

    def observe(self, trial: Trial) -> None:
        """Learn from a trial."""
        self._tried.add(trial)
        if self._space.contains(trial.configuration):
            known = rank(trial, objective=self._objective)
            self._surrogate.add(self._vectors.encode(trial.configuration), known)
            if not trial.is_evidence:
                self._repeats.observe(trial)

    def recommend(self, trials: Sequence[Trial]) -> Recommendation | None:
        """Return the trial whose posterior mean is the best, even if too good by a deviation."""
        from raysearch.searchers.recommending import recommended

        if not self._recommends or self._vectors.n_parameters == 0 or self._repeats.tell_nothing:
            return None
        return recommended(
            trials,
            known=self._surrogate.known(),
            vectors=self._vectors,
            objective=self._objective,
        )

    def _has_model(self, n_pending: int) -> bool:
        """Return whether there are enough trials, and among them enough that had a value."""
        return (
            self._surrogate.n_usable >= LEAST_ENDED
            and len(self._surrogate) + n_pending >= self._n_startup
            and self._vectors.n_parameters > 0
        )

    def _propose(
        self, pending: Sequence[Trial], rng: np.random.Generator, *, explores: bool
    ) -> Suggestion | None:
        """Return what is worth most: a configuration that was not tried, or a leader once more.

        Args:
            pending: Trials in the space that have not ended.
            rng: Governs all draws.
            explores: Whether it must be a new one, in the branch that was tried least if there are
                branches.

        Returns:
            None if all candidates were tried.
        """
        import numpy as np

        from raysearch.searchers.acquisition import worth_of_training

        known = self._surrogate.known()
        if known is None:
            return None
        vectors, model = self._vectors, known.process
        may_win = [number >= 0 for number in known.numbers]  # those of earlier runs cannot
        if pending:
            begun = np.stack([vectors.encode(trial.configuration) for trial in pending])
            model = model.with_fantasies(vectors.features(begun), rng=rng)
            may_win += [True] * len(begun)
        worth = worth_of_training(model, vectors, may_win=np.array(may_win))
        row = self._best_new(known, worth, rng, explores=explores)
        if row is None:
            return None
        if self._repeats.may_come and not explores:
            than = float(worth(row[None])[0])
            repeat = self._repeats.next(known, model, worth, than=than)
            if repeat is not None:
                return repeat
        return Suggestion(configuration=vectors.decode(row), origin={"kind": "bayesian"})

    def _best_new(
        self,
        known: Known,
        worth: Callable[[Rows], Array],
        rng: np.random.Generator,
        *,
        explores: bool,
    ) -> Places | None:
        """Return the candidate of most worth that was not tried, or None if all of them were."""
        import numpy as np

        from raysearch.searchers.acquisition import candidates, lowest

        parents = known.rows[lowest(known.process, np.arange(len(known.rows)), n=N_PARENTS)]
        pin = self._least_tried(known.rows) if explores else None
        found = candidates(self._vectors, worth, parents=parents, rng=rng, pin=pin)
        return next((r for r in found if key(self._vectors.decode(r)) not in self._tried), None)

    def _least_tried(self, rows: Rows) -> tuple[int, float] | None:
        """Return column and place of the branch with the fewest trials; None without branches."""
        import numpy as np

        counted = [
            (int(np.isclose(rows[:, column], place).sum()), column, float(place))
            for column, places in self._vectors.branches()
            for place in places
        ]
        if not counted:
            return None
        _, column, place = min(counted)
        return column, place
