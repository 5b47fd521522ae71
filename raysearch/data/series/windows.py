"""How are series to be forecast cut into windows, so that the future is not known before?

A window is some steps that are read and the next `horizon` steps that are to be told. It belongs to
the split in which all of its told steps lie; what it reads may reach back into the split before,
which is known by then. Every series is cut at the same times, or, where nobody says when its steps
were, at the same shares of its length: the last part is the test, the one before it validation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from raysearch.counting import agreeing, counted
from raysearch.data.memory import free_bytes
from raysearch.data.room import Allocate, room_for
from raysearch.data.series.arguments import SeriesArguments
from raysearch.data.series.raw import RawSeries
from raysearch.data.series.splitting import Parts, split_series

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from raysearch.data.archive import Arrays


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Where the windows of each split are."""

    values: Sequence[NDArray[np.float64]]
    """Series, each (C, T)."""
    starts: Mapping[str, NDArray[np.intp]]
    """Split -> (W, 2), for each of its windows the series and the first step."""
    n_learnt: Sequence[int]
    """For each series, how many steps from its first one are for training."""
    n_read: int
    """Steps that a window reads."""
    allocate: Allocate
    """Makes the arrays of all windows."""
    of_folds: Arrays
    """What folds of the windows for training and validation must heed: "train_moments" and
    "validation_moments", (W, 2), when the first and the last told step are; or, of whole series,
    "train_groups" and "validation_groups", (W,)."""
    notes: tuple[str, ...] = ()

    def place(self, raws: Sequence[RawSeries], part: str, number: int) -> str:
        """Return where in the files a window of a split reads, for a message."""
        series, start = (int(place) for place in self.starts[part][number])
        places = [raw.place(one) for raw in raws for one in range(len(raw))]
        return f"steps {start + 1} to {start + self.n_read} of {places[series]}"


def cut_windows(raws: Sequence[RawSeries], *, arguments: SeriesArguments) -> Windows:
    """Return the windows of all splits.

    Raises:
        ConfigurationError: A split has none, or there are too many for memory and disk.
    """
    import numpy as np

    values = [series for raw in raws for series in raw.values]
    split_notes: list[str] = []
    is_whole = bool(arguments.split or arguments.group)
    if is_whole:
        parts, split_notes = split_series(raws, classes=None, arguments=arguments)
        regions, how = _whole(parts, values), "by whole series"
    else:
        regions, how = _by_time(raws, arguments=arguments), "by time"
    found: dict[str, list[NDArray[np.intp]]] = {part: [] for part in regions[0]}
    n_left_out = 0
    for number, (series, mine) in enumerate(zip(values, regions, strict=True)):
        for part, region in mine.items():
            able = _starts(region=region, arguments=arguments)
            whole = able[_are_whole(series, able, arguments=arguments)]
            n_left_out += len(able) - len(whole)
            # two times (W,) -> (W, 2)
            found[part].append(np.stack([np.full_like(whole, number), whole], axis=1))
    starts = {part: np.concatenate(pairs) for part, pairs in found.items()}
    allocate = _checked(starts, values, source=raws[0], arguments=arguments)
    counts = ", ".join(f"{len(pairs)} for {part}" for part, pairs in starts.items())
    notes = [
        *split_notes,
        f"{agreeing(arguments.steps_read, 'step is', 'steps are')} read to tell the "
        f"next {arguments.horizon}; windows are split {how}: {counts}.",
    ]
    if n_left_out:
        are = agreeing(n_left_out, "window is left out", "windows are left out")
        notes.append(f"{are}, since values are missing there.")
    n_learnt = [mine["train"][1] for mine in regions]
    return Windows(
        values=values,
        starts=starts,
        n_learnt=n_learnt,
        n_read=arguments.steps_read,
        allocate=allocate,
        of_folds=(_groups if is_whole else _moments)(raws[0], starts, arguments=arguments),
        notes=tuple(notes),
    )


_Region = dict[str, tuple[int, int]]
"""Split -> the first step that it has of a series, and the one after its last."""


def _whole(parts: Parts, values: Sequence[NDArray[np.float64]]) -> list[_Region]:
    """Return all steps of a series in the split that it is in."""
    of_series = {int(number): part for part, members in parts.items() for number in members}
    return [
        {part: (0, values[number].shape[1] if of_series[number] == part else 0) for part in parts}
        for number in range(len(values))
    ]


def _by_time(raws: Sequence[RawSeries], *, arguments: SeriesArguments) -> list[_Region]:
    """Return the steps of each split, the earliest for training."""
    import numpy as np

    first = raws[0]
    has_file = len(raws) > 1
    test = 0.0 if has_file else arguments.test
    shares = np.array([1 - test - arguments.validation, 1 - test])
    cut_at = None
    if first.times is not None:
        moments = np.unique(np.concatenate(first.times))
        places = np.round(shares * len(moments)).astype(int)
        cut_at = np.append(moments, np.inf)[places]
    regions: list[_Region] = []
    for number, series in enumerate(first.values):
        n = series.shape[1]
        if first.times is None or cut_at is None:
            cuts = np.round(shares * n).astype(int)
        else:
            cuts = np.searchsorted(first.times[number], cut_at)
        known, seen = int(cuts[0]), int(cuts[1])
        test_region = (0, 0) if has_file else (seen, n)
        regions.append({"train": (0, known), "validation": (known, seen), "test": test_region})
    for series in raws[1].values if has_file else ():
        regions.append({"train": (0, 0), "validation": (0, 0), "test": (0, series.shape[1])})
    return regions


_WHOLE = 2**32
"""The length of a series in moments, where nobody says when its steps were."""


def _moments(
    raw: RawSeries, starts: Mapping[str, NDArray[np.intp]], *, arguments: SeriesArguments
) -> Arrays:
    """Return when the told steps of windows begin and end, as all series are cut alike."""
    import numpy as np

    if raw.times is not None:
        known = np.unique(np.concatenate(raw.times))
        of_series = [np.searchsorted(known, times) for times in raw.times]
    else:
        lengths = [series.shape[1] for series in raw.values]
        of_series = [np.arange(n) * _WHOLE // n for n in lengths]
    moments = np.concatenate(of_series).astype(np.int64)
    begins = np.cumsum([0, *(len(each) for each in of_series)])
    found = {}
    for part in ("train", "validation"):
        series, start = starts[part].T
        first = begins[series] + start + arguments.steps_read
        last = first + (arguments.horizon or 1) - 1
        # two times (W,) -> (W, 2)
        found[f"{part}_moments"] = np.stack([moments[first], moments[last]], axis=1)
    return found


def _groups(
    raw: RawSeries, starts: Mapping[str, NDArray[np.intp]], *, arguments: SeriesArguments
) -> Arrays:
    """Return the group of each window, which its series is in, or else is."""
    import numpy as np

    groups = np.arange(len(raw.values))
    if arguments.group is not None:
        names = [str(name) for name in raw.columns["group"]]
        groups = np.unique(names, return_inverse=True)[1]
    return {
        f"{part}_groups": groups[starts[part][:, 0]].astype(np.int64)
        for part in ("train", "validation")
    }


def _starts(*, region: tuple[int, int], arguments: SeriesArguments) -> NDArray[np.intp]:
    """Return the first steps of the windows whose told steps lie in a region, (W,)."""
    import numpy as np

    low, high = region
    read, horizon = arguments.steps_read, arguments.horizon or 1
    return np.arange(max(low - read, 0), high - read - horizon + 1, arguments.stride)


def _are_whole(
    series: NDArray[np.float64], starts: NDArray[np.intp], *, arguments: SeriesArguments
) -> NDArray[np.bool_]:
    """Return whether no value is missing in a window, (W,)."""
    import numpy as np

    gaps = np.concatenate([[0], np.cumsum(np.isnan(series).any(axis=0))])
    return np.asarray(
        gaps[starts + arguments.steps_read + (arguments.horizon or 1)] == gaps[starts]
    )


def _checked(
    starts: Mapping[str, NDArray[np.intp]],
    values: Sequence[NDArray[np.float64]],
    *,
    source: RawSeries,
    arguments: SeriesArguments,
) -> Allocate:
    """Refuse a split without windows, and too many windows; return what makes their arrays."""
    read, horizon = arguments.steps_read, arguments.horizon or 1
    longest = max(series.shape[1] for series in values)
    for part, found in starts.items():
        if len(found) < (2 if part == "train" else 1):
            raise source.source.fault(
                f"which gives {counted(len(found), 'window')} for {part}: one reads {read} "
                f"steps and tells {horizon}, and the longest series has {longest}. "
                "Choose a smaller window or "
                "horizon, or other shares."
            )
    n_windows = sum(map(len, starts.values()))
    n_bytes = 4 * n_windows * len(values[0]) * (read + horizon)
    stride = -(-n_bytes * arguments.stride // (free_bytes() or n_bytes))
    return room_for(
        n_bytes,
        what=f"{source.source.argument} is {source.source.path}, whose {n_windows} windows",
        remedy=f"Set stride to {stride} or more, to begin fewer of them",
    )
