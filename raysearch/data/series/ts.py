"""How is a .ts file read, the text format of sktime and aeon?

    @problemName Beats
    @timeStamps false
    @univariate false
    @equalLength false
    @classLabel true sick well
    @data
    1.5,2.5,3.5:0.1,0.2,?:well

Lines of data have the channels of one series, cut at ":", and its class or number behind the last
one. Values are cut at ","; "?" is a missing one. Steps with time stamps are not read.

References:
    Loening et al., "sktime: A Unified Interface for Machine Learning with Time Series", 2019.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from raysearch.counting import counted
from raysearch.data.arguments import listed
from raysearch.data.files import Source
from raysearch.data.series.raw import RawSeries

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MISSING = frozenset({"?", "nan", ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    """What stands before the data."""

    task: str | None
    classes: tuple[str, ...] | None
    n_channels: int | None
    is_equal: bool
    """Whether it says that all series have one length."""


def read_ts(text: str, *, source: Source) -> RawSeries:
    """Return the series of a file.

    Raises:
        ConfigurationError: It is no such file, or a line is not as its header says.
    """
    lines = _lines(text)
    header = _header(lines, source=source)
    values, labels, places = [], [], []
    for number, line in lines:
        place = f"line {number}"
        channels = line.split(":")
        if header.task is not None:
            if len(channels) < 2:
                raise source.fault(f"where {place} has no {_kind(header)} behind its values.")
            labels.append(channels.pop().strip())
        values.append(_series(channels, place=place, source=source))
        places.append(place)
    _check(values, labels, places, header=header, source=source)
    return RawSeries(
        source=source,
        values=values,
        channels=tuple(str(number) for number in range(len(values[0]) if values else 1)),
        places=places,
        labels=labels if header.task is not None else None,
        classes=header.classes,
        task=header.task,
    )


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that say something, with their numbers from 1."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith(("#", "%")):
            yield number, line.strip()


def _header(lines: Iterator[tuple[int, str]], *, source: Source) -> _Header:
    """Return what the header says; the next line is then the first one of the data."""
    said: dict[str, list[str]] = {}
    for number, line in lines:
        if not line.startswith("@"):
            raise source.fault(
                f"whose line {number} comes before a line @data: it is no .ts file of sktime. Put "
                "its header back, or give a .csv file its own ending."
            )
        key, *words = line[1:].split()
        if key.casefold() == "data":
            break
        said[key.casefold()] = words
    else:
        raise source.fault("which has no line @data, and so no series.")
    if said.get("timestamps", ["false"])[0].casefold() == "true":
        raise source.fault(
            "which has time stamps at its steps, and those are not read. Write it without, or as "
            "a long .csv with a column for time."
        )
    is_class, *classes = said.get("classlabel", ["false"])
    is_number = said.get("targetlabel", ["false"])[0]
    task = "regression" if is_number.casefold() == "true" else None
    if is_class.casefold() == "true":
        task = "classification"
    univariate = said.get("univariate", ["false"])[0].casefold() == "true"
    dimensions = said.get("dimensions", ["1" if univariate else ""])
    return _Header(
        task=task,
        classes=tuple(classes) if task == "classification" and classes else None,
        n_channels=int(dimensions[0]) if dimensions and dimensions[0].isdigit() else None,
        is_equal=said.get("equallength", ["false"])[0].casefold() == "true",
    )


def _series(channels: list[str], *, place: str, source: Source) -> NDArray[np.float64]:
    """Return the values of a line, (C, T)."""
    import numpy as np

    rows = []
    for channel in channels:
        texts = channel.split(",") if channel.strip() else []
        try:
            rows.append([_number(text) for text in texts])
        except ValueError:
            wrong = next(text for text in texts if not _is_number(text))
            raise source.fault(
                f"where {place} has {wrong.strip()!r} for a number. Mend it; a missing value is ?."
            ) from None
    if len({len(row) for row in rows}) != 1:
        lengths = listed(map(str, map(len, rows)))
        raise source.fault(
            f"where {place} is ragged: its channels have {lengths} values. Give each as many; a "
            "missing one is ?."
        )
    return np.array(rows, dtype=np.float64).reshape(len(rows), -1)


def _check(
    values: list[NDArray[np.float64]],
    labels: list[str],
    places: list[str],
    *,
    header: _Header,
    source: Source,
) -> None:
    """Refuse series that differ from what the header says, or from the first one."""
    n_channels = header.n_channels or (len(values[0]) if values else 0)
    for series, place in zip(values, places, strict=True):
        if len(series) != n_channels:
            raise source.fault(
                f"where {place} has {counted(len(series), 'channel')} instead of "
                f"{n_channels}. Mend the line, or what the header says of dimensions."
            )
        if header.is_equal and series.shape[1] != values[0].shape[1]:
            raise source.fault(
                f"where {place} is ragged: it has {series.shape[1]} steps, {places[0]} has "
                f"{values[0].shape[1]}, and the header says @equalLength true. Mend the line, or "
                "write @equalLength false."
            )
    for label, place in zip(labels, places, strict=False):
        if header.classes is not None and label not in header.classes and label != "?":
            raise source.fault(
                f"where {place} is of class {label!r}, and the header lists "
                f"{listed(header.classes)}. Mend one of them."
            )


def _kind(header: _Header) -> str:
    return "class" if header.task == "classification" else "number"


def _number(text: str) -> float:
    return float("nan") if text.strip().casefold() in _MISSING else float(text)


def _is_number(text: Any) -> bool:
    try:
        _number(text)
    except ValueError:
        return False
    return True
