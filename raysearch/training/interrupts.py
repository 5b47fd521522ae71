"""How does Ctrl-C end a fit as it ends anything else?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interrupts_pass() -> Iterator[None]:
    """Let an interrupt leave a fit as the KeyboardInterrupt that it was.

    Lightning turns it into `exit(1)`, which looks like an exit of the user's code. Such an exit
    passes through.
    """
    try:
        yield
    except SystemExit as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        raise
