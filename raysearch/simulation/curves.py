"""How would a configuration fare, epoch by epoch? From a table, or from anything else that knows.

`Curves` is what a simulated search trains instead of a model. `TableCurves` holds curves that were
measured or made up; `parametric.ParametricCurves` computes them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from raysearch.engine.lineage import Stretch
from raysearch.errors import ConfigurationError, one_of
from raysearch.searchers.tried import Key, key
from raysearch.trial import Configuration, Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """What a configuration reports and costs when it is trained.

    Training ends by itself after the last value, short of the search's last epoch or not.

    Raises:
        ConfigurationError: The metrics have different numbers of epochs, nothing ever happens, or
            a number lies outside its range.

    Example:
        >>> curve = Curve(values={"val/loss": [0.9, float("nan")]}, seconds=2.0)
        >>> curve.n_epochs
        2
        >>> measured = curve.measurement(2)
        >>> measured.values, measured.cause, measured.seconds
        ({'val/loss': None}, 'not finite: val/loss (nan)', 4.0)
    """

    values: Mapping[str, Sequence[float]]
    """Metric -> its value after epoch 1, 2, ...; NaN and infinity as a diverging network has."""
    seconds: float
    """Training time of one epoch, above 0."""
    raises_in: int | None = None
    """The epoch that ends in an exception instead of a measurement, from 1; None for no epoch."""

    def __post_init__(self) -> None:
        lengths = {metric: len(values) for metric, values in self.values.items()}
        if len(set(lengths.values())) > 1:
            raise ConfigurationError(
                f"The metrics of a curve have different numbers of epochs: {lengths}. "
                "Give each metric one value per epoch."
            )
        if not 0 < self.seconds < math.inf:
            raise ConfigurationError(
                f"seconds of a curve is {self.seconds}. An epoch must take a time above 0."
            )
        if self.raises_in is not None and not 1 <= self.raises_in <= self.n_epochs + 1:
            raise ConfigurationError(
                f"raises_in of a curve is {self.raises_in}, and it has {self.n_epochs} epochs. "
                f"Give an epoch from 1 to {self.n_epochs + 1}, or None."
            )
        if not self.n_epochs and self.raises_in is None:
            raise ConfigurationError(
                f"A curve of {one_of(self.values) or 'no metric'} has no epoch. Give one value at "
                "least, or raises_in=1 for a trial that fails at once."
            )

    @property
    def n_epochs(self) -> int:
        """Epochs that have values."""
        return len(next(iter(self.values.values()), ()))

    def measurement(self, epoch: int) -> Measurement:
        """Return what is reported after this epoch, from 1 to `n_epochs`; one step per epoch."""
        reported = {metric: values[epoch - 1] for metric, values in self.values.items()}
        wrong = [f"{m} ({value})" for m, value in reported.items() if not math.isfinite(value)]
        return Measurement(
            epoch=epoch,
            step=epoch,
            values={m: value if math.isfinite(value) else None for m, value in reported.items()},
            seconds=epoch * self.seconds,
            cause=f"not finite: {', '.join(wrong)}" if wrong else None,
        )


class Curves(Protocol):
    """Knows the curve of every configuration that can be suggested.

    Called once for each attempt to train a trial. The answer depends on the arguments alone, so
    that a trial that is trained again fares as it did before.
    """

    def curve(self, configuration: Configuration, *, n_epochs: int) -> Curve:
        """Return the curve of a configuration of the space.

        Args:
            configuration: As the searcher suggested it.
            n_epochs: Epochs that are looked at; values after them are not needed.
        """
        ...


@runtime_checkable
class Histories(Curves, Protocol):
    """Curves of trainings whose outcome depends on what was trained before, as weights do.

    Asked in place of `curve` where a trial took over the weights of another one.
    """

    def continued(
        self, configuration: Configuration, *, before: Sequence[Stretch], n_epochs: int
    ) -> Curve:
        """Return the curve of weights that are trained on with another configuration.

        Args:
            configuration: With which they are trained from here on.
            before: With which they were trained until here, from the first epoch.
            n_epochs: Epochs that are looked at, those before included.
        """
        ...


class Together:
    """Several curves of the same trainings, each of another metric.

    Args:
        curves: The first one says how long an epoch takes, and which trainings fail.
    """

    def __init__(self, curves: Sequence[Curves]) -> None:
        self._curves = tuple(curves)

    def curve(self, configuration: Configuration, *, n_epochs: int) -> Curve:
        """Return one curve with all metrics."""
        found = [curves.curve(configuration, n_epochs=n_epochs) for curves in self._curves]
        values = {metric: row for curve in found for metric, row in curve.values.items()}
        return replace(found[0], values=values)


class TableCurves:
    """The curves of a list of configurations.

    Args:
        rows: Configurations with their curves, each configuration once.

    Raises:
        ConfigurationError: A configuration occurs twice.

    Example:
        >>> table = TableCurves(
        ...     [
        ...         ({"width": 8}, Curve(values={"val/loss": [0.9, 0.7]}, seconds=1.0)),
        ...         ({"width": 16}, Curve(values={"val/loss": [0.8, 0.5]}, seconds=2.0)),
        ...     ]
        ... )
        >>> table.curve({"width": 16}, n_epochs=2).values
        {'val/loss': [0.8, 0.5]}
    """

    def __init__(self, rows: Iterable[tuple[Configuration, Curve]]) -> None:
        self._curves: dict[Key, Curve] = {}
        for configuration, curve in rows:
            if key(configuration) in self._curves:
                raise ConfigurationError(
                    f"The table of curves has two rows for {dict(configuration)}. Leave one out."
                )
            self._curves[key(configuration)] = curve

    def curve(self, configuration: Configuration, *, n_epochs: int) -> Curve:
        """Return the configuration's row, all its epochs.

        Raises:
            ConfigurationError: The table has no such row.
        """
        del n_epochs
        found = self._curves.get(key(configuration))
        if found is None:
            raise ConfigurationError(
                f"The table of curves has no row for {dict(configuration)}; it has "
                f"{len(self._curves)} others. Search a space of which every configuration, the "
                "default included, has a row."
            )
        return found
