"""How do JSON lines, one object each, become a table?"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from raysearch.data.files import Source
from raysearch.data.lines import json_object, numbered, taken

if TYPE_CHECKING:
    import pandas as pd


_LIKE = '{"text": "so good", "label": 1}'


def is_json_lines(text: str) -> bool:
    """Return whether a file is JSON lines, or meant to be: whether it begins as an object does.

    Example:
        >>> is_json_lines('{"a": 1}'), is_json_lines("a,b")
        (True, False)
    """
    return text.lstrip().startswith("{")


def frame_of(text: str, *, source: Source) -> pd.DataFrame:
    r"""Return the objects as rows; a key that an object has not is a missing value.

    Values of one type keep it, as in a Parquet file. A value that is a list or an object becomes
    its JSON.

    Raises:
        ConfigurationError: Lines are no objects, named with their numbers.

    Example:
        >>> text = '{"a": 1, "b": "x"}\n\n{"a": 2}\n'
        >>> frame_of(text, source=Source(path="a.jsonl")).to_dict("list")
        {'a': [1, 2], 'b': ['x', None]}
    """
    import pandas as pd

    rows = taken(((number, {"line": line}) for number, line in numbered(text)), _row, source=source)
    names = list(dict.fromkeys(name for row in rows for name in row))
    # a list for each column, with None where there is nothing: pandas would make numbers floats
    columns = {name: [row.get(name) for row in rows] for name in names}
    return pd.DataFrame({name: _typed(values) for name, values in columns.items()})


def _row(number: int, row: Mapping[str, str]) -> dict[str, Any]:
    found = json_object(row["line"], like=_LIKE, constant=lambda _: None)
    return {str(name).strip(): _plain(value) for name, value in found.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _typed(values: list[Any]) -> pd.Series:
    """Return a column with the type of its values, if they all have one."""
    import pandas as pd

    kinds = {type(value) for value in values if value is not None}
    is_number = bool(kinds) and kinds <= {int, float} and all(abs(v or 0) < 2**63 for v in values)
    return pd.Series(values) if is_number or kinds == {bool} else pd.Series(values, dtype=object)
