"""Which format does a file of series have, and what stands in it?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from raysearch.data.files import Source
from raysearch.data.series.arguments import SeriesArguments
from raysearch.data.series.frames import read_long, read_wide
from raysearch.data.series.npz import read_npz
from raysearch.data.series.raw import RawSeries
from raysearch.data.series.ts import read_ts
from raysearch.data.table.reading import read_table
from raysearch.errors import ConfigurationError


def read_series(source: Source, *, arguments: SeriesArguments) -> RawSeries:
    """Return the series of a file as they stand in it.

    An .npz file is known by its content, a .ts file by its ending; all else is a table.

    Raises:
        ConfigurationError: It cannot be read, is empty, or is not what the arguments say.
    """
    path = Path(source.path)
    if path.is_file() and path.stat().st_size == 0:
        raise source.fault("which is empty. Give a file with series in it.")
    if path.is_file() and path.suffix.casefold() == ".ts":
        _refuse(source, arguments, "of a .ts file", "target", "split", "group", "order_by", "time")
        found = read_ts(_text(source, encoding=arguments.encoding), source=source)
    elif _is_npz(path):
        _refuse(source, arguments, "of an .npz file", "series", "time")
        found = read_npz(source, arguments=arguments)
    else:
        found = _read_table(source, arguments=arguments)
    if not len(found):
        raise source.fault("which has no series. Give a file with series in it.")
    return found


def _read_table(source: Source, *, arguments: SeriesArguments) -> RawSeries:
    table = read_table(source, separator=arguments.separator, encoding=arguments.encoding)
    layout = arguments.layout
    if layout is None:
        is_long = arguments.series or arguments.time or arguments.is_forecast
        layout = "long" if is_long else "wide"
    if layout == "wide":  # where rows may be as long as their series
        return read_wide(table.frame, source=source, arguments=arguments)
    found = read_long(table.frame, source=source, arguments=arguments)
    return replace(found, notes=(*found.notes, *table.notes))


def _text(source: Source, *, encoding: str | None) -> str:
    try:
        return Path(source.path).read_text(encoding=encoding or "utf-8-sig")
    except UnicodeDecodeError as error:
        raise source.fault(
            f"which is not {encoding or 'utf-8'} from byte {error.start} on. Set encoding, such as "
            "latin-1."
        ) from error
    except UnicodeError as error:  # such as of utf-16 without a byte order mark
        raise source.fault(
            f"which is not {encoding or 'utf-8'}: {error}. Set encoding, such as utf-8."
        ) from error


def _is_npz(path: Path) -> bool:
    """Return whether a file is a zip archive, as .npz files are."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06") or path.suffix == ".npz"


def _refuse(source: Source, arguments: SeriesArguments, kind: str, *names: str) -> None:
    """Refuse arguments that a format has no columns for; of a forecast, targets are channels."""
    for name in names:
        if getattr(arguments, name) and not (name == "target" and arguments.is_forecast):
            raise ConfigurationError(
                f"{name} is {getattr(arguments, name)!r}, but the series {kind} have no columns: "
                f"{source.path}. Leave it out, or write a table."
            )
