"""Which tuners are there? Each is a search method of the engine under its usual name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, Unpack

from raysearch.checks import integer_fault, raise_faults
from raysearch.schedulers.bracket_plans import keras_tuner_plan, n_brackets
from raysearch.searchers import grid
from raysearch.space import Space
from raysearch.tuners.common import Common
from raysearch.tuners.method import Method
from raysearch.tuners.tuner import Tuner

GRID_VALUES = 10
"""Values of a number without a step in `GridSearch`."""


class RandomSearch(Tuner):
    """Draws every configuration at random, and none twice.

    Args:
        hypermodel: A function build(hp), or a `HyperModel`.
        objective: A metric that the model logs, or an `Objective`.
        max_trials: Configurations that are tried, the default among them; at least 1.
        seed: Governs all that is drawn; 0 by default.
        common: Further arguments: see `Common`.

    Example:
        ::

            tuner = RandomSearch(build, objective="val_accuracy", max_trials=20)
            tuner.search(train_loader, val_loader, epochs=10)
            model = tuner.get_best_models()[0]
    """

    def __init__(
        self,
        hypermodel: Any = None,
        objective: Any = None,
        max_trials: int = 10,
        seed: int | None = None,
        **common: Unpack[Common],
    ) -> None:
        method = Method(searcher={"name": "random"}, n_trials=_number(max_trials))
        super().__init__(hypermodel, objective, method, seed=seed, **common)


class GridSearch(Tuner):
    """Tries every combination of values once; ten values of a number without a step.

    Args:
        hypermodel: As in `RandomSearch`.
        objective: As in `RandomSearch`.
        max_trials: At most so many; None for all.
        seed: Governs training; nothing is drawn for the search.
        common: As in `RandomSearch`.
    """

    def __init__(
        self,
        hypermodel: Any = None,
        objective: Any = None,
        max_trials: int | None = None,
        seed: int | None = None,
        **common: Unpack[Common],
    ) -> None:
        searcher = {"name": "grid", "resolution": GRID_VALUES}
        n_trials = _all_of_grid if max_trials is None else _number(max_trials)
        method = Method(searcher=searcher, n_trials=n_trials)
        super().__init__(hypermodel, objective, method, seed=seed, **common)


class BayesianOptimization(Tuner):
    """Tries what a Gaussian process expects to improve most: the engine's `bayesian`.

    Args:
        hypermodel: As in `RandomSearch`.
        objective: As in `RandomSearch`.
        max_trials: As in `RandomSearch`.
        num_initial_points: Random configurations before the model is used; by default three for
            each hyperparameter, at least 4.
        seed: As in `RandomSearch`.
        common: As in `RandomSearch`.

    References:
        Snoek, Larochelle and Adams, "Practical Bayesian Optimization of Machine Learning
        Algorithms", NeurIPS 2012.
    """

    def __init__(
        self,
        hypermodel: Any = None,
        objective: Any = None,
        max_trials: int = 10,
        num_initial_points: int | None = None,
        seed: int | None = None,
        **common: Unpack[Common],
    ) -> None:
        searcher: dict[str, Any] = {"name": "bayesian"}
        if num_initial_points is not None:
            searcher["n_startup"] = num_initial_points
        method = Method(searcher=searcher, n_trials=_number(max_trials))
        super().__init__(hypermodel, objective, method, seed=seed, **common)


class HyperOpt(Tuner):
    """Tries what tree-structured Parzen estimators propose: the engine's `hyperopt`.

    Arguments are those of `RandomSearch`.

    References:
        Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011.
    """

    def __init__(
        self,
        hypermodel: Any = None,
        objective: Any = None,
        max_trials: int = 10,
        seed: int | None = None,
        **common: Unpack[Common],
    ) -> None:
        method = Method(searcher={"name": "hyperopt"}, n_trials=_number(max_trials))
        super().__init__(hypermodel, objective, method, seed=seed, **common)


class Evolution(Tuner):
    """Mutates the best of a population that ages: the engine's `evolution`.

    Args:
        hypermodel: As in `RandomSearch`.
        objective: As in `RandomSearch`.
        max_trials: As in `RandomSearch`.
        seed: As in `RandomSearch`.
        population_size: Trials that are alive at once, at least 2; the engine's own by default.
        common: As in `RandomSearch`.

    References:
        Real et al., "Regularized Evolution for Image Classifier Architecture Search", AAAI 2019.
    """

    def __init__(
        self,
        hypermodel: Any = None,
        objective: Any = None,
        max_trials: int = 100,
        seed: int | None = None,
        *,
        population_size: int | None = None,
        **common: Unpack[Common],
    ) -> None:
        searcher: dict[str, Any] = {"name": "evolution"}
        if population_size is not None:
            searcher["population_size"] = population_size
        method = Method(searcher=searcher, n_trials=_number(max_trials))
        super().__init__(hypermodel, objective, method, seed=seed, **common)


class Hyperband(Tuner):
    """Trains many configurations for few epochs and few for many, with Keras Tuner's numbers.

    A trial that is promoted goes on from where it stood, with its optimiser, and is one trial.

    Args:
        hypermodel: As in `RandomSearch`.
        objective: As in `RandomSearch`.
        max_epochs: Epochs of a trial that is never stopped, at least 1.
        factor: One trial in about so many goes on at each comparison, at least 2.
        hyperband_iterations: How often all brackets are run through, at least 1.
        seed: As in `RandomSearch`.
        searcher: What suggests configurations, such as "hyperopt": random ones by default.
        common: As in `RandomSearch`.

    References:
        Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", JMLR
        18, 2018.
    """

    def __init__(
        self,
        hypermodel: Any = None,
        objective: Any = None,
        max_epochs: int = 100,
        factor: int = 3,
        hyperband_iterations: int = 1,
        seed: int | None = None,
        *,
        searcher: str | Mapping[str, Any] = "random",
        **common: Unpack[Common],
    ) -> None:
        raise_faults(
            integer_fault("max_epochs", max_epochs, at_least=1),
            integer_fault("factor", factor, at_least=2),
            integer_fault("hyperband_iterations", hyperband_iterations, at_least=1),
        )
        n_trials = hyperband_iterations * trials_of_hyperband(max_epochs, factor=factor)
        method = Method(
            searcher=_named(searcher),
            scheduler={
                "name": "hyperband",
                "arithmetic": "keras_tuner",
                "reduction_factor": factor,
            },
            n_trials=_number(n_trials),
            max_epochs=max_epochs,
        )
        super().__init__(hypermodel, objective, method, seed=seed, **common)


class ASHA(Tuner):
    """Stops what falls behind, without ever waiting: the engine's `asha`.

    Args:
        hypermodel: As in `RandomSearch`.
        objective: As in `RandomSearch`.
        max_epochs: Epochs of a trial that is never stopped, at least 1.
        max_trials: As in `RandomSearch`.
        seed: As in `RandomSearch`.
        factor: One trial in so many goes on at each comparison, at least 2.
        min_epochs: Epochs before the first comparison, at least 1.
        form: Whether what falls behind is stopped at once, or trials wait until they are promoted.
        searcher: What suggests configurations, such as "random".
        common: As in `RandomSearch`.

    References:
        Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020.
    """

    def __init__(
        self,
        hypermodel: Any = None,
        objective: Any = None,
        max_epochs: int = 100,
        max_trials: int = 50,
        seed: int | None = None,
        *,
        factor: int = 3,
        min_epochs: int = 1,
        form: Literal["stopping", "promotion"] = "stopping",
        searcher: str | Mapping[str, Any] = "hyperopt",
        **common: Unpack[Common],
    ) -> None:
        raise_faults(integer_fault("max_epochs", max_epochs, at_least=1))
        method = Method(
            searcher=_named(searcher),
            scheduler={
                "name": "asha",
                "reduction_factor": factor,
                "min_epochs": min_epochs,
                "form": form,
            },
            n_trials=_number(max_trials),
            max_epochs=max_epochs,
        )
        super().__init__(hypermodel, objective, method, seed=seed, **common)


def trials_of_hyperband(max_epochs: int, *, factor: int) -> int:
    """Return how many configurations all brackets begin together, promotions not counted.

    Example:
        >>> trials_of_hyperband(10, factor=3)
        22
    """
    brackets = n_brackets(min_epochs=1, max_epochs=max_epochs, reduction_factor=factor)
    given = {"brackets": brackets, "max_epochs": max_epochs, "reduction_factor": factor}
    return sum(keras_tuner_plan(bracket, **given).sizes[0] for bracket in range(brackets))


def _number(max_trials: int) -> Callable[[Space], int]:
    raise_faults(integer_fault("max_trials", max_trials, at_least=1))
    return lambda space: max_trials


def _all_of_grid(space: Space) -> int:
    return grid.count(space, resolution=GRID_VALUES)


def _named(searcher: str | Mapping[str, Any]) -> Mapping[str, Any]:
    return {"name": searcher} if isinstance(searcher, str) else searcher
