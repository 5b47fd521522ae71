"""What is each value of a column as text, whatever type it was read as?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raysearch.data.table.numerals import is_missing

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


def texts_of(series: pd.Series) -> NDArray[np.object_]:
    """Return each value as text without blanks around it, None where it is missing.

    A whole number is written without a fraction, so that a column of codes has the same texts
    whether it was read as text, as integers, or, because of gaps, as decimals.

    Example:
        >>> import pandas as pd
        >>> texts_of(pd.Series([1.0, None, 2.5])).tolist()
        ['1', None, '2.5']
        >>> texts_of(pd.Series([" a", "?"])).tolist()
        ['a', None]
    """
    import numpy as np
    import pandas as pd

    places, unique = pd.factorize(series)  # missing ones get the place -1
    texts = np.empty(len(unique) + 1, dtype=object)
    texts[:-1] = [_text(value) for value in unique]
    return np.asarray(texts[places])


def is_present(texts: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Return which of the texts are there, not None."""
    import numpy as np

    return np.array([text is not None for text in texts], dtype=bool)


def is_text(series: pd.Series) -> bool:
    """Return whether the values of a column may be text, by its type."""
    import pandas as pd

    return not (
        pd.api.types.is_numeric_dtype(series.dtype)
        or pd.api.types.is_bool_dtype(series.dtype)
        or pd.api.types.is_datetime64_any_dtype(series.dtype)
    )


def _text(value: Any) -> str | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    return None if is_missing(text) else text
