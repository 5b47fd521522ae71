"""Which rows do the arguments of an experiment speak of, and in which file does each stand?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from raysearch.data.arguments import listed
from raysearch.data.files import Fingerprint, Source
from raysearch.data.table.arguments import TableArguments
from raysearch.data.table.reading import read_table
from raysearch.data.table.texts import texts_of
from raysearch.errors import did_you_mean

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


_NO_ROWS = "which has no rows below the names of its columns. Give a file with some."


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """All rows of `path` and, behind them, those of `test_path`."""

    frame: pd.DataFrame
    n_first: int
    """Rows of `path`."""
    arguments: TableArguments
    separator: str | None = None
    """Of `path`, where it is a CSV file."""
    notes: tuple[str, ...] = ()
    """What a person should know about how they were read."""

    def place(self, row: int) -> str:
        """Return where a row stands, for a message.

        Example:
            >>> import pandas as pd
            >>> arguments = TableArguments(path="/a.csv", test_path="/b.csv", target="y")
            >>> rows = Rows(frame=pd.DataFrame({"y": [0, 1, 1]}), n_first=2, arguments=arguments)
            >>> rows.place(1), rows.place(2)
            ('row 2 of /a.csv', 'row 1 of /b.csv')
        """
        number, path = self._numbered(row)
        return f"row {number} of {path}"

    def places(self, rows: Iterable[int], *, most: int = 5) -> str:
        """Return where several rows stand, the first ones of each file.

        Example:
            >>> import pandas as pd
            >>> arguments = TableArguments(path="/a.csv", target="y")
            >>> rows = Rows(frame=pd.DataFrame({"y": range(9)}), n_first=9, arguments=arguments)
            >>> rows.places([1, 4, 5], most=2)
            'row 2, row 5 and 1 more of /a.csv'
        """
        of_files: dict[str, list[str]] = {}
        for row in rows:
            number, path = self._numbered(row)
            of_files.setdefault(path, []).append(f"row {number}")
        found = [f"{listed(numbers, most=most)} of {path}" for path, numbers in of_files.items()]
        return " and ".join(found)

    def _numbered(self, row: int) -> tuple[int, str]:
        if row < self.n_first:
            return row + 1, self.arguments.path
        return row - self.n_first + 1, self.arguments.test_path or ""

    def told(self) -> NDArray[Any] | None:
        """Return which split each row is told to be in, as text; None if nothing tells.

        A row of `test_path` is told to be "test"; those of `path` are told by the column `split`,
        or, beside a `test_path`, to be "train".
        """
        import numpy as np

        column = self.arguments.split
        if column is None and self.arguments.test_path is None:
            return None
        told = np.full(len(self.frame), "train", dtype=object)
        if column is not None:
            told = np.array([text or "" for text in texts_of(self.frame[column])], dtype=object)
        told[self.n_first :] = "test"
        return told


def read_rows(arguments: TableArguments) -> Rows:
    """Return the rows of the file, and of that for the test.

    Raises:
        ConfigurationError: A file cannot be read, or that for the test lacks columns.
    """
    import pandas as pd

    read = {"separator": arguments.separator, "encoding": arguments.encoding}
    table = read_table(Source(path=arguments.path), **read)
    rows = Rows(
        frame=table.frame,
        n_first=len(table.frame),
        arguments=arguments,
        separator=table.separator,
        notes=table.notes,
    )
    if not len(table.frame):
        raise Source(path=arguments.path).fault(_NO_ROWS)
    if arguments.test_path is None:
        return rows
    source = Source(path=arguments.test_path, argument="test_path")
    test = read_table(source, **read)
    if not len(test.frame):
        raise source.fault(_NO_ROWS)
    absent = [n for n in table.frame if n not in test.frame and n != arguments.split]
    if absent:
        raise source.fault(
            f"which lacks the column {listed(absent)} of {arguments.path}. Both files need the "
            "same columns."
        )
    told = test.frame.reindex(columns=list(table.frame))
    frame = pd.concat([table.frame, told], ignore_index=True)
    return replace(rows, frame=frame, notes=(*table.notes, *test.notes))


def column_faults(known: Sequence[str], named: Mapping[str, str | None]) -> list[str]:
    """Return what is wrong with arguments that name columns which are not there.

    Args:
        known: The columns of the file.
        named: Argument -> column, None where none is named.

    Example:
        >>> column_faults(["text", "label"], {"target": "lable", "group": None})
        ['target is lable. Did you mean label? Columns: text, label.']
    """
    return [
        f"{argument} is {name}. {did_you_mean(name, known)}Columns: {listed(known)}."
        for argument, name in named.items()
        if name is not None and name not in known
    ]


def fingerprint_of(arguments: TableArguments) -> Fingerprint:
    """Return what stands for the content of the files.

    Raises:
        ConfigurationError: A file is not there, or cannot be read.
    """
    value = Source(path=arguments.path).digest()[:16]
    if arguments.test_path is not None:
        second = Source(path=arguments.test_path, argument="test_path").digest()[:16]
        value = hashlib.sha256(f"{value} {second}".encode()).hexdigest()[:16]
    return Fingerprint(value=value, path=arguments.path)
