"""What is a command of the command line?"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from typing import NamedTuple

PROGRAM = "python -m raysearch"


class AtOnce(int):
    """The exit status of a command that was ended in the middle of something; see `ending`."""


class Command(NamedTuple):
    """One word after `python -m raysearch`, what it takes, and what it does."""

    name: str
    help: str
    """One line for the list of commands."""
    description: str
    """What it does, what it writes, and what its exit status means if that is not plain."""
    example: str
    """A command line that works, without `python -m raysearch`."""
    add_arguments: Callable[[ArgumentParser], None]
    execute: Callable[[Namespace], int]
    """Does the work and returns the exit status; only here are heavy modules imported."""


def add_run(parser: ArgumentParser, *, many: bool = False) -> None:
    """Add the argument RUN, and --storage, below which bare names are looked up."""
    parser.add_argument(
        "run",
        metavar="RUN",
        type=given,
        nargs="+" if many else None,
        help="a run directory: a path or s3://..., or a name below --storage, or the beginning of "
        "one",
    )
    add_storage(parser)


def add_storage(parser: ArgumentParser) -> None:
    """Add --storage, the parent of run directories."""
    parser.add_argument(
        "--storage",
        metavar="PLACE",
        type=given,
        default="runs",
        help="parent of run directories (runs): a folder, also a shared one, s3://BUCKET/PREFIX or "
        "gs://BUCKET/PREFIX",
    )


def add_experiment(parser: ArgumentParser) -> None:
    """Add the argument EXPERIMENT."""
    parser.add_argument("experiment", metavar="EXPERIMENT", type=given, help="an experiment file")


def add_overrides(parser: ArgumentParser) -> None:
    """Add the settings KEY=VALUE."""
    parser.add_argument(
        "overrides",
        metavar="KEY=VALUE",
        nargs="*",
        default=[],
        help="replaces a setting of the file, such as budget.trials=8",
    )


def add_json(parser: ArgumentParser) -> None:
    """Add --json."""
    parser.add_argument(
        "--json", action="store_true", help="print one JSON document and nothing else"
    )


def given(text: str) -> str:
    """Return a name or path that is not empty, for `type=`."""
    if not text:
        raise ArgumentTypeError("it is empty. Was a shell variable not set? Give a name or a path")
    return text


def given_address(text: str) -> str:
    """Return the address of a cluster that is not empty, for `type=`."""
    if not text.strip():
        raise ArgumentTypeError(
            "it is empty. Was a shell variable not set? Give HOST:PORT of a running head node, or "
            "auto; or leave --address away to use this machine"
        )
    return text


def amount(text: str) -> float:
    """Return a finite number of at least 0, for `type=`."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise ArgumentTypeError(f"{text} is not a number of at least 0")
    return number


def above_zero(text: str) -> float:
    """Return a finite number above 0, for `type=`."""
    number = amount(text)
    if number == 0:
        raise ArgumentTypeError(f"{text} is not above 0")
    return number


def positive(text: str) -> int:
    """Return a whole number of at least 1, for `type=`."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text} is not a whole number of at least 1")
    return int(text)
