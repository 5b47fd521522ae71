"""How is a search shown to others? As one HTML file, and as pictures."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from raysearch.cli.command import Command, add_run, given

if TYPE_CHECKING:
    from collections.abc import Sequence

    from raysearch.results import Results

NAME = "report.html"


def _add_arguments(parser: ArgumentParser) -> None:
    add_run(parser, many=True)
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=given,
        help=f"where to write the page: {NAME} in the run directory by default, or here for "
        "several runs",
    )
    parser.add_argument(
        "--png", metavar="DIR", type=given, help="write the same figures as PNG files, too"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="do not open the winner's model: it is not drawn, nor what it gets wrong",
    )


def _execute(arguments: Namespace) -> int:
    from raysearch.cli.find import find_run
    from raysearch.cli.screen import note
    from raysearch.cli.summary import damages
    from raysearch.counting import counted
    from raysearch.live.text import file_size
    from raysearch.report import write_report
    from raysearch.results import Results

    runs = [find_run(name, storage=arguments.storage) for name in arguments.run]
    found = [Results.read(run.path) for run in runs]
    pictures = None if arguments.png is None else Path(arguments.png)
    path, with_models = _path(arguments, found), not arguments.quick
    report = write_report(found, path, pictures=pictures, with_models=with_models)
    print(f"{report.page} ({file_size(report.size_bytes)}): open it in any browser.")
    if pictures is not None:
        print(f"{counted(len(report.pictures), 'picture')} in {pictures}")
    for text in (text for results in found for text in damages(results)):
        note(f"\n{text}")
    return 0


REPORT = Command(
    name="report",
    help="show one or several searches as one HTML file, to be opened in any browser",
    description="Write one HTML file that needs nothing else and loads nothing: learning curves, "
    "the best value over time, which hyperparameters mattered, what each worker did when, "
    "failures, the winner's layers, and what it gets wrong on validation data. A click on anything "
    "shows its trials alone. With several runs, side by side. Works while a search runs, and shows "
    "it as it stands. Needs plotly, and for --png matplotlib: pip install 'raysearch[report]'. "
    "Exit status 1 where no trial has a value yet.",
    example="report runs/digits-20261123-170912",
    add_arguments=_add_arguments,
    execute=_execute,
)


def _path(arguments: Namespace, found: Sequence[Results]) -> Path:
    if arguments.output is not None:
        return Path(arguments.output)
    return found[0].run_dir.path / NAME if len(found) == 1 else Path(NAME)
