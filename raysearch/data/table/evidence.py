"""What do the values of a column, taken as text, say about it?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from raysearch.data.arguments import listed
from raysearch.data.table.texts import is_present, texts_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

_IDENTIFIER = re.compile(r"(^|[\s_.-])(id|ids|uuid|guid|index|idx|key|row|nr)$|^unnamed", re.I)
_CAMEL_IDENTIFIER = re.compile(r"[a-z](Id|ID|Key|Index)$")


class Given:
    """A column of the training split, with its texts, which are asked for again and again.

    Args:
        name: The column's name.
        series: Its values.
    """

    def __init__(self, name: str, series: pd.Series) -> None:
        self.name = name
        self.series = series
        self.texts = texts_of(series)
        self.present = is_present(self.texts)
        self.n_values = int(self.present.sum())
        """Values that are not missing."""
        self.different: list[str] = list(dict.fromkeys(self.texts[self.present]))

    @property
    def has_gaps(self) -> bool:
        """Whether a value is missing."""
        return self.n_values < len(self.texts)


def numbers_rows(name: str, values: NDArray[np.float64]) -> bool:
    """Return whether a column of integers, all different, only says which row it is."""
    import numpy as np

    if np.isnan(values).any() or (values % 1).any() or len(np.unique(values)) < len(values):
        return False
    is_named_so = bool(_IDENTIFIER.search(name) or _CAMEL_IDENTIFIER.search(name))
    return is_named_so or bool(len(values) > 20 and (np.diff(values) > 0).all())


def with_rows(texts: Mapping[str, int], *, place: Callable[[int], str]) -> str:
    """Return the first three texts in quotes, each with the row where it stands.

    Args:
        texts: Text -> a row that has it.
        place: Names a row.

    Example:
        >>> with_rows({"oops": 6, "?!": 2}, place=lambda row: f"row {row + 1}")
        "'?!' in row 3, 'oops' in row 7"
    """
    rows = sorted((int(row), text) for text, row in texts.items())
    return listed([f"{short(text)} in {place(row)}" for row, text in rows[:3]])


def short(text: str) -> str:
    """Return a value of the file in quotes, cut where it is long."""
    return repr(text if len(text) <= 30 else f"{text[:30]}...")
