"""What does a data set take, and how is it used in an experiment file?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from raysearch.data.describing import Argument


def print_data_set(name: str) -> None:
    """Print what a data set is, its arguments, and for files of one's own an example.

    Args:
        name: A name of `DATA`.
    """
    from raysearch.cli.lists import description
    from raysearch.cli.screen import print_facts
    from raysearch.data import DATA
    from raysearch.data.describing import arguments_of
    from raysearch.data.examples import EXAMPLES

    print(f"{name}: {description(DATA[name])}")
    print("\nUnder data.args:\n")
    print_facts([(one.name, _text(one)) for one in arguments_of(name)])
    print(
        "\nWhat is searched, such as data.batch_size, stands under space; `check` shows it for "
        "your data."
    )
    if name in EXAMPLES:
        print(f"\nAn experiment file:\n\n{EXAMPLES[name]}", end="")


def _text(argument: Argument) -> str:
    if argument.default is None:
        return f"{argument.meaning} ({argument.legal}; must be given)"
    return f"{argument.meaning} ({argument.legal}; default {argument.default})"
