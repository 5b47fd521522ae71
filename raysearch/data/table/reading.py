"""How does a file become a table of raw values, whoever wrote it?

A CSV file may have any of the usual separators and encodings; they are told by its content unless
they are given. Its values stay text: what they mean is decided from the training split alone, in
`columns`. The columns of a Parquet file, and of JSON lines, keep the types they have.
"""

from __future__ import annotations

import csv
import io
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from raysearch.counting import agreeing, counted
from raysearch.data.arguments import listed
from raysearch.data.files import Source
from raysearch.data.table.json_lines import frame_of, is_json_lines
from raysearch.data.table.numerals import is_number
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    import pandas as pd

_SEPARATORS = (",", ";", "\t", "|")

_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
"""Byte order marks."""

_PARQUET = (".parquet", ".parq", ".pq")
"""Endings of the names of Parquet files."""

_N_SNIFFED = 50
"""First lines by which a separator is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """A table as it stands in the file."""

    frame: pd.DataFrame
    """Of a CSV file: text, empty where nothing stands."""
    separator: str | None = None
    """Of a CSV file."""
    notes: tuple[str, ...] = ()
    """What a person should know about how it was read."""


def read_table(
    source: Source, *, separator: str | None = None, encoding: str | None = None
) -> RawTable:
    """Return the table in a file.

    Args:
        source: The file.
        separator: Of a CSV file; None to tell by its first lines.
        encoding: Of a CSV or JSON lines file; None to tell by its bytes.

    Raises:
        ConfigurationError: It cannot be read, is no table, or has two columns of one name.
    """
    content = source.content()
    if content.startswith(b"PAR1"):
        return _parquet(source)
    if content and Path(source.path).suffix.casefold() in _PARQUET:
        raise source.fault(
            "whose name is that of a Parquet file, but which does not begin as one, with PAR1: "
            "it is damaged, or of another kind. Write it anew; a CSV file should be called .csv."
        )
    text, notes = _decoded(content, source=source, encoding=encoding)
    if not text.strip():
        raise source.fault("which is empty. Give a file with a line of column names and rows.")
    if is_json_lines(text):
        return RawTable(frame=frame_of(text, source=source), notes=notes)
    return _of_text(text, source=source, separator=separator, notes=notes)


def _parquet(source: Source) -> RawTable:
    import pandas as pd

    try:
        frame = pd.read_parquet(source.path)
    except (ValueError, OSError, NotImplementedError) as error:
        raise source.fault(f"no whole Parquet file: {error}. Write it anew.") from error
    frame.columns = [str(name).strip() for name in frame.columns]
    objects = [name for name in frame if frame[name].dtype == object]
    nested = [name for name in objects if frame[name].map(_is_nested).any()]
    frame = frame.astype(dict.fromkeys(nested, str))
    _check_names(list(frame.columns), source=source)
    return RawTable(frame=frame.reset_index(drop=True))


def _is_nested(value: object) -> bool:
    """Return whether a value is a list or the like, of which only the text can be used."""
    return isinstance(value, Iterable) and not isinstance(value, str | bytes)


def _of_text(
    text: str, *, source: Source, separator: str | None, notes: tuple[str, ...]
) -> RawTable:
    """Return the table in a CSV file."""
    text = text.lstrip("\r\n")  # blank lines before the names
    separator = separator or _separator(text, source=source)
    header = next(_lines(text, separator=separator))
    names = [name.strip() or f"Unnamed: {place}" for place, name in enumerate(header)]
    _check_names(names, source=source)
    if all(is_number(name) for name in names):
        raise source.fault(
            f"whose first line is {listed(header, most=6)}: these are values, not names. Put a "
            "line with the names of the columns first."
        )
    frame = _parsed(text, names=names, separator=separator, source=source)
    short = _short_rows(text, frame=frame, separator=separator)
    if short:
        where = listed([f"row {row + 1}" for row in short], most=3)
        notes += (
            f"{agreeing(len(short), f'row of {source.path} has', f'rows of {source.path} have')} "
            f"fewer than the {counted(len(names), 'column')} of its first line: {where}. What is "
            "not there counts as missing.",
        )
    return RawTable(frame=frame, separator=separator, notes=notes)


def _short_rows(text: str, *, frame: pd.DataFrame, separator: str) -> list[int]:
    """Return the rows that end before the last column, which pandas has filled up."""
    if not (frame.iloc[:, -1] == "").any():
        return []
    widths = [len(line) for line in _lines(text, separator=separator) if line][1:]
    if len(widths) != len(frame):  # a line of blanks alone, which may be a row or none
        return []
    return [row for row, width in enumerate(widths) if width < frame.shape[1]]


def _decoded(
    content: bytes, *, source: Source, encoding: str | None
) -> tuple[str, tuple[str, ...]]:
    """Return the text of a file, without a byte order mark, and what to say about it."""
    if encoding is not None:
        try:
            return content.decode(encoding).lstrip("\ufeff"), ()
        except UnicodeError as error:  # of utf-16 without a byte order mark, not of one byte
            where = f"byte {error.start}" if isinstance(error, UnicodeDecodeError) else "the text"
            raise ConfigurationError(
                f"encoding is {encoding}, but {where} of {source.path} is not. Leave it out to "
                "tell it by the bytes."
            ) from error
    if content.startswith(_UTF_16_MARKS):
        try:
            return content.decode("utf-16"), ()
        except UnicodeDecodeError as error:
            raise source.fault(
                f"which begins as UTF-16, but is none from byte {error.start} on. Write it anew, "
                "or set encoding."
            ) from error
    try:
        return content.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        pass
    try:
        text, found = content.decode("cp1252"), "cp1252, the Western European one of Windows"
    except UnicodeDecodeError:
        text, found = content.decode("latin-1"), "latin-1"  # which has every byte
    return text, (f"{source.path} is not UTF-8; it was read as {found}. Else set encoding.",)


def _separator(text: str, *, source: Source) -> str:
    r"""Return the separator that cuts the first lines into the most columns, all alike.

    Example:
        >>> _separator("a;b\n1,5;2\n2,5;3\n", source=Source(path="a.csv"))
        ';'
    """
    found = {mark: _columns(text, separator=mark) for mark in _SEPARATORS}
    best = max(found, key=lambda mark: found[mark])
    if found[best][1] < 2:
        raise source.fault(
            "in which no separator cuts the first line into two columns or more. It is "
            f"{text.splitlines()[0][:80]!r}. Set separator."
        )
    return best


def _columns(text: str, *, separator: str) -> tuple[bool, int]:
    """Return whether a separator cuts the first lines alike, and how many columns it makes."""
    try:
        lines = list(islice(_lines(text, separator=separator), _N_SNIFFED))
    except csv.Error:
        return False, 0
    widths = Counter(len(line) for line in lines if line)
    width = len(lines[0])
    return width > 1 and widths[width] >= 0.8 * widths.total(), width


def _lines(text: str, *, separator: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)


def _parsed(text: str, *, names: Sequence[str], separator: str, source: Source) -> pd.DataFrame:
    """Return all values as text, empty behind the end of a row that is too short."""
    import pandas as pd

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                io.StringIO(text),
                sep=separator,
                names=names,
                header=0,
                index_col=False,
                dtype=str,
                na_filter=False,
                skipinitialspace=True,
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        reason = str(error).strip().removeprefix("Error tokenizing data. C error: ")
        raise source.fault(
            f"whose rows do not all have the {counted(len(names), 'column')} of its first line, "
            f"cut at {separator!r}: {reason}. "
            "Mend the row, put quotes around values that contain the "
            "separator, or set separator."
        ) from error


def _check_names(names: Sequence[str], *, source: Source) -> None:
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise source.fault(
            f"which has several columns named {listed(twice)}. Give each column a name of its own."
        )
