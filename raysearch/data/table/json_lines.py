"""How do JSON lines, one object each, become a table?"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    import pandas as pd


def is_json_lines(text: str) -> bool:
    """Return whether a file is JSON lines, or meant to be: whether it begins as an object does.

    Example:
        >>> is_json_lines('{"a": 1}'), is_json_lines("a,b")
        (True, False)
    """
    return text.lstrip().startswith("{")


def frame_of(text: str, *, path: str) -> pd.DataFrame:
    r"""Return the objects as rows; a key that an object has not is a missing value.

    Values of one type keep it, as in a Parquet file. A value that is a list or an object becomes
    its JSON.

    Raises:
        ConfigurationError: A line is no object, named with its number.

    Example:
        >>> frame_of('{"a": 1, "b": "x"}\n\n{"a": 2}\n', path="a.jsonl").to_dict("list")
        {'a': [1, 2], 'b': ['x', None]}
    """
    import pandas as pd

    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            rows.append(_row(line, number=number, path=path))
    names = list(dict.fromkeys(name for row in rows for name in row))
    # a list for each column, with None where there is nothing: pandas would make numbers floats
    columns = {name: [row.get(name) for row in rows] for name in names}
    return pd.DataFrame({name: _typed(values) for name, values in columns.items()})


def _row(line: str, *, number: int, path: str) -> dict[str, Any]:
    try:
        row = json.loads(line, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"path is {path}, whose line {number} is not JSON ({error}). Each line must be one "
            'whole object, such as {"text": "so good", "label": 1}.'
        ) from error
    if not isinstance(row, dict):
        raise ConfigurationError(
            f"path is {path}, whose line {number} is {line.strip()[:40]!r}, no object. Each line "
            'must be one, such as {"text": "so good", "label": 1}.'
        )
    return {str(name).strip(): _plain(value) for name, value in row.items()}


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
