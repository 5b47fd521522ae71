"""What should a person know about prepared series before trusting what is measured on them?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from raysearch.data.arguments import listed
from raysearch.data.leaks import joined, leak_note

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from raysearch.data.archive import Arrays
    from raysearch.data.series.raw import RawSeries
    from raysearch.data.series.splitting import Parts
    from raysearch.data_spec import DataSpec

_SPLITS = ("train", "validation", "test")


def leak_notes(raws: Sequence[RawSeries], *, parts: Parts) -> list[str]:
    """Return which series are in two splits at once, so that results look better than they are."""
    keys = [_content(series) for raw in raws for series in raw.values]
    places = [raw.place(number) for raw in raws for number in range(len(raw))]
    return [
        note
        for place, part in enumerate(_SPLITS)
        for among in _SPLITS[:place]
        for note in leak_note(
            keys,
            parts,
            what="series are the same",
            place=places.__getitem__,
            part=part,
            among=among,
        )
    ]


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
    ]


def window_notes(prepared: Arrays, *, place: Callable[[str, int], str]) -> list[str]:
    """Return whether windows of validation or test are also for training.

    Args:
        prepared: The arrays of the splits.
        place: Names a window, by its split and its number there.
    """
    numbers, rows = joined({part: range(len(prepared[f"{part}_inputs"])) for part in _SPLITS})
    names = [part for part in _SPLITS for _ in rows[part]]
    keys = [_content(row) for part in _SPLITS for row in prepared[f"{part}_inputs"]]
    return [
        note
        for part in ("validation", "test")
        for note in leak_note(
            keys,
            rows,
            what="windows read the same values",
            place=lambda row: place(names[row], numbers[row]),
            part=part,
            remedy="Take copied series, and stretches where nothing changes, out.",
        )
    ]


def _content(series: NDArray[Any]) -> bytes:
    import hashlib

    shape = repr(series.shape).encode()
    return hashlib.blake2b(shape + series.tobytes(), digest_size=16).digest()
