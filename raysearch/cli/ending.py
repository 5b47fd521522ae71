"""How does the process of a command end?

As Python ends any process, but for one that was interrupted, or stopped as it began. Then threads
may be in the middle of an import or a call of a library's own code, and an interpreter that is
taken down around them crashed in one of ten (exit status -11 in place of 130). What is to be done
at the end is done, and then the process ends.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from typing import NoReturn

from raysearch.cli.command import AtOnce
from raysearch.cli.main import INTERRUPTED, main


def run() -> NoReturn:
    """Carry out the command line of this process, and end it with its exit status."""
    status = main()
    if status == INTERRUPTED or isinstance(status, AtOnce):
        _end(status)
    sys.exit(status)


def _end(status: int) -> NoReturn:
    """End the process without taking the interpreter down."""
    getattr(threading, "_shutdown", lambda: None)()  # waits for all threads that are no daemons
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
