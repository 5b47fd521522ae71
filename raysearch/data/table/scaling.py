"""How do numbers of any size get onto one scale, and what stands in for those that are missing?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from raysearch.data.table.arguments import Scaling

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SQUASH_AT = 3.0
"""Of robust scaling: no value gets further from the centre than this."""


_NORMAL_QUARTILES = 1.3489795
"""Distance of the quartiles of a normal distribution with standard deviation 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How numbers get onto one scale, with what was learnt from the training split.

    A missing value becomes the median. "standard" then takes the mean off and divides by the
    standard deviation. "robust" takes the median off, divides by the quartiles' distance in units
    of a normal distribution's, and bends what lies far out, x -> x / sqrt(1 + (x / 3)^2), so that
    heavy tails neither set the scale nor stick out of it.

    References:
        Holzmüller, Grinsztajn and Steinwart, "Better by Default: Strong Pre-Tuned MLPs and Boosted
        Trees on Tabular Data", NeurIPS 2024, section 3 (robust scaling and smooth clipping).
    """

    median: float
    center: float
    spread: float
    """Above 0."""
    is_bent: bool
    flags_missing: bool
    """Whether a second number says if the value was missing: where any was in training."""

    def __call__(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (N, 1 or 2) for values (N,), NaN where missing."""
        import numpy as np

        absent = np.isnan(values)
        scaled = (np.where(absent, self.median, values) - self.center) / self.spread
        if self.is_bent:
            scaled = scaled / np.sqrt(1 + (scaled / _SQUASH_AT) ** 2)
        return np.stack([scaled, absent] if self.flags_missing else [scaled], axis=1)


def fit_scale(values: NDArray[np.float64], *, scaling: Scaling) -> Scale:
    """Return how values are scaled, (N,) of which some are not NaN.

    Example:
        >>> import numpy as np
        >>> scale = fit_scale(np.array([1.0, 3.0, np.nan]), scaling="standard")
        >>> scale(np.array([3.0, np.nan])).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    import numpy as np

    known = values[~np.isnan(values)]
    median, center, spread = np.median(known), known.mean(), known.std()
    if scaling == "robust":
        low, high = np.quantile(known, [0.25, 0.75])
        center, spread = median, (high - low) / _NORMAL_QUARTILES or spread
    is_constant = not spread > 1e-12 * abs(center)
    return Scale(
        median=float(median),
        center=float(center),
        spread=1.0 if is_constant else float(spread),
        is_bent=scaling == "robust",
        flags_missing=len(known) < len(values),
    )
