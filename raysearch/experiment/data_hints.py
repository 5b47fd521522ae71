"""Which built-in data does a person mean who names a file or a folder in place of data?"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path, PurePath

from raysearch.data.images.arguments import ENDINGS

SERIES = (".npz", ".ts")
"""Ends of the names of files that hold time series."""

TABLES = (".csv", ".json", ".jsonl", ".ndjson", ".parquet", ".tsv", ".txt", ".xls", ".xlsx")
"""Ends of the names of files that hold a table."""

_N_LINES = 20
_LONGEST_LINE = 10_000
"""Characters; a line that is longer tells nothing."""

_WORDS_OF_A_TEXT = 5
"""Words in a cell, on average, from which on a column is taken for texts."""


def data_hint(name: str) -> str:
    """Return what to write for a file or folder, empty if the name is of neither.

    A file that is there is looked into: a column of names of images, or of whole sentences, tells
    what is meant.

    Example:
        >>> data_hint("pictures/")
        'For a folder of images write {name: images, args: {path: pictures/}}. '
        >>> data_hint("houses.csv")
        'For a table write {name: table, args: {path: houses.csv, target: COLUMN}}. '
        >>> data_hint("my_package")
        ''
    """
    if name.endswith("/") or (name and _is_folder(name)):
        return f"For a folder of images write {{name: images, args: {{path: {name}}}}}. "
    if PurePath(name).suffix.lower() in ENDINGS:
        folder = PurePath(name).parent.parent
        return (
            f"For images write {{name: images, args: {{path: {folder}/}}}}, the folder that has a "
            "folder of images for each class. "
        )
    if PurePath(name).suffix.lower() in SERIES:
        return f"For series write {{name: series, args: {{path: {name}}}}}. "
    if PurePath(name).suffix.lower() in TABLES:
        return _table_hint(name)
    return ""


def _table_hint(name: str) -> str:
    names, cells = _first_rows(name)
    for column, values in zip(names, cells, strict=False):
        of_images = sum(value.strip().lower().endswith(ENDINGS) for value in values)
        if values and of_images > 0.5 * len(values):
            args = f"path: {name}, image: {column}, target: COLUMN"
            return f"For a table of images write {{name: images, args: {{{args}}}}}. "
    for column, values in zip(names, cells, strict=False):
        n_words = sum(len(value.split()) for value in values)
        if values and n_words >= _WORDS_OF_A_TEXT * len(values):
            args = f"path: {name}, text: {column}, target: COLUMN"
            return f"For a table of texts write {{name: text, args: {{{args}}}}}. "
    return f"For a table write {{name: table, args: {{path: {name}, target: COLUMN}}}}. "


def _first_rows(name: str) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """Return the names of the columns and the first values of each; nothing if it is not clear."""
    try:
        if not Path(name).is_file():
            return (), ()
        with Path(name).open(encoding="utf-8-sig", newline="") as file:
            lines = [line for line in _bounded(file) if line.strip()]
        if lines and lines[0].lstrip().startswith("{"):
            objects = [json.loads(line) for line in lines]
            names = list(objects[0])
            return names, [[str(one.get(key, "")) for one in objects] for key in names]
        head, *rows = csv.reader(lines, csv.Sniffer().sniff(lines[0], delimiters=",;\t|"))
    except (OSError, ValueError, IndexError, AttributeError, RecursionError, csv.Error):
        return (), ()  # not there, no text, no table: nothing can be told by it
    return head, [list(column) for column in zip(*rows, strict=False)]


def _bounded(file: Iterable[str]) -> list[str]:
    lines = list(islice(file, _N_LINES))
    return [] if any(len(line) > _LONGEST_LINE for line in lines) else lines


def _is_folder(name: str) -> bool:
    try:
        return Path(name).is_dir()
    except (OSError, ValueError):
        return False
