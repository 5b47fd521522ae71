"""How is something done beside something else, and its result or error had later?"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def begun(action: Callable[[], T], *, name: str) -> Future[T]:
    """Begin an action in a thread of its own, which does not keep the process from ending.

    Args:
        action: What is done.
        name: Of the thread.

    Returns:
        What it will return, or raise.

    Example:
        >>> begun(lambda: 6 * 7, name="raysearch-example").result()
        42
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(action())
        except BaseException as error:  # noqa: BLE001  raised again by whoever asks for the result
            future.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
