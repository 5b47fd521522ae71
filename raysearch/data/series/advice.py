"""What should a person know about prepared series before trusting what is measured on them?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from raysearch.data.arguments import listed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from raysearch.data.cache import Arrays
    from raysearch.data.series.raw import RawSeries
    from raysearch.data.series.splitting import Parts
    from raysearch.data_spec import DataSpec

_SPLITS = ("train", "validation", "test")


def leak_notes(raws: Sequence[RawSeries], *, parts: Parts) -> list[str]:
    """Return which series are in two splits at once, so that results look better than they are."""
    values = [series for raw in raws for series in raw.values]
    places = [raw.place(number) for raw in raws for number in range(len(raw))]
    first: dict[str, dict[bytes, int]] = {
        part: {_content(values[number]): int(number) for number in parts[part]} for part in _SPLITS
    }
    notes = []
    for place, part in enumerate(_SPLITS):
        for other in _SPLITS[:place]:
            both = [key for key in first[part] if key in first[other]]
            if both:
                here, there = places[first[part][both[0]]], places[first[other][both[0]]]
                notes.append(
                    f"{len(both)} series of the {part} split are also in the {other} split, such "
                    f"as {here}, which is {there}. Take copies out of the file."
                )
    return notes


def forecast_notes(
    prepared: Arrays, *, told: Sequence[int], names: Sequence[str], spec: DataSpec
) -> list[str]:
    """Return in which unit errors are, and what one makes who repeats the last value."""
    import numpy as np

    inputs, targets = prepared["validation_inputs"], prepared["validation_targets"]
    # (N, C, T) -> (N, told channels, 1), against (N, told channels, horizon)
    last = inputs[:, list(told), -1:].astype(np.float64)
    errors = last - targets.reshape(len(targets), len(told), -1)
    rmse = float(np.sqrt(np.square(errors).mean())) * spec.target_scale
    is_mixed = len(told) > 1 and spec.target_scale == 1.0
    unit = "in standard deviations of each channel" if is_mixed else "in the unit of the data"
    hint = " (with `scaling: common`, in the unit of the data)" if is_mixed else ""
    return [
        f"What is told of the next steps: {listed(names)}. val/rmse is {unit}{hint}; that of "
        f"repeating the last value is {rmse:.4g}.",
        *_same_windows(prepared),
    ]


def _same_windows(prepared: Arrays) -> list[str]:
    """Return whether windows of validation or test are also for training."""
    known = {row.tobytes() for row in prepared["train_inputs"]}
    notes = []
    for part in ("validation", "test"):
        inputs = prepared[f"{part}_inputs"]
        both = sum(row.tobytes() in known for row in inputs)
        if both:
            notes.append(
                f"{both} of {len(inputs)} windows of the {part} split read just what a training "
                "window reads. Take copied series and stretches where nothing changes out."
            )
    return notes


def _content(series: NDArray[np.float64]) -> bytes:
    import hashlib

    shape = repr(series.shape).encode()
    return hashlib.blake2b(shape + series.tobytes(), digest_size=16).digest()
