"""How is a search started, or taken up again, at the shell?"""

from __future__ import annotations

import contextlib
import shlex
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raysearch.cli.command import (
    PROGRAM,
    AtOnce,
    Command,
    add_experiment,
    add_json,
    add_overrides,
    add_run,
    add_storage,
    given,
    given_address,
)
from raysearch.errors import ConfigurationError
from raysearch.imports import without_collecting
from raysearch.notices import Stopped

if TYPE_CHECKING:
    from raysearch.results import Results
    from raysearch.search import Search

FAILED, INTERRUPTED = 1, 130


def _add_address(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--address",
        metavar="HOST:PORT",
        type=given_address,
        help="a running Ray cluster, or auto; a private Ray is started without it",
    )


def _add_run_arguments(parser: ArgumentParser) -> None:
    add_experiment(parser)
    add_overrides(parser)
    _add_address(parser)
    parser.add_argument(
        "--run-dir",
        metavar="PLACE",
        type=given,
        help="the exact run directory, a path or s3://...; else a new one below --storage",
    )
    add_storage(parser)
    add_json(parser)


def _run(arguments: Namespace) -> int:
    with without_collecting():
        from raysearch.search import Search

    search = Search.from_file(
        arguments.experiment,
        overrides=arguments.overrides,
        run_dir=None if arguments.run_dir is None else Path(arguments.run_dir),
        storage=Path(arguments.storage),
        address=arguments.address,
    )
    return _to_end(search, as_json=arguments.json)


RUN = Command(
    name="run",
    help="search, select the winner, refit it, and test it once",
    description="Run an experiment: search, select the winner, train it again on train + "
    "validation data, and test it once. Where the model or the data do not allow the one or the "
    "other, that is said. Everything is kept in a new run directory. Ctrl-C ends it with exit "
    "status 130, `stop` in another terminal with 0; `resume` goes on. Exit status 1 when no trial "
    "can be the winner.",
    example="run experiments/digits.yaml budget.trials=16",
    add_arguments=_add_run_arguments,
    execute=_run,
)


def _add_resume_arguments(parser: ArgumentParser) -> None:
    add_run(parser)
    add_overrides(parser)
    parser.add_argument(
        "--file",
        metavar="EXPERIMENT",
        type=given,
        help="the changed experiment file, in place of the settings so far",
    )
    parser.add_argument(
        "--from-intact",
        action="store_true",
        help="where the journal is damaged, set the rest aside and go on from before it",
    )
    _add_address(parser)
    add_json(parser)


def _resume(arguments: Namespace) -> int:
    from raysearch.cli.find import find_run

    run_dir = find_run(arguments.run, storage=arguments.storage)  # before what takes seconds
    _refuse_files(arguments.overrides)
    from raysearch.search import Search

    search = Search.resume(
        run_dir.path,
        file=arguments.file,
        overrides=arguments.overrides,
        address=arguments.address,
        from_intact=arguments.from_intact,
    )
    return _to_end(search, as_json=arguments.json)


def _refuse_files(words: Sequence[str]) -> None:
    """Raise if a file stands where settings should: `run` takes one there, and `resume` does not.

    Raises:
        ConfigurationError: There is such a file.
    """
    files = [word for word in words if "=" not in word and Path(word).is_file()]
    if files:
        raise ConfigurationError(
            f"{files[0]} is a file, and settings are KEY=VALUE. `resume` goes on with the settings "
            f"of the search; to go on with those of a changed file, give --file {files[0]}."
        )


RESUME = Command(
    name="resume",
    help="go on with a search after any stop, or extend a finished one",
    description="Go on where a search ended, however it ended: no finished trial is trained again. "
    "A finished search goes on when it is given more budget. Searcher, scheduler and space may be "
    "others from here on: all trials in the space are told to the searcher, all measurements to "
    "the scheduler. What would make the trials so far incomparable is refused.",
    example="resume runs/digits-20261123-170912 budget.trials=200 searcher=random",
    add_arguments=_add_resume_arguments,
    execute=_resume,
)


def _to_end(search: Search, *, as_json: bool) -> int:
    """Run a search before the eyes of a person, and print its outcome."""
    from raysearch.cli.screen import print_json
    from raysearch.trial import SearchStatus

    try:
        results = _watched(search, as_json=as_json)
    except (KeyboardInterrupt, SystemExit) as end:
        if isinstance(end, SystemExit) and end.code != signal.SIGTERM:
            raise
        if isinstance(end, Stopped):
            _say_how_to_go_on(search, word="Stopped")
            return AtOnce(0)  # as somebody asked for, with `stop`
        _say_how_to_go_on(search)  # while it starts and ends, Ray turns SIGTERM into an exit
        return INTERRUPTED
    if as_json:
        print_json(results.to_json())
    else:
        print_outcome(results)
    if results.state.status is SearchStatus.INTERRUPTED:
        _say_how_to_go_on(search)
        return INTERRUPTED
    if results.state.status is SearchStatus.STOPPED:
        return 0  # as somebody asked for, with `stop`
    return 0 if results.winner else FAILED


def _watched(search: Search, *, as_json: bool) -> Results:
    """Run a search with a live view and TensorBoard; with --json, standard output stays empty."""
    from raysearch.live.watch import watch

    stream = sys.stderr if as_json else sys.stdout
    with contextlib.redirect_stdout(stream), search.reserved():
        given: dict[str, Any] = {"experiment": search.experiment, "run_dir": search.run_dir}
        with watch(stream, plan=search.plan, **given) as seen:
            return search.run_to_end(listeners=seen.listeners, stage=seen.stage)


def print_outcome(results: Results) -> None:
    """Print the last screen: who won and by how much, where it lies, and what can be done next."""
    from raysearch.cli.families import family_facts
    from raysearch.cli.screen import note, print_facts
    from raysearch.cli.summary import (
        failure_facts,
        heading,
        next_facts,
        next_steps,
        warnings,
        winner_facts,
    )
    from raysearch.trial import SearchStatus

    print(f"\n{heading(results)}\n")
    print_facts([*winner_facts(results), *family_facts(results), *failure_facts(results)])
    print()
    is_over = results.status is SearchStatus.FINISHED
    print_facts(next_facts(results) if is_over else next_steps(results), wrap=False)
    for text in warnings(results):
        note(f"\n{text}")


def _say_how_to_go_on(search: Search, *, word: str = "Interrupted") -> None:
    from raysearch.cli.screen import note

    run = shlex.quote(str(search.run_dir))
    if search.run_dir.has_search():
        note(f"\n{word}. All that was measured is kept; to go on: {PROGRAM} resume {run}")
    else:
        note(f"\n{word} before anything was started.")
