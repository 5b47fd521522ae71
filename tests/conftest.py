"""What holds for every test, however the tests were started?"""

from __future__ import annotations

import os
import signal

from raysearch.forking.starting import ONE_THREAD

# A shell that starts something in the background without job control lets it ignore Ctrl-C, and
# `nohup` lets it ignore the end of its terminal; so do all processes that it starts. Both are sent
# in tests, whose processes must heed them.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Two test processes share two cores, and what they start shares them, too. With several threads
# each, libraries would spend most of the time waiting for cores that others have. Set before any
# of them is imported, which is when they read it.
for name, n_threads in ONE_THREAD.items():
    os.environ.setdefault(name, n_threads)

LONGEST = (
    "own",
    "methods",
    "faults",
    "kills",
    "launching",
    "families",
    "ranks",
    "tuners",
    "digits",
)
"""Files of tests/integration that take more than a minute, longest first."""


def pytest_collection_modifyitems(items):
    """End with the searches on Ray, short files last: both processes are then done together.

    What is tested without Ray is tested before this process has had to do with it.
    """
    items.sort(key=_turn)


def _turn(item):
    folder, _, name = item.nodeid.partition("::")[0].removesuffix(".py").rpartition("/test_")
    if not folder.endswith("integration"):
        return 0
    return 1 + (LONGEST.index(name) if name in LONGEST else len(LONGEST))
