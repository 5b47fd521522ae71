"""What might learning curves look like over any search space? A seeded family of them.

The error of a configuration x after t epochs falls from 1, that of an untrained network, towards an
asymptote:

    error(x, t) = a(x) + (1 - a(x)) * exp(-r(x) * s(t)) + noise
    s(t) = log(1 + t) for the shape "power", which makes it a power law, (1 + t) ** -r
    s(t) = t          for the shape "exponential"

Asymptote a, rate r and the duration of an epoch depend on x by a random response surface each: see
`raysearch.simulation.surface`.

References:
    Domhan, Springenberg and Hutter, "Speeding Up Automatic Hyperparameter Optimization of Deep
    Neural Networks by Extrapolation of Learning Curves", IJCAI 2015: parametric curves over epochs,
    power laws and exponentials among them.
    Viering and Loog, "The Shape of Learning Curves: A Review", IEEE TPAMI 45(6), 2023
    (arXiv:2103.10948): the evidence for both shapes.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from raysearch.checks import number_fault, raise_faults
from raysearch.errors import unknown_name
from raysearch.randomness import generator
from raysearch.simulation.curves import Curve
from raysearch.simulation.surface import Surface
from raysearch.space import Float, Space
from raysearch.trial import Configuration, Objective

ASYMPTOTES = 0.05, 0.6
"""Of the best and of the worst configuration."""

RATES = {"power": (2.0, 0.4), "exponential": (1.0, 0.05)}
"""Of the fastest and of the slowest configuration, by shape."""

MEAN_EPOCHS_TO_TROUBLE = 4
"""Mean of the geometric distribution of the epoch in which a trial fails or diverges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveSettings:
    """What a family of curves is like.

    Raises:
        ConfigurationError: A setting lies outside its range; all of them are named at once.
    """

    shape: Literal["power", "exponential"] = "power"
    noise: float = 0.01
    """Standard deviation of the error at each epoch, independent of the others; at least 0."""
    crossing: float = 0.5
    """How far speed is a matter of its own, from 0 to 1. At 0 the better a configuration, the
    faster it learns, and no two curves cross but by noise; at 1 speed says nothing of where a curve
    leads."""
    failing: float = 0.0
    """Share of configurations whose training raises, from 0 to 1; some only after many epochs."""
    diverging: float = 0.0
    """Share of configurations that report NaN from some epoch on, from 0 to 1."""
    fastest_seconds: float = 1.0
    """Duration of an epoch of the cheapest configuration, at least 0.001."""
    slowest_seconds: float = 4.0
    """Duration of an epoch of the dearest configuration, at least `fastest_seconds`."""

    def __post_init__(self) -> None:
        shape, fastest, slowest = self.shape, self.fastest_seconds, self.slowest_seconds
        wrong_shape = unknown_name(shape, kind="a shape of learning curves", valid=RATES)
        wrong_fastest = number_fault("curves.fastest_seconds", fastest, at_least=0.001)
        raise_faults(
            None if shape in RATES else wrong_shape,
            number_fault("curves.noise", self.noise, at_least=0),
            number_fault("curves.crossing", self.crossing, at_least=0, at_most=1),
            number_fault("curves.failing", self.failing, at_least=0, at_most=1),
            number_fault("curves.diverging", self.diverging, at_least=0, at_most=1),
            wrong_fastest or number_fault("curves.slowest_seconds", slowest, at_least=fastest),
        )


class ParametricCurves:
    """A family of learning curves over a space; the module has the formulas.

    What is reported is the error when the objective is minimised, and 1 - error when it is
    maximised, not clipped, so that noise may carry it past 0 or 1. What is drawn for a
    configuration depends on it and the seed alone, and each setting may be changed without moving
    the rest.

    Args:
        space: The search space.
        objective: The one metric that is reported.
        seed: Governs surfaces, noise and failures, at least 0.
        settings: What the curves are like.

    Example:
        >>> from raysearch.space import Float
        >>> space = Space({"dropout": Float(0.0, 0.5)})
        >>> loss = Objective(metric="val/loss", direction="minimize")
        >>> curves = ParametricCurves(space, objective=loss, settings=CurveSettings(noise=0.0))
        >>> curve = curves.curve({"dropout": 0.2}, n_epochs=3)
        >>> [round(value, 3) for value in curve.values["val/loss"]]
        [0.404, 0.258, 0.197]
        >>> curves.expected({"dropout": 0.2}, epoch=3) == curve.values["val/loss"][-1]
        True
    """

    def __init__(
        self,
        space: Space,
        *,
        objective: Objective,
        seed: int = 0,
        settings: CurveSettings | None = None,
    ) -> None:
        # a graph has no place on a scale, so it is given one
        self._graphs = tuple(p.key for p in space if not p.domain.has_places)
        space = space.replaced({key: Float(0.0, 1.0) for key in self._graphs})
        self._space = space
        self._objective = objective
        self._seed = seed
        self._settings = settings or CurveSettings()
        self._asymptote, self._speed, self._cost = (
            Surface(space, rng=generator(seed, role="surface", number=number))
            for number in range(3)
        )

    def curve(self, configuration: Configuration, *, n_epochs: int) -> Curve:
        """Return the configuration's curve; a shorter one is the beginning of a longer one.

        Raises:
            ConfigurationError: The configuration does not lie in the space.
        """
        settings = self._settings
        vector = self._place(configuration)
        rng = generator(self._seed, role="curve", number=zlib.crc32(vector.tobytes()))
        fails_in = _trouble(rng, share=settings.failing)
        diverges_in = _trouble(rng, share=settings.diverging)
        places: list[float] = vector.tolist()
        epochs = np.arange(1, n_epochs + 1)
        errors = self._errors(places, epochs) + settings.noise * rng.standard_normal(n_epochs)
        values = np.where(epochs < diverges_in, self._values(errors), np.nan)
        fastest, slowest = settings.fastest_seconds, settings.slowest_seconds
        return Curve(
            values={self._objective.metric: values.tolist()},
            seconds=_between(fastest, slowest, place=self._cost(places)),
            raises_in=int(fails_in) if fails_in <= n_epochs else None,
        )

    def expected(self, configuration: Configuration, *, epoch: int) -> float:
        """Return the objective after an epoch without noise, failure or divergence.

        What a winner is really worth: the value that won is mostly better than that, since it was
        chosen for its noise as well.
        """
        places: list[float] = self._place(configuration).tolist()
        return float(self._values(self._errors(places, np.array([epoch])))[0])

    def _place(self, configuration: Configuration) -> NDArray[np.float64]:
        """Return where a configuration lies, a vector with one number for each parameter."""
        drawn = {
            key: zlib.crc32(str(configuration[key]).encode()) / 2**32
            for key in self._graphs
            if key in configuration
        }
        return self._space.encode({**configuration, **drawn} if drawn else configuration)

    def _errors(self, places: list[float], epochs: NDArray[np.int_]) -> NDArray[np.float64]:
        """Return the error after each of the epochs, without noise."""
        settings = self._settings
        badness = self._asymptote(places)
        slowness = (1 - settings.crossing) * badness + settings.crossing * self._speed(places)
        best, worst = ASYMPTOTES
        asymptote = best + (worst - best) * badness
        rate = _between(*RATES[settings.shape], place=slowness)
        time = np.log1p(epochs) if settings.shape == "power" else epochs
        return asymptote + (1 - asymptote) * np.exp(-rate * time)

    def _values(self, errors: NDArray[np.float64]) -> NDArray[np.float64]:
        return errors if self._objective.direction == "minimize" else 1 - errors


def _trouble(rng: np.random.Generator, *, share: float) -> float:
    """Return the epoch in which trouble begins, from 1; infinity for never. Always draws twice."""
    is_struck, epoch = rng.random() < share, rng.geometric(1 / MEAN_EPOCHS_TO_TROUBLE)
    return float(epoch) if is_struck else math.inf


def _between(low: float, high: float, *, place: float) -> float:
    """Return the geometric mean of two positive numbers, at a place from 0 to 1 between them."""
    return float(low * (high / low) ** place)
