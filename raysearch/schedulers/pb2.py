"""Which hyperparameters are best at which time of training? Population-based bandits.

As in population-based training, members that do badly go on with the weights of those that do well.
But their numbers are not perturbed at random: a Gaussian process, which forgets, has learnt from
all intervals so far how much the objective gained with which numbers, and says where the next
interval promises most. With a population of a few members that finds what random steps miss.

Departures from the paper: as of `pbt`, and as of the model in `foreseeing`. Choices without an
order are drawn anew by chance, as in `pbt`.

References:
    Parker-Holder, Nguyen and Roberts, "Provably Efficient Online Hyperparameter Optimization with
    Population-Based Bandits", NeurIPS 2020 (arXiv:2002.02518).
"""

from __future__ import annotations

from collections.abc import Mapping

from raysearch.schedulers.comparing import Comparing, Taking
from raysearch.schedulers.exploiting import Standing
from raysearch.schedulers.exploring import explored, has_neighbours, settled
from raysearch.schedulers.foreseeing import LEAST, Foresight
from raysearch.schedulers.forming import Formation
from raysearch.schedulers.intervals import Beginning, Intervals
from raysearch.space import Space
from raysearch.trial import (
    Configuration,
    Decision,
    DecisionKind,
    Measurement,
    Objective,
    Trial,
)


class PB2(Comparing):
    """Lets the worse members of a population go on with weights of the better ones, and says how.

    Populations, comparisons and pauses are those of `pbt`, by truncation. Numbers and ordered
    choices are chosen by a model once it knows two intervals; until then, and for other choices,
    configurations change as in `pbt`.

    Args:
        objective: What is compared: the value at the epoch of the comparison.
        max_epochs: Epochs of a trial, at least 2. With steps as fidelity, rounds of steps count.
        seed: Governs who is taken over, the model, and how configurations change.
        max_trials: Trials of the whole search, None for any number.
        max_total_epochs: Epochs of all trials together, None for any number.
        space: The search space; None leaves configurations as they are.
        fixed: Parameters that cannot be changed while a trial trains -> why.
        population: Members, at least 2 and at most those of the budget; null for all trials of the
            budget, or 12 where it has no number of trials.
        interval: Epochs between two comparisons, at least 1 and less than `max_epochs`; null for a
            tenth of `max_epochs`.
        quantile: The worst share of the members is replaced by members of the best share, in
            (0, 0.5].
        scale: Standard deviation of a number's change on the unit interval of its range, in (0, 1],
            while there is no model.
        resample: Chance that a parameter is drawn anew from its whole range instead of changed, in
            [0, 1]: of choices without an order always, of the others while there is no model.
        synchronous: Whether a comparison waits for all members. If not, members are compared with
            those that have come so far, and no worker waits.
        parameters: Keys of what is changed; null for all that can take effect while a trial trains.

    Raises:
        ConfigurationError: A setting lies outside its range, or nothing can be changed; all of it
            is named at once.

    Example:
        >>> from raysearch.space import Choice, Float
        >>> loss = Objective(metric="val/loss", direction="minimize")
        >>> space = Space({"rate": Float(1e-4, 1e-1, log=True), "loss": Choice(["l1", "l2"])})
        >>> PB2(objective=loss, max_epochs=30, space=space).modelled
        ('rate',)
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
        quantile: float = 0.25,
        scale: float = 0.1,
        resample: float = 0.25,
        synchronous: bool = False,
        parameters: list[str] | None = None,
    ) -> None:
        asked = Formation(
            method="pb2",
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
        asked.check()
        super().__init__(
            objective=objective,
            max_epochs=max_epochs,
            seed=seed,
            role="pb2",
            size=asked.size,
            rungs=asked.rungs,
            exploit="truncation",
            quantile=quantile,
            synchronous=synchronous,
        )
        self.mutable = asked.mutable
        """Keys of the parameters that change."""
        self.modelled = () if space is None else _stepped(space, asked.mutable)
        """Those of them that the model chooses."""
        self._space, self._scale, self._resample = space, scale, resample
        self._intervals = Intervals(objective=objective, ends=(*asked.rungs, max_epochs))
        self._foresight: Foresight | None = None
        if space is not None and self.modelled:
            self._foresight = Foresight(space, keys=self.modelled, max_epochs=max_epochs, seed=seed)
        self._answered: dict[tuple[int, int], tuple[object, Configuration]] = {}

    def on_measurement(self, trial: Trial, measurement: Measurement) -> Decision:
        """Return that the trial goes on, or pauses to be compared."""
        self._intervals.measured(trial, measurement)
        decision = super().on_measurement(trial, measurement)
        if decision.kind is DecisionKind.CONTINUE:
            self._intervals.goes_on(trial)
        return decision

    def on_return(self, trial: Trial) -> None:
        """Take into account that the trial trains again, with its own configuration."""
        self._intervals.goes_on(trial)

    def on_takeover(self, trial: Trial) -> None:
        """Take into account with which configuration the trial goes on."""
        self._intervals.taken_over(trial)

    def on_end(self, trial: Trial) -> None:
        """Take into account that nobody waits for the trial."""
        self._intervals.ended(trial)
        super().on_end(trial)

    def explored(self, source: Standing, taking: Taking) -> Configuration:
        """Return with which configuration a member goes on; the same each time it is asked."""
        space, before = self._space, source.configuration
        if space is None or not space.contains(before):
            return dict(before)
        under_way = self._intervals.under_way()
        known = (source, len(self._intervals.known), under_way)
        answered = self._answered.get((taking.number, taking.rung))
        if answered is None or answered[0] != known:
            answered = known, self._chosen(space, source, taking, under_way=under_way)
            self._answered[taking.number, taking.rung] = answered
        return answered[1]

    def _chosen(
        self, space: Space, source: Standing, taking: Taking, *, under_way: list[Beginning]
    ) -> Configuration:
        foresight, rng = self._foresight, taking.rng
        is_known = foresight is not None and len(self._intervals.known) >= LEAST
        by_chance = [key for key in self.mutable if not is_known or key not in self.modelled]
        how = {"scale": self._scale, "resample": self._resample}
        found = explored(space, source.configuration, rng, mutable=by_chance, **how)
        if foresight is None or not is_known:
            return found
        begins = Beginning(configuration=found, epoch=source.epoch, loss=source.loss)
        chosen = foresight.choose(begins, self._intervals.known, under_way, rng)
        return settled(space, {**found, **chosen}, rng)


def _stepped(space: Space, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return the keys of numbers and ordered choices."""
    return tuple(
        key
        for key in keys
        if all(has_neighbours(p.domain) and p.domain.has_places for p in space[key])
    )
