"""Which schedule of hyperparameters is best? The tuner whose trials take over from one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from raysearch.checks import integer_fault, raise_faults
from raysearch.tuners.common import Common
from raysearch.tuners.method import Method
from raysearch.tuners.tuner import Tuner


class PBT(Tuner):
    """Lets bad members of a population go on with the weights of good ones: the engine's `pbt`.

    What changes while a trial trains is what is called learning_rate, lr, momentum or weight_decay,
    and what `parameters` lists: nothing that decides which weights a model has.

    Args:
        hypermodel: As in `RandomSearch`.
        objective: As in `RandomSearch`.
        max_epochs: Epochs of a trial, at least 2.
        population_size: Members, at least 2.
        seed: As in `RandomSearch`.
        interval: Epochs between two comparisons, at least 1; a tenth of `max_epochs` by default.
        quantile: Share of the members that takes over from the best, in (0, 0.5].
        parameters: Names of what changes; None for those above.
        common: As in `RandomSearch`.

    References:
        Jaderberg et al., "Population Based Training of Neural Networks", 2017.
    """

    def __init__(
        self,
        hypermodel: Any = None,
        objective: Any = None,
        max_epochs: int = 100,
        population_size: int = 12,
        seed: int | None = None,
        *,
        interval: int | None = None,
        quantile: float = 0.25,
        parameters: Sequence[str] | None = None,
        **common: Unpack[Common],
    ) -> None:
        raise_faults(
            integer_fault("max_epochs", max_epochs, at_least=2),
            integer_fault("population_size", population_size, at_least=2),
        )
        method = Method(
            searcher={"name": "random"},
            scheduler={
                "name": "pbt",  # of as many members as there are trials
                "interval": interval,
                "quantile": quantile,
                "parameters": None if parameters is None else list(parameters),
            },
            n_trials=lambda space: population_size,
            max_epochs=max_epochs,
        )
        super().__init__(hypermodel, objective, method, seed=seed, **common)
