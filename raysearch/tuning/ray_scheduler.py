"""How does a scheduler of Ray Tune's decide in a search of raysearch?

The engine asks it as it asks any policy, about each measurement, so that the journal stays ahead of
every decision; after a resume it is told all of them once more. Ray Tune itself is not asked. What
the scheduler sees of it are light trials and a controller that lists them:

    scheduler: {class: "ray.tune.schedulers:ASHAScheduler", args: {reduction_factor: 3}}

References:
    Liaw et al., "Tune: A Research Platform for Distributed Model Selection and Training",
    arXiv:1807.05118, 2018.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ray.tune.schedulers import FIFOScheduler, TrialScheduler

from raysearch.errors import ConfigurationError, SearchAborted, one_of
from raysearch.randomness import generator
from raysearch.schedulers import Scheduler, Verdict
from raysearch.trial import (
    Configuration,
    Decision,
    DecisionKind,
    Measurement,
    Objective,
    Trial,
    TrialStatus,
)
from raysearch.tuning.ray_classes import accepts, checked_class, construct, drawing_from

CHANGES_TRIALS = "ray.tune.schedulers.pbt"
"""Module of the schedulers that give trials other configurations as they run."""

ELSE = "The trials so far are kept; to go on, `resume` with another one, such as scheduler=asha."


@dataclass(slots=True, kw_only=True, eq=False)
class LightTrial:
    """What a scheduler of Ray Tune's looks at of a trial."""

    trial_id: str
    config: Configuration
    status: str = "RUNNING"
    last_result: Mapping[str, Any] = field(default_factory=dict)

    @property
    def evaluated_params(self) -> Configuration:
        """The values that were searched, which is all of them."""
        return self.config

    def is_finished(self) -> bool:
        """Return whether it has ended."""
        return self.status in ("TERMINATED", "ERROR")


class Controller:
    """What a scheduler of Ray Tune's may ask of the one that runs the trials: which there are.

    Args:
        name: Of the scheduler, for messages.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._trials: list[LightTrial] = []

    def add(self, trial: LightTrial) -> None:
        """Let a trial be listed."""
        self._trials.append(trial)

    def get_trials(self) -> list[LightTrial]:
        """Return all trials that have reported."""
        return list(self._trials)

    def get_live_trials(self) -> list[LightTrial]:
        """Return those of them that have not ended."""
        return [trial for trial in self._trials if not trial.is_finished()]

    def __getattr__(self, name: str) -> NoReturn:
        raise SearchAborted(
            f"Ray's {self._name} asks the one that runs its trials for `{name}`, which only Ray "
            f"Tune's own loop has. {ELSE}"
        )


class RayScheduler(Scheduler):
    """Decides as a scheduler of Ray Tune's does.

    It is given what Ray Tune gives it: epochs as `training_iteration`, seconds as `time_total_s`,
    steps as `timesteps_total`, and the metrics under their names. What it draws from NumPy's global
    generator is drawn by the search's seed. A trial is told of with its first measurement.

    What it pauses goes on once no new trials come, first come first, as in Ray Tune. A trial that
    it has stopped it is not asked about again, as the default, which goes on all the same. A value
    that is not finite stops a trial without its being asked, since to most of them NaN is as good
    as any value.

    Args:
        objective: What is compared: its metric and mode.
        max_epochs: Epochs of a trial that is never stopped; its `max_t`, where it has such an
            argument and `args` do not set it.
        seed: Governs what it draws.
        class_path: The class, as "ray.tune.schedulers:ASHAScheduler". It derives from Ray Tune's
            `FIFOScheduler`, and leaves to it which trial runs next.
        args: Arguments of its constructor. Those of time are in its own units.

    Raises:
        ConfigurationError: There is no such class, it cannot take part, or it refuses the
            arguments.

    Example:
        >>> accuracy = Objective(metric="val/accuracy", direction="maximize")
        >>> path, args = "ray.tune.schedulers:ASHAScheduler", {"reduction_factor": 3}
        >>> asha = RayScheduler(objective=accuracy, max_epochs=27, class_path=path, args=args)
        >>> for number, value in enumerate([0.5, 0.7, 0.6]):
        ...     measured = Measurement(
        ...         epoch=1, step=10, values={"val/accuracy": value}, seconds=1.0
        ...     )
        ...     trial = Trial(
        ...         id=str(number), number=number, configuration={}, measurements=(measured,)
        ...     )
        ...     print(asha.on_measurement(trial, measured).reason or "goes on")
        goes on
        goes on
        Ray's ASHAScheduler stopped it after epoch 1, at 0.6
    """

    def __init__(
        self,
        *,
        objective: Objective,
        max_epochs: int,
        seed: int = 0,
        class_path: str,
        args: Mapping[str, Any],
    ) -> None:
        self._objective = objective
        self._max_epochs = max_epochs
        self._seed = seed
        self._name = class_path.rpartition(":")[2]
        made = checked_class(class_path, base=TrialScheduler, section="scheduler")
        _refuse_choosing(made, name=self._name)
        given = {"max_t": max_epochs} if accepts(made, "max_t") and "max_t" not in args else {}
        self._scheduler = construct(made, args, section="scheduler", **given)
        mode = "min" if objective.direction == "minimize" else "max"
        if not self._scheduler.set_search_properties(objective.metric, mode):
            raise ConfigurationError(
                f"scheduler: {self._name} does not take the objective {objective.metric}. It has "
                "a metric of its own. Leave that out, or name another scheduler."
            )
        self._controller = Controller(self._name)
        self._known: dict[str, LightTrial] = {}
        self._stopped: dict[str, Decision] = {}

    def on_measurement(self, trial: Trial, measurement: Measurement) -> Decision:
        """Return what Ray's scheduler says of the trial."""
        if trial.id in self._stopped:
            return self._stopped[trial.id]
        decision = self._decision(trial, measurement)
        if decision.kind is DecisionKind.STOP:
            self._stopped[trial.id] = decision
        return decision

    def on_end(self, trial: Trial) -> None:
        """Tell Ray's scheduler that a trial has ended, if it knows it."""
        known = self._known.get(trial.id)
        if known is None or known.is_finished():
            return
        was_paused, controller = known.status == "PAUSED", self._controller
        if trial.status is TrialStatus.FAILED:
            known.status = "ERROR"
            self._ask(trial, lambda: self._scheduler.on_trial_error(controller, known))
        elif was_paused:
            known.status = "TERMINATED"
            self._ask(trial, lambda: self._scheduler.on_trial_remove(controller, known))
        else:
            last = dict(known.last_result)
            self._ask(trial, lambda: self._scheduler.on_trial_complete(controller, known, last))
            known.status = "TERMINATED"

    def pauses_at(self, trial: Trial) -> tuple[int, ...]:
        """Return all epochs if it is known to pause, as with `hard_stop: false`; else none.

        What any other one pauses goes on from its last checkpoint.
        """
        del trial
        pauses = getattr(self._scheduler, "_hard_stop", True) is False
        return tuple(range(1, self._max_epochs)) if pauses else ()

    def waits_at(self, trial: Trial) -> tuple[int, ...]:
        """Return none: it may pause after any epoch, and seldom does."""
        return ()

    def decide_paused(
        self, paused: Mapping[str, Trial], *, n_begun: int, more_to_come: bool
    ) -> Verdict | None:
        """Return the trial that was paused first, once no new ones come."""
        del n_begun
        if more_to_come or not paused:
            return None
        reason = f"first come, first served, as Ray's {self._name} leaves it"
        return Verdict(
            trial=next(iter(paused)), decision=Decision(kind=DecisionKind.CONTINUE, reason=reason)
        )

    def _decision(self, trial: Trial, measurement: Measurement) -> Decision:
        metric = self._objective.metric
        value = measurement.values[metric]
        if value is None:
            reason = f"{metric} is not finite at epoch {measurement.epoch}"
            return Decision(kind=DecisionKind.STOP, reason=reason)
        known = self._known.get(trial.id) or self._add(trial)
        known.status, result = "RUNNING", _result(trial, measurement)
        self._check_time(result)
        said = self._ask(
            trial,
            lambda: self._scheduler.on_trial_result(self._controller, known, dict(result)),
        )
        known.last_result = result
        where = f"after epoch {measurement.epoch}, at {value:.4g}"
        if said == TrialScheduler.STOP:
            reason = f"Ray's {self._name} stopped it {where}"
            return Decision(kind=DecisionKind.STOP, reason=reason)
        if said == TrialScheduler.PAUSE:
            known.status = "PAUSED"
            reason = f"Ray's {self._name} paused it {where}"
            return Decision(kind=DecisionKind.PAUSE, reason=reason)
        return Decision(kind=DecisionKind.CONTINUE)

    def _add(self, trial: Trial) -> LightTrial:
        known = LightTrial(trial_id=trial.id, config=dict(trial.configuration))
        self._known[trial.id] = known
        self._controller.add(known)
        self._ask(trial, lambda: self._scheduler.on_trial_add(self._controller, known))
        return known

    def _ask(self, trial: Trial, question: Callable[[], Any]) -> Any:
        """Return the answer to a question about a trial, in which draws are governed by the seed.

        Raises:
            SearchAborted: The scheduler raised something.
        """
        try:
            with drawing_from(generator(self._seed, role="scheduler", number=trial.number)):
                return question()
        except SearchAborted:
            raise
        except Exception as error:  # a class of anybody's may raise anything
            raise SearchAborted(
                f"Ray's {self._name} raised {type(error).__name__} about trial {trial.id}: "
                f"{error}. {ELSE}"
            ) from error

    def _check_time(self, result: Mapping[str, Any]) -> None:
        """Give up if the scheduler counts something that no trial reports: it would never act.

        Raises:
            SearchAborted: It is so.
        """
        time_attr = getattr(self._scheduler, "_time_attr", None)
        if time_attr is not None and time_attr not in result:
            raise SearchAborted(
                f"scheduler.args.time_attr is {time_attr}, which trials do not report, so that "
                f"Ray's {self._name} would never act. They report: {one_of(result)}. {ELSE}"
            )


def _result(trial: Trial, measurement: Measurement) -> dict[str, Any]:
    """Return a measurement as Ray Tune would hand it on."""
    return {
        **measurement.values,
        "config": dict(trial.configuration),
        "done": False,
        "time_total_s": measurement.seconds,
        "timesteps_total": measurement.step,
        "training_iteration": measurement.epoch,
        "trial_id": trial.id,
    }


def _refuse_choosing(made: type[Any], *, name: str) -> None:
    """Refuse a scheduler that does more than to say whether a trial goes on.

    Raises:
        ConfigurationError: It is one.
    """
    chooses = made.choose_trial_to_run is not FIFOScheduler.choose_trial_to_run
    if not chooses and all(base.__module__ != CHANGES_TRIALS for base in made.__mro__):
        return
    raise ConfigurationError(
        f"scheduler: {name} decides itself which trial runs when, and may change or restart "
        "trials, which only Ray Tune's own loop can do. Take one that stops trials, such as Ray's "
        "ASHAScheduler or MedianStoppingRule, or a built-in one that pauses them: asha with form: "
        "promotion, hyperband, successive_halving."
    )
