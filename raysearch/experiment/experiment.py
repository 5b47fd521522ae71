"""What does an experiment come to, once its file is read, checked and resolved?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from raysearch.data_spec import DataSpec
from raysearch.errors import ConfigurationError, one_of
from raysearch.experiment.components import changes_configurations, construct
from raysearch.experiment.compress import Compress
from raysearch.experiment.means import Failures, Resources
from raysearch.experiment.mutables import DATA_PREFIX, fixed_parameters
from raysearch.experiment.repeats import Repeats
from raysearch.experiment.select import Select
from raysearch.experiment.several import Aims
from raysearch.experiment.spaces import MODEL
from raysearch.experiment.values import (
    Binding,
    Budget,
    CheckpointSettings,
    Component,
    DataChoice,
    Fidelity,
    ModelChoice,
    Refit,
)
from raysearch.imports import load_object
from raysearch.init_from import INIT_FROM, KEYS, InitFrom
from raysearch.schedulers import Scheduler
from raysearch.searchers import Searcher
from raysearch.space import Space
from raysearch.trial import Configuration, Loop, Objective, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """Everything that a search needs to know, checked; made by `load` and `from_settings`."""

    name: str
    """Begins the names of run directories."""
    seed: int
    """Governs all that is drawn."""
    data: DataChoice | None
    """None where a function trains by itself."""
    data_spec: DataSpec | None
    """None where it is not known before the data are read."""
    models: tuple[ModelChoice, ...]
    """The families that are searched, at least one, in the order of the file."""
    space: Space
    """What is searched: the parameters of families and data, replaced ranges in place."""
    links: Mapping[str, str]
    """Argument -> parameter whose value it takes; keys as in the space."""
    points: tuple[Configuration, ...]
    """Whole configurations that are tried first, after the default."""
    evidence: tuple[str, ...]
    """Run directories whose trials the searcher is told of."""
    aims: Aims
    """Objectives, constraints, and who wins."""
    searcher: Component
    scheduler: Component
    fidelity: Fidelity
    budget: Budget
    resources: Resources
    parallel: int | None
    """Trials at once; None for what the resources allow."""
    checkpoint: CheckpointSettings
    failures: Failures
    trainer: Mapping[str, Any]
    """Arguments of Lightning's Trainer that the file sets, and only those."""
    loop: Loop
    """What serves the batches of a fit."""
    repeats: Repeats | None
    """On how many folds each trial is trained; None where that is the split of the data."""
    select: Select | None
    """How the leaders are told apart before one of them wins; None where their ranking decides."""
    refit: Refit | None
    """How the winner is trained again on training and validation data together; None where it is
    not."""
    compress: Compress | None
    """How the winner is made smaller before the test; None where it is not."""
    settings: Mapping[str, Any]
    """The resolved document, plain JSON with all defaults filled in: `from_settings` makes an equal
    experiment of it."""
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    """Of a search: path of a checkpoint that models begin from -> SHA-256 of the file with which it
    began. In the journal, not in the settings."""

    @property
    def objective(self) -> Objective:
        """What is improved; of several objectives, the first."""
        return self.aims.objective

    @property
    def n_folds(self) -> int:
        """On how many folds of the data each trial is trained; 1 where it has one split."""
        return 1 if self.repeats is None else self.repeats.folds

    @property
    def begins_from_checkpoints(self) -> bool:
        """Whether some configurations begin from the weights of a checkpoint."""
        return any(self.checkpoints_of(choice) for choice in self.models)

    def checkpoints_of(self, choice: ModelChoice) -> tuple[str, ...]:
        """Return the paths of the checkpoints that a family may begin from."""
        if choice.start is None:
            return ()
        values = [choice.start.get(INIT_FROM)]
        for parameter in self.space:
            if parameter.key == choice.prefix + INIT_FROM:
                values += parameter.domain.grid()
        return tuple(str(value) for value in values if value is not None)

    def bind(self, configuration: Configuration) -> Binding:
        """Return the constructor arguments of model and data module for one configuration.

        The configuration is not validated against the space: it may stem from before the space was
        changed, and its trial still be worth refitting.

        Args:
            configuration: Flat, dotted keys, as the space has them.

        Raises:
            ConfigurationError: It is of a family that the experiment does not have.

        Example:
            >>> from raysearch.experiment import from_settings
            >>> experiment = from_settings(
            ...     {
            ...         "data": "digits",
            ...         "model": ["cnn", "mlp"],
            ...         "objective": "val/accuracy",
            ...         "fidelity": {"max_epochs": 9},
            ...     }
            ... )
            >>> bound = experiment.bind({"model": "mlp", "mlp.depth": 2, "data.batch_size": 64})
            >>> bound.model_class, bound.model_arguments["depth"], bound.data_arguments
            ('raysearch.models.mlp.module:MLP', 2,
             {'task': 'classification', 'validation': 0.2, 'test': 0.2, 'batch_size': 64,
             'seed': 0})
        """
        choice = self._choice(configuration)
        of_data: dict[str, Value] = {}
        of_model: dict[str, Value] = {}
        for key, value in self._linked(configuration, prefix=choice.prefix).items():
            if key.startswith("data."):
                of_data[key.removeprefix("data.")] = value
            elif key != MODEL or len(self.models) == 1:
                of_model[key.removeprefix(choice.prefix)] = value
        return Binding(
            init_from=self._start(choice, of_model),
            kind=choice.kind,
            model_class=choice.class_path,
            model_arguments={**choice.arguments, **of_model},
            data_class="" if self.data is None else self.data.class_path,
            data_arguments={} if self.data is None else self._data_arguments(self.data, of_data),
        )

    def _linked(self, configuration: Configuration, *, prefix: str) -> dict[str, Value]:
        """Return the configuration with the arguments that take another parameter's value."""
        mine = {
            target: configuration[source]
            for target, source in self.links.items()
            if source in configuration and target.startswith((prefix, "data."))
        }
        return {**configuration, **mine}

    def _data_arguments(self, data: DataChoice, searched: Mapping[str, Value]) -> dict[str, Any]:
        of_seed = {} if data.is_own else {"seed": self.seed}
        return {**data.arguments, **searched, **of_seed}

    def _start(self, choice: ModelChoice, searched: dict[str, Value]) -> InitFrom | None:
        """Take what is no argument of the constructor out of a configuration, and return it."""
        if choice.start is None:
            return None
        of_start = {key: searched.pop(key) for key in KEYS if key in searched}
        start = InitFrom.read({**choice.start, **of_start})
        if start is None:
            return None
        return replace(start, sha256=self.fingerprints.get(start.checkpoint))

    def make_searcher(self) -> Searcher:
        """Return a new searcher on the space."""
        searcher = construct(
            self.searcher,
            self.space,
            objective=self.objective,
            objectives=self.aims.objectives,
            seed=self.seed,
        )
        return cast("Searcher", searcher)

    def make_scheduler(self) -> Scheduler:
        """Return a new scheduler."""
        scheduler = construct(
            self.scheduler,
            objective=self.objective,
            objectives=self.aims.objectives,
            max_epochs=self.fidelity.epochs,
            seed=self.seed,
            if_asked={
                "max_trials": self.budget.trials,
                "max_total_epochs": self.budget.epochs,
                "space": self.space,
                "fixed": self._fixed_parameters(),
            },
        )
        return cast("Scheduler", scheduler)

    @property
    def is_population(self) -> bool:
        """Whether trials are trained side by side and go on with the weights of one another."""
        return bool(getattr(load_object(self.scheduler.class_path), "exploits", False))

    def mutable_arguments(self, configuration: Configuration) -> tuple[str, ...]:
        """Return the arguments that the scheduler may change while a trial trains.

        Those of the data begin with "data.". None, if it is no scheduler that changes any.
        """
        if not changes_configurations(self.scheduler):
            return ()
        fixed, prefix = self._fixed_parameters(), self._choice(configuration).prefix
        return tuple(
            key if key.startswith(DATA_PREFIX) else key.removeprefix(prefix)
            for key in configuration
            if key not in fixed
        )

    def _fixed_parameters(self) -> dict[str, str]:
        asked = self.scheduler.settings.get("parameters") or ()
        return fixed_parameters(self.space, models=self.models, links=self.links, asked=asked)

    def _choice(self, configuration: Configuration) -> ModelChoice:
        if len(self.models) == 1:
            return self.models[0]
        names = {choice.name: choice for choice in self.models}
        name = configuration.get(MODEL)
        if name not in names:
            raise ConfigurationError(
                f"The configuration has {MODEL}: {name}, and the experiment {one_of(names)}. "
                f"Add the family to the section model."
            )
        return names[str(name)]
