"""How is a search stopped from another terminal?"""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from raysearch.cli.command import Command, add_run, positive

if TYPE_CHECKING:
    from raysearch.results import Results
    from raysearch.run_dir import RunDir

DONE, FAILED = 0, 1

TIMEOUT_S = 300
"""Seconds to wait unless --timeout says otherwise: a worker ends at the end of its epoch."""
ASK_EVERY_S = 0.25


def _add_arguments(parser: ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument(
        "--no-wait", action="store_true", help="ask for the end, and do not wait for it"
    )
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=positive,
        default=TIMEOUT_S,
        help=f"how long to wait at most ({TIMEOUT_S})",
    )


def _execute(arguments: Namespace) -> int:
    from raysearch.cli.find import find_run, starting_run
    from raysearch.results import Results
    from raysearch.trial import SearchStatus

    name, storage = arguments.run, arguments.storage
    run_dir = starting_run(name, storage=storage) or find_run(name, storage=storage)
    driver = _driver(run_dir)
    if driver is None:
        print(f"{run_dir} is not at work, so there is nothing to stop.")
        return _tell(Results.read(run_dir.path))
    state = Results.read(run_dir.path).state if run_dir.has_search() else None
    is_ended = state is not None and state.status is not SearchStatus.RUNNING
    if state is not None and is_ended and not _has_begun_since(driver, at=state.last_at):
        print(
            f"The search in {run_dir} has ended; {_name(driver)} refits or tests its winner, "
            "which `stop` does not interrupt. Wait until that is done."
        )
        return DONE
    run_dir.request_stop()
    if arguments.no_wait:
        print(f"{_name(driver)} was asked to save all trials of {run_dir} and to end.")
        return DONE
    return _wait(run_dir, driver, timeout_s=arguments.timeout)


STOP = Command(
    name="stop",
    help="end a search that runs in another terminal, with everything saved",
    description="Ask the process that runs a search to save all trials and to end, and wait until "
    "it has. The winner so far is neither refitted nor tested; `resume` goes on. Where nothing is "
    "at work, that is said, with exit status 0. Exit status 1 when it has not ended in time.",
    example="stop runs/digits-20261123-170912",
    add_arguments=_add_arguments,
    execute=_execute,
)


def _wait(run_dir: RunDir, driver: Mapping[str, Any], *, timeout_s: float) -> int:
    """Wait until the driver has given its lease back, and say how the search stands then."""
    from raysearch.results import Results

    print(
        f"Waiting for {_name(driver)} to save all trials and to end; each trial ends with its "
        "epoch.",
        flush=True,
    )
    end = time.monotonic() + timeout_s
    while _is_same(_driver(run_dir), driver):
        if time.monotonic() >= end:
            print(
                f"{_name(driver)} is still at work after {timeout_s:g} s. It was asked to end, and "
                "does so when the epochs under way are over. To wait longer, type this again, with "
                "--timeout; Ctrl-C in its own terminal, twice, ends it at once."
            )
            return FAILED
        time.sleep(ASK_EVERY_S)
    if not run_dir.has_search():
        print(f"{_name(driver)} ended before its search began; nothing is in {run_dir}.")
        return DONE
    return _tell(Results.read(run_dir.path))


def _tell(results: Results) -> int:
    """Print how a search stands, and what can be done with it."""
    from raysearch.cli.screen import note, print_facts
    from raysearch.cli.summary import damages, heading, next_steps

    print(f"\n{heading(results)}\n")
    print_facts(next_steps(results), wrap=False)
    for text in damages(results):
        note(f"\n{text}")
    return DONE


def _has_begun_since(driver: Mapping[str, Any], *, at: float) -> bool:
    """Return whether a driver session began after a time, and has not come to its journal yet."""
    from raysearch.run_dir.lease import SEARCHING

    return driver.get("doing") == SEARCHING and float(driver.get("acquired_at", 0.0)) > at


def _driver(run_dir: RunDir) -> Mapping[str, Any] | None:
    """Return who is at work on a run directory, or None."""
    from raysearch.run_dir import Lease

    return Lease.holder(run_dir.path.absolute())


def _is_same(one: Mapping[str, Any] | None, other: Mapping[str, Any]) -> bool:
    return one is not None and one["token"] == other["token"]


def _name(driver: Mapping[str, Any]) -> str:
    return f"process {driver['pid']} on {driver['host']}"
