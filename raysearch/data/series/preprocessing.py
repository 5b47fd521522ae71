"""How are raw series turned into a model's inputs, and its outputs into answers?

What was measured on the training split, kept in every checkpoint as plain JSON, so that a model can
be used with nothing else:

    preprocessing = load_preprocessing("winner/model.ckpt")
    model = RNN.load_from_checkpoint("winner/model.ckpt").eval()
    outputs = model(*map(torch.from_numpy, preprocessing.transform([series])))
    preprocessing.labels(outputs)         # classes, or numbers in the data's own unit
    preprocessing.probabilities(outputs)  # of a classification
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raysearch.data.series.arguments import SeriesTask
from raysearch.data.series.scaling import Scales
from raysearch.data.state import stored_state
from raysearch.data.table.answers import as_array, shares_of
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STATE = "series"
"""Key under which the data module's part of a checkpoint has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessing:
    """What was measured on the training split.

    Shapes:
        outputs: (N, K) what a model gives
        N series or windows; K classes, or numbers: of a forecast the horizon of one channel after
        the other
    """

    task: SeriesTask
    channels: tuple[str, ...]
    """Names of the channels, in the order of the inputs."""
    scales: Scales
    """Of the inputs."""
    classes: tuple[str, ...] = ()
    """Of a classification, in the order of the outputs."""
    told: tuple[str, ...] = ()
    """Of a forecast: the channels that are told."""
    means: tuple[float, ...] = ()
    """Of a regression its target's mean, of a forecast that of each channel that is told."""
    stds: tuple[float, ...] = ()
    """The same of the standard deviation, by which outputs are multiplied."""
    window: int = 0
    """Of a forecast: steps that it is made from."""
    horizon: int = 0
    """Of a forecast: steps that are told."""

    def encode(self, series: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the input for one series, or one window, as it stands in a file.

        Args:
            series: In the unit of the file, without gaps.

        Shapes:
            series: (C, T)
            returns: (C, T)

        Raises:
            ConfigurationError: It has other channels, or of a forecast other steps.
        """
        import numpy as np

        values = np.asarray(series, dtype=np.float64)
        right = f"({len(self.channels)}, {self.window or 'T'})"
        n_steps = self.window or (values.shape[-1] if values.ndim else 0)
        if values.shape != (len(self.channels), n_steps) or not n_steps:
            raise ConfigurationError(
                f"The series has shape {values.shape}. It must be {right}, with the channels "
                f"{', '.join(self.channels)}."
            )
        return self.scales.apply(values).astype(np.float32)

    def transform(
        self, series: NDArray[np.float64] | Sequence[NDArray[np.float64]]
    ) -> tuple[NDArray[np.float32]] | tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return what a model takes for series or windows, as they stand in a file.

        Args:
            series: One or more, in the unit of the file, without gaps; of a forecast each has as
                many steps as a window. A single one, (C, T), is a batch of one.

        Returns:
            The inputs, zero behind the ends of series; and, where these differ, their lengths.

        Shapes:
            series: N times (C, T), with T of each
            returns: (N, C, T) with the largest T, and (N,)

        Raises:
            ConfigurationError: There is none, or one has other channels, or other steps than a
                window.
        """
        import numpy as np

        is_alone = getattr(series, "ndim", 0) == 2
        encoded = [self.encode(one) for one in ([np.asarray(series)] if is_alone else series)]
        if not encoded:
            raise ConfigurationError("There are no series. Give one or more.")
        lengths = np.array([one.shape[1] for one in encoded], dtype=np.int64)
        inputs = np.zeros((len(encoded), len(self.channels), lengths.max()), dtype=np.float32)
        for row, one in zip(inputs, encoded, strict=True):
            row[:, : one.shape[1]] = one
        return (inputs,) if len(set(lengths.tolist())) == 1 else (inputs, lengths)

    def labels(self, outputs: Any) -> list[str] | NDArray[np.float64]:
        """Return the most probable class for each row of outputs, or numbers in the data's unit.

        Shapes:
            returns: N classes; of a regression (N,); of a forecast as `numbers`
        """
        if self.task == "classification":
            return [self.classes[place] for place in as_array(outputs).argmax(axis=1)]
        found = self.numbers(outputs)
        return found if self.task == "forecasting" else found[:, 0]

    def probabilities(self, outputs: Any) -> NDArray[np.float64]:
        """Return the probability of each class, (N, K), in the order of `classes`.

        Raises:
            ConfigurationError: Numbers are told, and not classes.
        """
        if self.task != "classification":
            raise ConfigurationError(
                f"The model does {self.task}, and numbers have no probabilities. Use labels."
            )
        return shares_of(outputs)

    def numbers(self, outputs: Any) -> NDArray[np.float64]:
        """Return what is told, in the data's own unit.

        Shapes:
            returns: (N, 1); of a forecast (N, channels that are told, horizon)
        """
        import numpy as np

        means, stds = np.array(self.means)[:, None], np.array(self.stds)[:, None]
        found = as_array(outputs)
        # (N, K) -> (N, channels that are told, horizon)
        unscaled = found.reshape(len(found), len(self.means), -1) * stds + means
        return np.asarray(unscaled if self.task == "forecasting" else unscaled[:, 0])

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `from_json` reads back unchanged."""
        return {
            "task": self.task,
            "channels": list(self.channels),
            "scales": self.scales.to_json(),
            "classes": list(self.classes),
            "told": list(self.told),
            "means": list(self.means),
            "stds": list(self.stds),
            "window": self.window,
            "horizon": self.horizon,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Preprocessing:
        """Return what `to_json` wrote."""
        lists = ("channels", "classes", "told", "means", "stds")
        scales = Scales.from_json(values["scales"])
        return cls(**{**values, **{key: tuple(values[key]) for key in lists}, "scales": scales})


def load_preprocessing(checkpoint: str | Path) -> Preprocessing:
    """Return the preprocessing that a checkpoint keeps, such as a winner's `model.ckpt`.

    Raises:
        ConfigurationError: The checkpoint was not written in a training on data `series`.
    """
    return Preprocessing.from_json(stored_state(checkpoint, data="series", key=STATE))
