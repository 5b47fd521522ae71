"""How does a line typed at the shell become a command, and its end an exit status?

Exit status 0: done. 1: the search, or what was asked of it, failed. 2: wrong use; nothing was
started. 130: interrupted by Ctrl-C or a notice.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import metadata

from raysearch.cli import (
    check,
    compress,
    export,
    gather,
    init,
    lists,
    monitor,
    outcome,
    report,
    run,
    simulate,
    stop,
    trial,
    winner,
)
from raysearch.cli.find import NoSuchRun
from raysearch.cli.parsing import check_command, overview, parse, parse_with
from raysearch.errors import ConfigurationError, RaysearchError
from raysearch.notices import heeded
from raysearch.run_dir import JournalDamaged

DONE, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130

COMMANDS = {
    command.name: command
    for command in (
        init.INIT,
        check.CHECK,
        simulate.SIMULATE,
        run.RUN,
        run.RESUME,
        stop.STOP,
        outcome.RESULTS,
        trial.TRIAL,
        report.REPORT,
        monitor.MONITOR,
        winner.REFIT,
        winner.TEST,
        compress.COMPRESS,
        export.EXPORT,
        gather.COLLECT,
        lists.LIST,
        lists.SCHEMA,
    )
}
"""The commands in the order of `--help`."""


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out one command line and return its exit status.

    Args:
        argv: The words after the program's name; those of this process by default.

    Side effects:
        Prints; what a command writes is said in its help. Errors are printed to standard error.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        with _notices_interrupt(), _modules_from_here():
            status = _execute(words)
            sys.stdout.flush()
    except SystemExit as exit_:
        return _after_exit(exit_.code)
    except BrokenPipeError:
        _silence_stdout()
        return DONE
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except RaysearchError as error:
        print(f"{_heading(error)}: {error}", file=sys.stderr)
        return WRONG_USE if isinstance(error, ConfigurationError | NoSuchRun) else FAILED
    except Exception:  # noqa: BLE001 - the last resort: shown in full, with what to do about it
        traceback.print_exc()
        print(
            "This is a fault of raysearch, not of what you asked for. Please report it with the "
            "lines above and the command line.",
            file=sys.stderr,
        )
        return FAILED
    return status


def _execute(words: Sequence[str]) -> int:
    if not words or words[0].startswith("-"):
        parser = overview(COMMANDS, version=metadata.version("raysearch"))
        parse_with(parser, words)
        parser.print_help()
        return WRONG_USE
    command = check_command(words[0], commands=COMMANDS)
    return command.execute(parse(command, words[1:]))


@contextmanager
def _notices_interrupt() -> Iterator[None]:
    """Let a notice end the command as Ctrl-C does, with all that is to be closed closed.

    Other threads than the main one cannot set handlers; there, signals are left alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.default_int_handler) for number in heeded()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


@contextmanager
def _modules_from_here() -> Iterator[None]:
    """Look for modules in the current directory too, while a command is carried out.

    `python -m raysearch` does so by itself; the console script `raysearch` would not, and the
    workers of Ray look where this process does. Python's -P and PYTHONSAFEPATH forbid it, as they
    forbid it to `python -m`.
    """
    here = _current_directory()
    if sys.flags.safe_path or here is None or here in sys.path:
        yield
        return
    sys.path.insert(0, here)  # `model: my_nets:Net` is to mean the same however the command began
    try:
        yield
    finally:
        with suppress(ValueError):  # other code may have removed it
            sys.path.remove(here)


def _current_directory() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 - as Python itself writes it into sys.path
    except OSError:
        return None  # it was removed


def _after_exit(code: object) -> int:
    """Return the status after `sys.exit`: by argparse after --help, or by somebody else's code."""
    if not code:
        return DONE
    print(f"Something called sys.exit({code!r}), which ended the command.", file=sys.stderr)
    return FAILED


def _heading(error: RaysearchError) -> str:
    """Return the name of the class that a person is told."""
    is_of_disk = isinstance(error, NoSuchRun | JournalDamaged)
    return "RunDirectoryError" if is_of_disk else type(error).__name__


def _silence_stdout() -> None:
    """Let nothing more be written to a pipe whose reader is gone, at exit either."""
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - a device, not a path
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
