"""On which scale are the numbers that a model reads, and those that it tells?

Means and standard deviations are those of the training split alone, over all steps that are part of
a series. "channel" takes each channel by itself. "common" takes one standard deviation for all of
them, so that they keep their proportions. "series" takes each channel of each series by itself,
whatever split it is in: shapes are compared then, not levels. A channel that is constant where it
is measured gets the standard deviation 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from raysearch.data.series.arguments import SeriesScaling

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CONSTANT = 1e-12
"""A standard deviation of less than this share of the largest value is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scales:
    """What the channels of series are measured by."""

    kind: SeriesScaling
    means: tuple[float, ...]
    """Of each channel, in its own unit; 0 with "series" and "none"."""
    stds: tuple[float, ...]
    """Of each channel, in its own unit; 1 with "series" and "none"."""

    def apply(self, series: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a series (C, T) on these scales."""
        import numpy as np

        if self.kind == "series":
            means, stds = _moments(series)
        else:
            means, stds = np.array(self.means), np.array(self.stds)
        return np.asarray((series - means[:, None]) / stds[:, None])

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `from_json` reads back unchanged."""
        return {"kind": self.kind, "means": list(self.means), "stds": list(self.stds)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Scales:
        """Return the scales that `to_json` wrote."""
        return cls(kind=values["kind"], means=tuple(values["means"]), stds=tuple(values["stds"]))


def fit_scales(training: Sequence[NDArray[np.float64]], *, kind: SeriesScaling) -> Scales:
    """Return the scales of the training series, each (C, T); NaN counts as not there."""
    import numpy as np

    n_channels = len(training[0])
    if kind in ("series", "none"):
        return Scales(kind=kind, means=(0.0,) * n_channels, stds=(1.0,) * n_channels)
    means, stds = _moments(np.concatenate(training, axis=1))
    if kind == "common":
        stds = np.full_like(stds, np.sqrt(np.square(stds).mean()))
    return Scales(kind=kind, means=tuple(means.tolist()), stds=tuple(stds.tolist()))


def are_constant(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return whether each channel of (C, T) has one value at all steps, rounding errors apart."""
    import numpy as np

    largest = np.nanmax(np.abs(values), axis=1)
    return np.asarray(np.nanstd(values, axis=1) <= _CONSTANT * largest)


def _moments(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation of each channel of (C, T), the latter above 0."""
    import numpy as np

    stds = np.where(are_constant(values), 1.0, np.nanstd(values, axis=1))
    return np.nanmean(values, axis=1), stds
