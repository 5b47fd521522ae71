"""Which names can an experiment file use, and which runs are there?"""

from __future__ import annotations

import importlib
import inspect
import textwrap
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping

from raysearch.cli.command import Command, add_storage


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("kind", metavar="WHAT", help=f"one of {', '.join(_KINDS)}")
    parser.add_argument(
        "name", metavar="NAME", nargs="?", help="of data: one of them, whose arguments are shown"
    )
    add_storage(parser)


def _execute(arguments: Namespace) -> int:
    from raysearch.errors import ConfigurationError, unknown_name

    if arguments.kind not in _KINDS:
        raise ConfigurationError(
            unknown_name(arguments.kind, kind="something to list", valid=_KINDS)
        )
    if arguments.name is not None and arguments.kind != "data":
        raise ConfigurationError(
            f"list {arguments.kind} takes no name, and {arguments.name} is given. Leave it out; "
            "only a data set is shown by itself, as by `list data table`."
        )
    _KINDS[arguments.kind](arguments)
    return 0


def _families(arguments: Namespace) -> None:
    from raysearch.models import FAMILIES

    _print_described(FAMILIES)


def _data(arguments: Namespace) -> None:
    from raysearch.cli.described import print_data_set
    from raysearch.data import DATA
    from raysearch.errors import ConfigurationError, unknown_name

    if arguments.name is not None:
        if arguments.name not in DATA:
            raise ConfigurationError(unknown_name(arguments.name, kind="a data set", valid=DATA))
        print_data_set(arguments.name)
        return
    _print_described(DATA)


def _searchers(arguments: Namespace) -> None:
    from raysearch.searchers import SEARCHERS

    _print_described(SEARCHERS)


def _schedulers(arguments: Namespace) -> None:
    from raysearch.schedulers import SCHEDULERS

    _print_described(SCHEDULERS)


def _metrics(arguments: Namespace) -> None:
    from typing import get_args

    from raysearch.cli.screen import print_table
    from raysearch.data_spec import Task
    from raysearch.experiment.objectives import DIRECTIONS
    from raysearch.measure import MEASURES
    from raysearch.models.metrics import logged_metrics
    from raysearch.trial import Direction

    rows = [
        [name, task, direction]
        for task in get_args(Task)
        for name, direction in logged_metrics(task).items()
    ]
    print_table(rows, header=["metric", "task", "direction"])
    print(
        "\nThe objective is one that begins with val/. precision, recall and f1 are means over the "
        "classes; with two\nclasses auroc and average_precision are of the second, the positive "
        "one. Models of one's own log what they like; the "
        "direction of\nthese names is known, with or without val/, val_ or valid_ in front:\n"
    )
    for direction in get_args(Direction):
        names = [name for name, better in DIRECTIONS.items() if better == direction]
        print(textwrap.fill(f"{direction}: {', '.join(sorted(names))}", subsequent_indent="  "))
    print(
        "\nWhat a model costs is measured before it is trained, and can be an objective after the "
        "first, or a constraint:\n"
    )
    for name, measure in MEASURES.items():
        print(textwrap.fill(f"{name}: {measure.text}", subsequent_indent="  "))


def _runs(arguments: Namespace) -> None:
    from raysearch.cli.find import runs_below
    from raysearch.cli.screen import note, print_table
    from raysearch.cli.summary import damages
    from raysearch.errors import RunDirectoryError
    from raysearch.live.text import first_line, short_number
    from raysearch.results import Results

    rows: list[list[str]] = []
    notes: list[str] = []
    for run in runs_below(arguments.storage):
        try:
            results = Results.read(run.path)
        except RunDirectoryError as error:
            rows.append([run.path.name, "unreadable", "-", "-", first_line(str(error))])
            continue
        winner, metric = results.winner, results.objective.metric
        value = f"{metric} {short_number(winner.value(results.objective))}" if winner else "-"
        trials = str(len(results.state.trials))
        status = str(results.status)
        rows.append([run.path.name, status, trials, winner.id if winner else "-", value])
        notes += damages(results)
    if not rows:
        note(f"There are no run directories in {arguments.storage}. `run` makes one.")
        return
    print_table(rows, header=["run", "status", "trials", "winner", "value"], numbers=["trials"])
    for text in notes:
        note(f"\n{text}")


_KINDS: Mapping[str, Callable[[Namespace], None]] = {
    "families": _families,
    "searchers": _searchers,
    "schedulers": _schedulers,
    "data": _data,
    "metrics": _metrics,
    "runs": _runs,
}


LIST = Command(
    name="list",
    help="list what there is: families, searchers, schedulers, data, metrics, runs",
    description="List the names that an experiment file can use, each with what it is, or the run "
    "directories below --storage with their winners. `list data NAME` shows what one of the data "
    "sets takes: its arguments, their legal values and defaults, and an example.",
    example="list searchers",
    add_arguments=_add_arguments,
    execute=_execute,
)


def _print_described(table: Mapping[str, str]) -> None:
    """Print names with the first line of what each stands for: a module, or module:Class."""
    from raysearch.cli.screen import print_facts

    print_facts([(name, description(path)) for name, path in sorted(table.items())])


def description(path: str) -> str:
    """Return the first line of the documentation of a module, or of a "module:Class".

    Example:
        >>> description("raysearch.schedulers.none:NoScheduler")
        'Lets every trial go on; the baseline for the other policies.'
    """
    module, _, name = path.partition(":")
    thing: object = importlib.import_module(module)
    if name:
        thing = getattr(thing, name)
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def _add_no_arguments(parser: ArgumentParser) -> None:
    """The command takes none."""


def _schema(arguments: Namespace) -> int:
    from raysearch.cli.screen import print_json
    from raysearch.experiment import json_schema

    print_json(json_schema())
    return 0


SCHEMA = Command(
    name="schema",
    help="print the JSON schema of experiment files, for editors",
    description="Print the JSON schema of experiment files. An editor that is given it completes "
    "keys and marks mistakes.",
    example="schema > experiment.schema.json",
    add_arguments=_add_no_arguments,
    execute=_schema,
)
