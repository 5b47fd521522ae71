"""Which hyperparameters are best at which time of training? Population-based training.

A population is trained side by side. Every few epochs its members are compared; one that does badly
goes on with the weights of one that does well, and with that one's configuration, somewhat changed.
So the winner has a schedule of hyperparameters, found while it was trained.

Departures from the paper: members are compared at the same epochs, and not with whatever others
have reached by now, so that an epoch means the same for weights, schedules and budgets; the first
to arrive go on, and are judged by nobody. The default configuration, trial 0000, may be taken over
and takes over nobody, since all results are compared with it. What is drawn anew comes from the
whole range and not from the prior that the first population was drawn from; see `exploring`.

References:
    Jaderberg et al., "Population Based Training of Neural Networks", 2017.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from raysearch.schedulers.comparing import Comparing, Taking
from raysearch.schedulers.exploiting import Method, Standing
from raysearch.schedulers.exploring import explored
from raysearch.schedulers.forming import Formation
from raysearch.space import Space
from raysearch.trial import Configuration, Objective


class PBT(Comparing):
    """Lets the worse members of a population go on with the weights of the better ones.

    Trials come from any searcher; so many of them as `population` says begin together, and as many
    anew when all of them have ended. A member pauses at each comparison, so that any number of
    workers trains a population of any size: the one that is furthest behind goes on first.

    A member whose value is not finite is paused at once, and goes on with the weights of a better
    one at the next comparison.

    Args:
        objective: What is compared: the value at the epoch of the comparison.
        max_epochs: Epochs of a trial, at least 2. With steps as fidelity, rounds of steps count.
        seed: Governs who is taken over, and how configurations change.
        max_trials: Trials of the whole search, None for any number.
        max_total_epochs: Epochs of all trials together, None for any number.
        space: The search space; None leaves configurations as they are.
        fixed: Parameters that cannot be changed while a trial trains -> why.
        population: Members, at least 2 and at most those of the budget; null for all trials of the
            budget, or 12 where it has no number of trials.
        interval: Epochs between two comparisons, at least 1 and less than `max_epochs`; null for a
            tenth of `max_epochs`.
        exploit: "truncation" replaces the worst share of the members by members of the best share;
            "tournament" compares each with one other that is drawn, and takes over the better one.
        quantile: That share, in (0, 0.5].
        scale: Standard deviation of a number's change on the unit interval of its range, in (0, 1].
        resample: Chance that a parameter is drawn anew from its whole range, instead of changed, in
            [0, 1]; choices without an order change by this alone. 1 resamples all.
        synchronous: Whether a comparison waits for all members. If not, members are compared with
            those that have come so far, and no worker waits.
        parameters: Keys of what is changed; null for all that can take effect while a trial trains.

    Raises:
        ConfigurationError: A setting lies outside its range, or nothing can be changed; all of it
            is named at once.

    Example:
        >>> loss = Objective(metric="val/loss", direction="minimize")
        >>> PBT(objective=loss, max_epochs=30, interval=7).rungs
        (7, 14, 21, 28)
    """

    def __init__(
        self,
        *,
        objective: Objective,
        max_epochs: int,
        seed: int = 0,
        max_trials: int | None = None,
        max_total_epochs: int | None = None,
        space: Space | None = None,
        fixed: Mapping[str, str] | None = None,
        population: int | None = None,
        interval: int | None = None,
        exploit: Method = "truncation",
        quantile: float = 0.25,
        scale: float = 0.1,
        resample: float = 0.25,
        synchronous: bool = False,
        parameters: list[str] | None = None,
    ) -> None:
        asked = Formation(
            method="pbt",
            max_epochs=max_epochs,
            max_trials=max_trials,
            max_total_epochs=max_total_epochs,
            population=population,
            interval=interval,
            quantile=quantile,
            scale=scale,
            resample=resample,
            space=space,
            parameters=parameters,
            fixed=fixed or {},
        )
        asked.check(
            None
            if exploit in get_args(Method)
            else f"scheduler.exploit is {exploit!r}. It must be truncation or tournament."
        )
        super().__init__(
            objective=objective,
            max_epochs=max_epochs,
            seed=seed,
            role="pbt",
            size=asked.size,
            rungs=asked.rungs,
            exploit=exploit,
            quantile=quantile,
            synchronous=synchronous,
        )
        self.mutable = asked.mutable
        """Keys of the parameters that change."""
        self._space, self._scale, self._resample = space, scale, resample

    def explored(self, source: Standing, taking: Taking) -> Configuration:
        """Return the source's configuration, changed; as it is where the space does not have it."""
        space, before = self._space, source.configuration
        if space is None or not space.contains(before):
            return dict(before)
        how = {"scale": self._scale, "resample": self._resample}
        return explored(space, before, taking.rng, mutable=self.mutable, **how)
