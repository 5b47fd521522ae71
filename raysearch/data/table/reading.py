"""How does a file become a table of raw values, whoever wrote it?

A CSV file may have any of the usual separators and encodings; they are told by its content unless
they are given. Its values stay text: what they mean is decided from the training split alone, in
`columns`. The columns of a Parquet file, and of JSON lines, keep the types they have.
"""

from __future__ import annotations

import csv
import hashlib
import io
import stat
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from raysearch.data.arguments import listed
from raysearch.data.table.arguments import TableArguments
from raysearch.data.table.json_lines import frame_of, is_json_lines
from raysearch.data.table.numerals import is_number
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    import pandas as pd

_SEPARATORS = (",", ";", "\t", "|")

_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
"""Byte order marks."""

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


def unread(path: str, reason: str) -> str:
    """Return what to say about a file that cannot be read."""
    return (
        f"path is {path}, which cannot be read ({reason}). Give the path of a CSV, Parquet or JSON "
        "lines file; a relative one starts at the working directory."
    )


def fingerprint(path: str) -> str:
    """Return 16 characters that stand for the content of a file; read again when it changes.

    Raises:
        ConfigurationError: There is no such file, or it cannot be read.
    """
    try:
        status = Path(path).stat()
        _refuse_endless(path, mode=status.st_mode)
        return _digest(path, status.st_mtime_ns, status.st_size)
    except OSError as error:
        raise ConfigurationError(unread(path, _reason(error))) from error


@lru_cache(maxsize=64)
def _digest(path: str, modified_ns: int, n_bytes: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def read_table(arguments: TableArguments) -> RawTable:
    """Return the table in a file.

    Raises:
        ConfigurationError: It cannot be read, is no table, or has two columns of one name.
    """
    path = Path(arguments.path)
    try:
        _refuse_endless(arguments.path, mode=path.stat().st_mode)
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(unread(arguments.path, _reason(error))) from error
    if content.startswith(b"PAR1"):
        return _parquet(path)
    return _of_text(content, arguments=arguments)


def _refuse_endless(path: str, *, mode: int) -> None:
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # a folder says so when it is opened
        raise ConfigurationError(
            f"path is {path}, a pipe or a device, and reading it may never end. Write the table to "
            "a CSV, Parquet or JSON lines file, and give its path."
        )


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__


def _parquet(path: Path) -> RawTable:
    import pandas as pd

    try:
        frame = pd.read_parquet(path)
    except (ValueError, OSError, NotImplementedError) as error:
        raise ConfigurationError(f"path is {path}, no whole Parquet file: {error}.") from error
    frame.columns = [str(name).strip() for name in frame.columns]
    objects = [name for name in frame if frame[name].dtype == object]
    nested = [name for name in objects if frame[name].map(_is_nested).any()]
    frame = frame.astype(dict.fromkeys(nested, str))
    _check_names(list(frame.columns), path=path)
    return RawTable(frame=frame.reset_index(drop=True))


def _is_nested(value: object) -> bool:
    """Return whether a value is a list or the like, of which only the text can be used."""
    return isinstance(value, Iterable) and not isinstance(value, str | bytes)


def _of_text(content: bytes, *, arguments: TableArguments) -> RawTable:
    path = Path(arguments.path)
    text, notes = _decoded(content, arguments=arguments)
    if not text.strip():
        raise ConfigurationError(
            f"path is {path}, which is empty. Give a file with a line of column names and rows."
        )
    if is_json_lines(text):
        return RawTable(frame=frame_of(text, path=arguments.path), notes=notes)
    text = text.lstrip("\r\n")  # blank lines before the names
    separator = arguments.separator or _separator(text, path=path)
    header = next(_lines(text, separator=separator))
    names = [name.strip() or f"Unnamed: {place}" for place, name in enumerate(header)]
    _check_names(names, path=path)
    if all(is_number(name) for name in names):
        raise ConfigurationError(
            f"path is {path}, whose first line is {listed(header, most=6)}: these are values, not "
            "names. Put a line with the names of the columns first."
        )
    frame = _parsed(text, names=names, separator=separator, path=path)
    return RawTable(frame=frame, separator=separator, notes=notes)


def _decoded(content: bytes, *, arguments: TableArguments) -> tuple[str, tuple[str, ...]]:
    """Return the text of a file, without a byte order mark, and what to say about it."""
    if arguments.encoding is not None:
        try:
            return content.decode(arguments.encoding).lstrip("\ufeff"), ()
        except UnicodeDecodeError as error:
            raise ConfigurationError(
                f"encoding is {arguments.encoding}, but byte {error.start} of {arguments.path} is "
                "not. Leave it out to tell it by the bytes."
            ) from error
    if content.startswith(_UTF_16_MARKS):
        return content.decode("utf-16"), ()
    try:
        return content.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        pass
    try:
        text, encoding = content.decode("cp1252"), "cp1252, the Western European one of Windows"
    except UnicodeDecodeError:
        text, encoding = content.decode("latin-1"), "latin-1"  # which has every byte
    return text, (f"The file is not UTF-8; it was read as {encoding}. Else set encoding.",)


def _separator(text: str, *, path: Path) -> str:
    r"""Return the separator that cuts the first lines into the most columns, all alike.

    Example:
        >>> _separator("a;b\n1,5;2\n2,5;3\n", path=Path("a.csv"))
        ';'
    """
    found = {mark: _columns(text, separator=mark) for mark in _SEPARATORS}
    best = max(found, key=lambda mark: found[mark])
    if found[best][1] < 2:
        raise ConfigurationError(
            f"path is {path}, in which no separator cuts the first line into two columns or more. "
            f"It is {text.splitlines()[0][:80]!r}. Set separator."
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


def _parsed(text: str, *, names: Sequence[str], separator: str, path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
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
        raise ConfigurationError(
            f"path is {path}, whose rows do not all have the {len(names)} columns of its first "
            f"line, cut at {separator!r}: {reason}. Mend the row, put quotes around values that "
            "contain the separator, or set separator."
        ) from error
    return frame.fillna("")  # rows that are too short


def _check_names(names: Sequence[str], *, path: Path) -> None:
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise ConfigurationError(
            f"path is {path}, which has several columns named {listed(twice)}. Give each column a "
            "name of its own."
        )
