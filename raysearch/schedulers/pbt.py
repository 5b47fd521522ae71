"""Which hyperparameters are best at which time of training? Population-based training.

A population is trained side by side. Every few epochs its members are compared; one that does badly
goes on with the weights of one that does well, and with that one's configuration, somewhat changed.
So the winner has a schedule of hyperparameters, found while it was trained.

Departures from the paper: members are compared at the same epochs, and not with whatever others
have reached by now, so that an epoch means the same for weights, schedules and budgets; the first
to arrive go on, and are judged by nobody. The default configuration, trial 0000, may be taken over
and takes over nobody, since all results are compared with it.

References:
    Jaderberg et al., "Population Based Training of Neural Networks", 2017.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args

from raysearch.checks import integer_fault, number_fault, raise_faults
from raysearch.randomness import generator
from raysearch.schedulers.base import Scheduler, Verdict
from raysearch.schedulers.exploiting import Method, Standing, ranked, share, source_of
from raysearch.schedulers.exploring import changes_of, explored, mutable_keys
from raysearch.schedulers.population import Population
from raysearch.space import Space
from raysearch.trial import Decision, DecisionKind, Exploit, Measurement, Objective, Trial

if TYPE_CHECKING:
    import numpy as np

POPULATION = 12
"""Members where the budget has no number of trials."""

_ROUNDS = 10
"""Comparisons of a member that is trained to its end, about, where no interval is set."""


class PBT(Scheduler):
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
        resample: Chance that a parameter is drawn anew instead of changed, in [0, 1]; choices
            without an order change by this alone. 1 resamples all.
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

    exploits = True

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
        size = population or max_trials or POPULATION
        every = interval or max(1, max_epochs // _ROUNDS)
        mutable: tuple[str, ...] = ()
        faults: list[str] = []
        if space is not None:
            mutable, faults = mutable_keys(space, parameters=parameters, fixed=fixed or {})
        raise_faults(
            _interval_fault(interval, max_epochs=max_epochs),
            _population_fault(population, max_trials=max_trials),
            _budget_fault(size, every=every, max_total_epochs=max_total_epochs),
            _open_fault("scheduler.quantile", quantile, at_most=0.5),
            _open_fault("scheduler.scale", scale, at_most=1),
            number_fault("scheduler.resample", resample, at_least=0, at_most=1),
            None
            if exploit in get_args(Method)
            else f"scheduler.exploit is {exploit!r}. It must be truncation or tournament.",
            *faults,
        )
        self.rungs = tuple(range(every, max_epochs, every))
        """Epochs at which members are compared."""
        self.mutable = mutable
        """Keys of the parameters that change."""
        self._objective, self._max_epochs, self._seed = objective, max_epochs, seed
        self._space, self._size = space, size
        self._exploit, self._quantile, self._synchronous = exploit, quantile, synchronous
        self._explores: dict[str, Any] = {"mutable": mutable, "scale": scale, "resample": resample}
        self._populations: dict[int, Population] = {}

    # ---- the contract of schedulers

    def on_measurement(self, trial: Trial, measurement: Measurement) -> Decision:
        """Return that the trial goes on, or pauses to be compared."""
        population = self._population(trial.number)
        rung = population.report(trial, measurement)
        if measurement.epoch >= self._max_epochs:
            return Decision(kind=DecisionKind.CONTINUE)
        if trial.number in population.lost:
            return self._lost(trial, population.next_rung(measurement.epoch))
        if rung is None or trial.number == 0:
            return Decision(kind=DecisionKind.CONTINUE)
        return Decision(kind=DecisionKind.PAUSE, reason=f"rung {rung}: waits to be compared")

    def on_end(self, trial: Trial) -> None:
        """Take into account that nobody waits for the trial."""
        self._population(trial.number).end(trial)

    def pauses_at(self, trial: Trial) -> tuple[int, ...]:
        """Return the epochs of the comparisons."""
        del trial
        return self.rungs

    def keeps(self, trial: Trial) -> tuple[int, ...]:
        """Return the epochs of comparisons that some members have yet to come to, or to leave."""
        return self._population(trial.number).kept(trial)

    def begins(self, number: int) -> bool:
        """Return whether all populations before have ended."""
        before = range(number // self._size)
        return all(
            index in self._populations and self._populations[index].is_over for index in before
        )

    def decide_paused(
        self, paused: Mapping[str, Trial], *, n_begun: int, more_to_come: bool
    ) -> Verdict | None:
        """Return who goes on, and with whose weights; those that are furthest behind first."""
        given: dict[str, Any] = {"n_begun": n_begun, "more_to_come": more_to_come}
        is_filling = more_to_come and n_begun % self._size != 0
        for trial in sorted(paused.values(), key=lambda trial: (trial.epochs, trial.number)):
            population = self._population(trial.number)
            rung = population.rung_of(trial)
            if rung is None:  # another policy has paused it
                reason = f"epoch {trial.epochs}: goes on, since it is no rung"
                return _verdict(trial, Decision(kind=DecisionKind.CONTINUE, reason=reason))
            if is_filling and n_begun < population.first + self._size:
                continue  # first the others begin
            is_whole = population.is_complete(rung, **given)
            if is_whole or not self._synchronous:
                decision = self._compared(trial, population, rung=rung, is_whole=is_whole)
                if decision is not None:
                    return _verdict(trial, decision)
        return None

    # ---- inside

    def _population(self, number: int) -> Population:
        index = number // self._size
        if index not in self._populations:
            self._populations[index] = Population(
                first=index * self._size,
                size=self._size,
                rungs=self.rungs,
                objective=self._objective,
            )
        return self._populations[index]

    def _lost(self, trial: Trial, rung: int | None) -> Decision:
        """Return what becomes of a trial whose value is not finite."""
        found = f"{self._objective.metric} is not finite"
        if rung is None or trial.number == 0:
            return Decision(kind=DecisionKind.STOP, reason=f"epoch {trial.epochs}: {found}")
        reason = f"epoch {trial.epochs}: {found}; waits for the weights of another one, rung {rung}"
        return Decision(kind=DecisionKind.PAUSE, reason=reason)

    def _compared(
        self, trial: Trial, population: Population, *, rung: int, is_whole: bool
    ) -> Decision | None:
        """Return what becomes of a member at a rung; None if it has to wait for others."""
        standings = population.standings.get(rung, {})
        member = standings.get(trial.number) or Standing(
            trial=trial.id,
            number=trial.number,
            loss=math.inf,
            epoch=trial.epochs,
            configuration=trial.configuration,
        )
        everybody = {**standings, trial.number: member}
        order = [each.number for each in ranked(everybody)]
        place = f"rung {rung}: rank {1 + order.index(trial.number)} of {len(order)}"
        rng = generator(self._seed, role=f"pbt rung {rung}", number=trial.number)
        n_best = share(len(everybody), quantile=self._quantile, is_whole=is_whole)
        source = source_of(member, everybody, rng, method=self._exploit, n_best=n_best)
        if source is not None:
            return self._takes_over(source, rng, place=place)
        if math.isfinite(member.loss):
            return Decision(
                kind=DecisionKind.CONTINUE, reason=f"{place}, goes on with its own weights"
            )
        if not is_whole:
            return None
        reason = f"{place}, {self._objective.metric} is finite in no member"
        return Decision(kind=DecisionKind.STOP, reason=reason)

    def _takes_over(self, source: Standing, rng: np.random.Generator, *, place: str) -> Decision:
        before = after = dict(source.configuration)
        if self._space is not None and self._space.contains(before):
            after = explored(self._space, before, rng, **self._explores)
        return Decision(
            kind=DecisionKind.EXPLOIT,
            reason=f"{place}, takes over trial {source.trial}",
            exploit=Exploit(
                source=source.trial,
                epoch=source.epoch,
                configuration=after,
                changes=changes_of(before, after),
            ),
        )


def _verdict(trial: Trial, decision: Decision) -> Verdict:
    return Verdict(trial=trial.id, decision=decision)


def _interval_fault(interval: int | None, *, max_epochs: int) -> str | None:
    if max_epochs < 2:
        return (
            f"scheduler: pbt compares trials before their last epoch, which is epoch {max_epochs}. "
            "Give fidelity.max_epochs of at least 2."
        )
    if interval is None:
        return None
    return integer_fault("scheduler.interval", interval, at_least=1, at_most=max_epochs - 1)


def _population_fault(population: int | None, *, max_trials: int | None) -> str | None:
    if max_trials is not None and max_trials < 2:
        return (
            f"scheduler: pbt compares at least 2 trials, and budget.trials is {max_trials}. Give "
            "more trials, or use another scheduler."
        )
    if population is None:
        return None
    fault = integer_fault("scheduler.population", population, at_least=2, at_most=max_trials)
    return fault and (fault if max_trials is None else f"{fault} budget.trials is {max_trials}.")


def _budget_fault(size: int, *, every: int, max_total_epochs: int | None) -> str | None:
    """Return that nobody would go on after a first comparison, if the budget is so small."""
    if max_total_epochs is None or max_total_epochs > size * every:
        return None
    most = (max_total_epochs - 1) // every
    enough = f"population from 2 to {most}, or " if most >= 2 else ""
    return (
        f"scheduler.population is {size}, and {size} trials of {every} epochs use up "
        f"budget.epochs, {max_total_epochs}, before the first comparison. Give {enough}"
        f"budget.epochs of more than {size * every}."
    )


def _open_fault(key: str, value: object, *, at_most: float) -> str | None:
    """Return what is wrong with a number that must be above 0."""
    if type(value) in (int, float) and 0 < value <= at_most:  # type: ignore[operator]
        return None
    return f"{key} is {value!r}. It must be a number above 0, and at most {at_most:g}."
