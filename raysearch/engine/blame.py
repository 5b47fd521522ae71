"""What is said when a searcher raises?

Whoever sees the message did not call the searcher, and must learn which one it was, what it was
doing, what is kept, and how to go on.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from raysearch.engine import messages
from raysearch.errors import RaysearchError, SearchAborted


@contextmanager
def blaming(searcher: object, *, doing: str) -> Iterator[None]:
    """Make an error of raysearch of whatever the searcher raises, unless it is one.

    Args:
        searcher: Who is called in the block.
        doing: What for, after its name: "was asked for trial 0012".

    Raises:
        SearchAborted: The searcher raised something else.
    """
    try:
        yield
    except RaysearchError:
        raise
    except Exception as error:
        message = messages.searcher_failed(
            f"{type(error).__name__}: {error} ({_where(error)})",
            searcher=type(searcher).__name__,
            doing=doing,
        )
        raise SearchAborted(message) from error


def _where(error: Exception) -> str:
    """Return the line that raised."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}, line {last.lineno}, in {last.name}"
