"""What becomes of series that are ragged, have gaps, or no length?

The argument `missing` says it: refuse them with file and place, fill gaps in a line between their
neighbours, or drop the series. Gaps of series to be forecast are filled with the last value before
them, since a line to the next one would tell what is not known yet. Values that are not finite,
or beyond what float32 can hold, count as missing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from raysearch.counting import agreeing
from raysearch.data.arguments import LARGEST_NUMBER
from raysearch.data.series.arguments import SeriesArguments
from raysearch.data.series.raw import RawSeries

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_REMEDY = "Mend the file, or write `missing: drop` to leave such series out"


def clean(raw: RawSeries, *, arguments: SeriesArguments) -> RawSeries:
    """Return series of at least one step, without gaps, of equal lengths if they must be.

    With `lengths: unequal`, a series ends where nothing but gaps follow.

    Gaps of series to be forecast stay, as NaN, where they are to be dropped, or have no value
    before them to be filled with: only the windows that have them are left out.

    Raises:
        ConfigurationError: A series is not so, and the arguments do not say what to do.
    """
    import numpy as np

    if arguments.lengths == "unequal":
        raw = replace(raw, values=[series[:, : _end(series)] for series in raw.values])
    is_number = [np.abs(v) <= LARGEST_NUMBER for v in raw.values]
    values = [np.where(i, v, np.nan) for i, v in zip(is_number, raw.values, strict=True)]
    raw = replace(raw, values=values)
    raw = _with_length(raw, arguments=arguments)
    raw = _with_targets(raw, arguments=arguments)
    if arguments.missing == "interpolate":
        raw = _interpolated(raw, is_forecast=arguments.is_forecast)
    elif arguments.missing == "refuse":
        _refuse_gaps(raw, is_forecast=arguments.is_forecast)
    elif not arguments.is_forecast:
        gaps = [number for number, v in enumerate(raw.values) if np.isnan(v).any()]
        raw = _dropped(raw, gaps, why="values are missing")
    if arguments.lengths == "equal":
        _refuse_ragged(raw)
    return raw


def _end(series: NDArray[np.float64]) -> int:
    """Return how many steps of (C, T) there are before nothing but gaps."""
    import numpy as np

    present = np.flatnonzero(~np.isnan(series).all(axis=0))
    return int(present[-1]) + 1 if len(present) else 0


def _with_length(raw: RawSeries, *, arguments: SeriesArguments) -> RawSeries:
    empty = [number for number, values in enumerate(raw.values) if values.shape[1] == 0]
    if empty and arguments.missing != "drop":
        raise raw.fault(empty, f"has no steps at all. {_REMEDY}.")
    return _dropped(raw, empty, why="they have no steps")


def _with_targets(raw: RawSeries, *, arguments: SeriesArguments) -> RawSeries:
    if raw.labels is None or arguments.is_forecast:
        return raw
    absent = [number for number, label in enumerate(raw.labels) if is_absent(label)]
    if absent and arguments.missing != "drop":
        raise raw.fault(absent, f"has no target. {_REMEDY}.")
    return _dropped(raw, absent, why="they have no target")


def is_absent(label: object) -> bool:
    """Return whether a target says that there is none.

    Example:
        >>> [is_absent(label) for label in (None, float("nan"), "?", " NaN", "none", 0)]
        [True, True, True, True, False, False]
    """
    return label is None or label != label or str(label).strip().casefold() in ("", "?", "nan")


def _refuse_gaps(raw: RawSeries, *, is_forecast: bool) -> None:
    import numpy as np

    gaps = [number for number, values in enumerate(raw.values) if np.isnan(values).any()]
    if not gaps:
        return
    missing = np.isnan(raw.values[gaps[0]])
    channel, step = (int(places[0]) for places in np.nonzero(missing))
    named = f" of {raw.channels[channel]}" if len(raw.channels) > 1 else ""
    ends = "" if not missing[:, -1].all() else " (if it ends there: `lengths: unequal`)"
    what = f"has no finite value{named} at step {step + 1}{ends}"
    source = "with the last value before them" if is_forecast else "from their neighbours"
    has, have = (f"of {len(raw)} series {verb} gaps" for verb in ("has", "have"))
    raise raw.fault(
        gaps[:1],
        f"{what}; {agreeing(len(gaps), has, have)}. Mend the file, or write "
        f"`missing: interpolate` to fill them {source}, or `missing: drop`.",
    )


def _interpolated(raw: RawSeries, *, is_forecast: bool) -> RawSeries:
    """Return series whose gaps are filled in a line, beyond the ends with the nearest value.

    Those to be forecast are filled with the last value before; gaps that have none stay, as NaN.
    """
    import numpy as np

    fill = _filled_forward if is_forecast else _filled
    filled = 0
    values = []
    for number, series in enumerate(raw.values):
        gaps = np.isnan(series)
        if gaps.all(axis=1).any():
            raise raw.fault(
                [number], f"has a channel without any value to fill gaps from. {_REMEDY}."
            )
        values.append(fill(series, gaps) if gaps.any() else series)
        filled += int(gaps.sum() - np.isnan(values[-1]).sum())
    how = "with the last value before them" if is_forecast else "in a line between their neighbours"
    note = f"{filled} missing values are filled {how}."
    return replace(raw, values=values, notes=(*raw.notes, note) if filled else raw.notes)


def _filled(series: NDArray[np.float64], gaps: NDArray[np.bool_]) -> NDArray[np.float64]:
    import numpy as np

    steps = np.arange(series.shape[1])
    rows = [np.interp(steps, steps[~gap], row[~gap]) for row, gap in zip(series, gaps, strict=True)]
    return np.stack(rows)


def _filled_forward(series: NDArray[np.float64], gaps: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return (C, T) with the last value before in gaps, NaN where there is none before."""
    import numpy as np

    known = np.where(gaps, 0, np.arange(series.shape[1]))
    # a gap at the very beginning takes the first value, which is itself one, NaN
    return np.take_along_axis(series, np.maximum.accumulate(known, axis=1), axis=1)


def _refuse_ragged(raw: RawSeries) -> None:
    first = raw.values[0].shape[1]
    others = [number for number, values in enumerate(raw.values) if values.shape[1] != first]
    if others:
        raise raw.fault(
            others,
            f"is ragged: it has {raw.values[others[0]].shape[1]} steps, and {raw.places[0]} has "
            f"{first}. Mend the file, or write `lengths: unequal`.",
        )


def _dropped(raw: RawSeries, numbers: list[int], *, why: str) -> RawSeries:
    if not numbers:
        return raw
    left = [number for number in range(len(raw)) if number not in set(numbers)]
    if not left:
        raise raw.fault(numbers, f"is left out because {why}, and no series is left.")
    one, many = (f"of {len(raw)} series {verb} left out" for verb in ("is", "are"))
    note = f"{agreeing(len(numbers), one, many)}: {why}."
    return raw.kept(left, note=f"{note} The first is {raw.place(numbers[0])}.")
