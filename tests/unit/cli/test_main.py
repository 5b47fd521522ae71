"""Exit statuses, messages of wrong lines, help, and ends that nobody asked for."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from raysearch.cli import lists
from raysearch.cli.main import COMMANDS, main
from raysearch.errors import SearchAborted
from raysearch.notices import NOTICES


def test_without_a_command_the_commands_are_shown(cli):
    outcome = cli("")
    assert outcome.status == 2
    for command in COMMANDS.values():
        assert f"  {command.name} " in outcome.out
        assert command.help in outcome.out


def test_help_is_a_success(cli):
    outcome = cli("--help")
    assert (outcome.status, outcome.err) == (0, "")
    assert "python -m raysearch COMMAND" in outcome.out


def test_the_version_is_told(cli):
    assert re.fullmatch(r"raysearch \d+\.\d+\.\d+\n", cli("--version").out)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(cli, name):
    outcome = cli(f"{name} --help")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith(f"usage: python -m raysearch {name}")
    assert f"example:\n  python -m raysearch {name}" in outcome.out


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_of_the_help_can_be_parsed(name):
    from raysearch.cli.parsing import parse

    command = COMMANDS[name]
    words = command.example.partition(" > ")[0].split()
    assert words[0] == name
    assert vars(parse(command, words[1:])) is not None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("reslts runs/x", "reslts is not a command. Did you mean results? Valid: check, cluster,"),
        ("--jsno", "python -m raysearch: --jsno is not an option."),
        ("resume", "python -m raysearch resume: RUN is missing. See python -m raysearch resume"),
        ("trial", "python -m raysearch trial: RUN and ID are missing."),
        (
            "results x --jsno",
            "python -m raysearch results: --jsno is not an option. Did you mean --json? Valid: "
            "--csv, --help, --json, --optuna, --storage, --top, --why.",
        ),
        ("results x --top 0", "--top: 0 is not a whole number of at least 1."),
        ("results x --top", "python -m raysearch results: --top: expected one argument."),
        ("trial x 0001 0002", "python -m raysearch trial: 0002 is one argument too many. usage: "),
        ("schema now", "python -m raysearch schema: now is one argument too many."),
    ],
)
def test_a_wrong_line_says_what_would_be_right(cli, line, message):
    outcome = cli(line)
    assert outcome.status == 2
    assert outcome.out == ""
    assert outcome.err.startswith("ConfigurationError: ")
    assert message in outcome.err


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["results", ""], "RUN"),
        (["results", "a", ""], "RUN"),
        (["trial", "", "1"], "RUN"),
        (["resume", "", "budget.trials=9"], "RUN"),
        (["list", "runs", "--storage", ""], "--storage"),
        (["run", "a.yaml", "--run-dir="], "--run-dir"),
        (["run", ""], "EXPERIMENT"),
        (["check", ""], "EXPERIMENT"),
    ],
)
def test_what_is_empty_is_refused(folder, capsys, words, name):
    assert main(words) == 2
    error = capsys.readouterr().err
    assert f": {name}: it is empty. Was a shell variable not set? Give a name or a path." in error


def test_options_may_stand_anywhere(cli, experiment):
    first = cli("check small.yaml budget.trials=3 --json seed=1 --quick")
    second = cli("check --json --quick small.yaml budget.trials=3 seed=1")
    assert first.document == second.document
    assert first.document["settings"]["budget"]["trials"] == 3
    assert first.document["settings"]["seed"] == 1


def test_a_search_that_aborts_is_a_failure(cli, monkeypatch):
    def abort(arguments):
        raise SearchAborted("the first 5 trials all failed")

    monkeypatch.setitem(lists._KINDS, "data", abort)
    outcome = cli("list data")
    assert (outcome.status, outcome.err) == (1, "SearchAborted: the first 5 trials all failed\n")


def test_the_unexpected_is_shown_in_full_with_a_request_to_report(cli, monkeypatch):
    def fail(arguments):
        raise ZeroDivisionError("of all things")

    monkeypatch.setitem(lists._KINDS, "data", fail)
    outcome = cli("list data")
    assert outcome.status == 1
    assert "Traceback" in outcome.err
    assert "ZeroDivisionError: of all things" in outcome.err
    assert "Please report it" in outcome.err


@pytest.mark.parametrize("code", [3, "enough"])
def test_an_exit_by_other_code_is_a_failure_that_is_told(cli, monkeypatch, code):
    monkeypatch.setitem(lists._KINDS, "data", lambda arguments: sys.exit(code))
    outcome = cli("list data")
    assert outcome.status == 1
    assert outcome.err == f"Something called sys.exit({code!r}), which ended the command.\n"


@pytest.mark.parametrize("number", [signal.SIGINT, *NOTICES])
def test_a_signal_ends_with_130(cli, monkeypatch, number):
    monkeypatch.setitem(lists._KINDS, "data", lambda arguments: signal.raise_signal(number))
    before = signal.getsignal(number)
    outcome = cli("list data")
    assert (outcome.status, outcome.err) == (130, "Interrupted.\n")
    assert signal.getsignal(number) is before


def test_modules_are_looked_for_in_the_current_directory(cli, folder, monkeypatch):
    """As `python -m` does by itself, and the console script would not."""
    seen = []
    monkeypatch.setitem(lists._KINDS, "data", lambda arguments: seen.append(list(sys.path)))
    monkeypatch.setattr(sys, "path", ["/somewhere/bin"])
    assert cli("list data").status == 0
    assert seen == [[str(folder), "/somewhere/bin"]]
    assert sys.path == ["/somewhere/bin"]


@pytest.mark.timeout(120)  # a fresh process, on a machine that may be busy
def test_not_where_python_was_told_not_to(folder):
    code = (
        "import os, sys; from raysearch.cli import lists; from raysearch.cli.main import main; "
        "lists._KINDS = {'data': lambda _: print(os.getcwd() in sys.path)}; main(['list', 'data'])"
    )
    import raysearch

    root = str(Path(raysearch.__path__[0]).parent)
    for flags, is_found in ([], True), (["-P"], False):
        done = subprocess.run(
            [sys.executable, *flags, "-c", code],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": root},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == f"{is_found}\n"


def test_it_works_outside_the_main_thread(folder, capsys):
    statuses = []
    thread = threading.Thread(
        target=lambda: statuses.append(main(["list", "metrics"])), daemon=True
    )
    thread.start()
    thread.join()
    assert statuses == [0]
    assert "val/accuracy" in capsys.readouterr().out


@pytest.mark.timeout(120)  # a fresh process, on a machine that may be busy
def test_a_reader_that_goes_away_is_no_fault():
    process = subprocess.Popen(
        [sys.executable, "-m", "raysearch", "schema"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout and process.stderr
    process.stdout.close()
    error = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), error) == (0, b"")


def test_an_interrupt_while_modules_are_imported_is_an_end_without_a_traceback():
    code = textwrap.dedent(
        """
        import runpy, sys

        class Interrupted:
            def find_spec(self, name, path=None, target=None):
                if name == "raysearch.cli.main":
                    raise KeyboardInterrupt

        sys.meta_path.insert(0, Interrupted())
        runpy.run_module("raysearch", run_name="__main__")
        """
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
