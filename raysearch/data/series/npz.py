"""How is an .npz file read, and which of its arrays are what?

The series are an array (N, C, T), or (N, T) for one channel: named X, x, inputs, series, values or
data, or else the only array of two or three dimensions. A single series to be forecast may be (T,).
Classes or numbers are the array that `target` names, else y, targets, target or labels. An array
`lengths` says how many steps of each series count.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raysearch.data.arguments import listed
from raysearch.data.files import Source
from raysearch.data.series.arguments import SeriesArguments
from raysearch.data.series.raw import RawSeries
from raysearch.errors import did_you_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SERIES = ("X", "x", "inputs", "series", "values", "data")
_TARGETS = ("y", "targets", "target", "labels")


def read_npz(source: Source, *, arguments: SeriesArguments) -> RawSeries:
    """Return the series of a file.

    Raises:
        ConfigurationError: It cannot be read, or an array is not there or has another shape.
    """
    arrays = _arrays(source)
    values = _series(arrays, source=source, arguments=arguments)
    labels = None
    if not arguments.is_forecast:
        named = arguments.target[0] if arguments.target else _first(_TARGETS, arrays)
        if named is None:
            raise source.fault(
                f"which has no array of targets. It has {listed(arrays)}; name one with `target`."
            )
        labels = _column(named, arrays, n=len(values), argument="target", source=source)
    columns = {
        argument: _column(named, arrays, n=len(values), argument=argument, source=source)
        for argument in ("split", "group", "order_by")
        if (named := getattr(arguments, argument)) is not None
    }
    return RawSeries(
        source=source,
        values=values,
        channels=tuple(str(number) for number in range(len(values[0]) if values else 1)),
        places=[f"series {number}" for number in range(len(values))],
        labels=labels,
        columns=columns,
    )


def _arrays(source: Source) -> Mapping[str, NDArray[Any]]:
    import numpy as np

    try:
        with Path(source.path).open("rb") as file, np.load(file, allow_pickle=False) as entries:
            arrays = {name: entries[name] for name in entries.files}
    except ValueError as error:
        if not str(error).startswith("Object arrays"):
            raise source.fault(f"which is no .npz file of arrays: {error}.") from error
        raise source.fault(
            "which holds Python objects instead of arrays of numbers and text, and those are not "
            "read. Write series of several lengths as one array with `lengths`."
        ) from error
    except (OSError, EOFError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise source.fault(f"which is no .npz file of arrays: {error}.") from error
    except (zipfile.BadZipFile, zlib.error, RuntimeError) as error:  # or encrypted
        raise source.fault(f"which is no whole .npz file: {error}. Write it anew.") from error
    others = [name for name, entry in arrays.items() if not isinstance(entry, np.ndarray)]
    if others:
        raise source.fault(
            f"a zip archive with {listed(others, most=3)}, no array as all entries of an .npz file "
            "are. Unpack it, and give the file with the series; or write one with numpy.savez."
        )
    return arrays


def _series(
    arrays: Mapping[str, NDArray[Any]], *, source: Source, arguments: SeriesArguments
) -> list[NDArray[Any]]:
    """Return the values of each series, (C, T)."""
    import numpy as np

    name = _first(_SERIES, arrays)
    if name is None:
        able = [name for name, array in arrays.items() if array.ndim in (2, 3)]
        if len(able) != 1:
            raise source.fault(
                f"in which the series cannot be told: it has {listed(arrays)}. Name their array X."
            )
        (name,) = able
    found = arrays[name]
    if found.ndim == 1 and arguments.is_forecast:
        found = found[None]
    if found.ndim not in (2, 3) or not np.issubdtype(found.dtype, np.number):
        raise source.fault(
            f"whose array {name} has shape {found.shape} of {found.dtype}. It must be numbers of "
            "shape (series, steps) or (series, channels, steps)."
        )
    # (N, T) -> (N, 1, T)
    values = (found if found.ndim == 3 else found[:, None]).astype(np.float64)
    if "lengths" not in arrays:
        return list(values)
    lengths = _column("lengths", arrays, n=len(values), argument="lengths", source=source)
    for number, length in enumerate(lengths):
        if not (float(length).is_integer() and 0 <= length <= values.shape[2]):
            raise source.fault(
                f"where series {number} has the length {length}. It must be a whole number from 1 "
                f"to {values.shape[2]}, the steps there are."
            )
    return [series[:, : int(length)] for series, length in zip(values, lengths, strict=True)]


def _column(
    name: str, arrays: Mapping[str, NDArray[Any]], *, n: int, argument: str, source: Source
) -> list[Any]:
    """Return a value for each series, as Python values."""
    if name not in arrays:
        raise source.fault(
            f"which has no array {name}, as {argument} says. {did_you_mean(name, arrays)}It has "
            f"{listed(arrays)}."
        )
    column = arrays[name]
    if column.ndim == 2 and column.shape[1] == 1:
        column = column[:, 0]
    if column.shape != (n,):
        raise source.fault(
            f"whose array {name} has shape {column.shape}. It must have one value for each of the "
            f"{n} series."
        )
    values: list[Any] = column.tolist()
    return values


def _first(names: tuple[str, ...], arrays: Mapping[str, NDArray[Any]]) -> str | None:
    return next((name for name in names if name in arrays), None)
