"""Which command is meant, with which arguments, and what is wrong with the line?

A parser for each command, so that options may stand before, between and behind KEY=VALUE; and
argparse's complaints in the words of all other messages, with the nearest valid name.
"""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import NoReturn

from raysearch.cli.command import PROGRAM, Command
from raysearch.errors import ConfigurationError, did_you_mean, one_of, unknown_name

LINE = 79
"""Characters in a line of help."""


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` that raises `ConfigurationError` where argparse prints and exits."""

    def error(self, message: str) -> NoReturn:
        """Raise the complaint as a message that says what would be right."""
        raise ConfigurationError(f"{self.prog}: {_in_words(message)} See {self.prog} --help.")


def overview(commands: Mapping[str, Command], *, version: str) -> argparse.ArgumentParser:
    """Return the parser of the line without a command: it shows the commands."""
    width = max(len(name) for name in commands) + 2
    listed = "\n".join(f"  {c.name:<{width}}{c.help}" for c in commands.values())
    parser = Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} COMMAND ...",
        description="Architecture search and tuning for PyTorch Lightning on Ray Tune.",
        epilog=f"commands:\n{listed}\n\n{PROGRAM} COMMAND --help says more about one of them.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"raysearch {version}")
    return parser


def parser_of(command: Command) -> argparse.ArgumentParser:
    """Return the parser of one command."""
    parser = Parser(
        prog=f"{PROGRAM} {command.name}",
        description=textwrap.fill(command.description, LINE),
        epilog=f"example:\n  {PROGRAM} {command.example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_arguments(parser)
    return parser


def parse(command: Command, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of a command.

    Raises:
        ConfigurationError: An option is unknown, or an argument missing, superfluous or wrong.
        SystemExit: Help was asked for, and printed.
    """
    return parse_with(parser_of(command), words)


def parse_with(parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments that a parser finds in the words; errors as in `parse`."""
    known, unknown = parser.parse_known_intermixed_args(list(words))
    if unknown:
        raise ConfigurationError(_superfluous(parser, unknown[0]))
    return known


def check_command(word: str, *, commands: Mapping[str, Command]) -> Command:
    """Return the command that a word names.

    Raises:
        ConfigurationError: There is no such command.
    """
    if word not in commands:
        message = unknown_name(word, kind="a command", valid=commands)
        raise ConfigurationError(f"{message} See {PROGRAM} --help.")
    return commands[word]


def _superfluous(parser: argparse.ArgumentParser, word: str) -> str:
    option = word.split("=")[0]
    if word.startswith("-"):
        options = sorted(set(re.findall(r"--[a-z-]+", parser.format_help())))
        return (
            f"{parser.prog}: {option} is not an option. {did_you_mean(option, options)}"
            f"Valid: {one_of(options)}."
        )
    return (
        f"{parser.prog}: {word} is one argument too many. {parser.format_usage().strip()}. "
        f"See {parser.prog} --help."
    )


def _in_words(message: str) -> str:
    """Return a complaint of argparse as a sentence.

    Example:
        >>> _in_words("the following arguments are required: RUN, ID")
        'RUN and ID are missing.'
        >>> _in_words("argument --top: 0 is not a whole number of at least 1")
        '--top: 0 is not a whole number of at least 1.'
    """
    if message.startswith("the following arguments are required: "):
        names = message.partition(": ")[2].split(", ")
        return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} missing."
    return f"{message.removeprefix('argument ')}."
