"""How is a search started on a cluster from elsewhere, and how is it followed?"""

from __future__ import annotations

import shlex
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from raysearch.cli.command import PROGRAM, Command, add_overrides, given
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    from raysearch.tuning.jobs import JobServer

DONE, FAILED = 0, 1

PREFIX = "raysearch-"
"""Begins the names of our jobs."""


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "experiment", metavar="EXPERIMENT", nargs="?", type=given, help="an experiment file"
    )
    add_overrides(parser)
    parser.add_argument(
        "--address",
        metavar="URL",
        type=given,
        required=True,
        help="the cluster's job server: http://HOST:8265",
    )
    parser.add_argument(
        "--storage",
        metavar="URL",
        type=given,
        help="parent of run directories, which all nodes reach: s3://BUCKET/runs, or /nfs/runs",
    )
    parser.add_argument(
        "--resume", metavar="RUN", type=given, help="go on with this search instead, there"
    )
    parser.add_argument(
        "--follow", metavar="JOB", type=given, help="follow a job that was submitted before"
    )
    parser.add_argument(
        "--exclude",
        metavar="PATTERN",
        type=given,
        action="append",
        default=[],
        help="files that are not sent along, such as 'data/*'; may be given again",
    )
    parser.add_argument(
        "--no-wait", action="store_true", help="do not follow what the search prints"
    )


def _execute(arguments: Namespace) -> int:
    if arguments.follow:
        if arguments.experiment or arguments.resume:
            raise ConfigurationError("--follow takes a job alone: no experiment, and no --resume.")
        return _follow(_server(arguments.address), arguments.follow)
    if arguments.resume:
        run, words = arguments.resume, _words_to_resume(arguments)
    else:
        run, words = _words_to_run(arguments)
    return send(
        words,
        address=arguments.address,
        run=run,
        exclude=arguments.exclude,
        follow=not arguments.no_wait,
    )


SUBMIT = Command(
    name="submit",
    help="start a search on a cluster from here, and follow it",
    description="Send an experiment and the current folder, with your own modules in it, to a "
    "cluster's job server, and run the search there. What it prints is shown; Ctrl-C and a laptop "
    "that closes end that alone, and the search goes on. Hidden files, run directories and files "
    "of more than 50 MB are not sent. The exit status is that of the search, 0 after Ctrl-C.",
    example="submit experiments/digits.yaml --address http://127.0.0.1:8265 --storage "
    "s3://BUCKET/runs",
    add_arguments=_add_arguments,
    execute=_execute,
)


def send(
    words: Sequence[str], *, address: str, run: str | None, exclude: Sequence[str], follow: bool
) -> int:
    """Send a command line with the current folder, and follow it; return its exit status.

    Args:
        words: After `python -m raysearch`; a file among them lies below the current folder.
        address: The job server.
        run: The run directory that it works on; None if it leaves nothing behind.
        exclude: What is not sent along.
        follow: Whether to show what it prints, until it ends.
    """
    from raysearch.launching.packing import MEGA, packed, write_archive

    server = _server(address)
    package = packed(Path.cwd(), exclude=exclude)
    for line in package.left_out():
        print(line, file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        archive = Path(folder) / "folder.zip"
        write_archive(package, archive)
        job = server.submit(words, name=_new_name(run or words[0]), archive=archive)
    print(f"sent {len(package.files)} files, {package.n_bytes / MEGA:.1f} MB, as {job}")
    if run is not None:
        _say_what_to_type(server, job, run=run)
    return _follow(server, job) if follow else DONE


def _server(address: str) -> JobServer:
    from raysearch.tuning.jobs import JobServer

    return JobServer(address)


def _new_name(run: str) -> str:
    stem = run.rstrip("/").rpartition("/")[2]
    safe = "".join(c if c.isalnum() or c in "-_" else "-" for c in stem)
    return f"{PREFIX}{safe}-{time.time_ns() // 1_000_000 % 10**8:08d}"


def _words_to_run(arguments: Namespace) -> tuple[str, list[str]]:
    """Return the run directory of a new search, and the command line that begins it."""
    from raysearch.experiment import load

    if not arguments.experiment:
        raise ConfigurationError(
            "submit needs an EXPERIMENT file; or --resume RUN, or --follow JOB. Nothing was sent."
        )
    storage = _lasting(arguments.storage)
    experiment = load(arguments.experiment, overrides=arguments.overrides)
    run = f"{storage}/{experiment.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    file = sent_along(arguments.experiment)
    return run, ["run", file, *arguments.overrides, "--address", "auto", "--run-dir", run]


def _lasting(storage: str | None) -> str:
    """Return where run directories go, which must outlive the job's own folder.

    Raises:
        ConfigurationError: It is missing, or relative.
    """
    if storage is None:
        raise ConfigurationError(
            "--storage is missing: where is the search to be kept? Give a place that all nodes "
            "reach, as s3://BUCKET/runs, gs://BUCKET/runs or a shared path such as /nfs/runs; on a "
            "cluster of one machine, any path of that machine. Nothing was sent."
        )
    if "://" not in storage and not storage.startswith("/"):
        raise ConfigurationError(
            f"--storage {storage} would lie in the job's own folder, which is removed with it. "
            "Give an absolute path that all nodes have, or a URL. Nothing was sent."
        )
    return storage.rstrip("/")


def sent_along(experiment: str) -> str:
    """Return the path of an experiment file as it will be on the cluster.

    Raises:
        ConfigurationError: It is not below the current folder, which is what is sent.
    """
    here = Path.cwd()
    path = (here / experiment).resolve()
    if not path.is_relative_to(here):
        raise ConfigurationError(
            f"{experiment} is not below the current folder {here}, which is what is sent. Start in "
            "the folder that holds it and the modules that it names. Nothing was sent."
        )
    return path.relative_to(here).as_posix()


def _words_to_resume(arguments: Namespace) -> list[str]:
    run = arguments.resume
    if "://" not in run and not run.startswith("/"):
        raise ConfigurationError(
            f"--resume {run} is relative to this folder, and is to be found on the cluster. Give "
            "the absolute path that it has there, or its URL. Nothing was sent."
        )
    settings = [*([arguments.experiment] if arguments.experiment else []), *arguments.overrides]
    files = [word for word in settings if "=" not in word]
    if files:
        raise ConfigurationError(
            f"--resume goes on with the settings of {run}, so there is nothing to do with "
            f"{files[0]}. Give KEY=VALUE to change some. Nothing was sent."
        )
    return ["resume", run, *settings, "--address", "auto"]


def _say_what_to_type(server: JobServer, job: str, *, run: str) -> None:
    from raysearch.cli.screen import print_facts

    place, at = shlex.quote(run), f"--address {server.address}"
    facts = [("run", run), ("to follow", f"{PROGRAM} submit --follow {job} {at}")]
    facts += [(f"to {name}", f"{PROGRAM} {word} {place}") for name, word in _AFTERWARDS]
    facts.append(("to resume", f"{PROGRAM} submit --resume {place} {at}"))
    facts.append(("to kill it", f"ray job stop {job} {at}"))
    print_facts(facts, wrap=False)
    if "://" not in run:
        print(
            f"Type the middle ones where {run} is; from elsewhere, behind: ray job submit {at} --"
        )
    print(flush=True)


_AFTERWARDS = (("see results", "results"), ("watch it", "monitor"), ("stop it", "stop"))


def _follow(server: JobServer, job: str) -> int:
    """Show what a job prints until it ends; return its exit status."""
    again = f"{PROGRAM} submit --follow {job} --address {server.address}"
    try:
        ended = server.follow(job, write=_write)
    except KeyboardInterrupt:
        print(f"\nThe search goes on. To follow it again: {again}")
        return DONE
    if ended.exit_status is not None:
        return ended.exit_status
    if ended.status == "SUCCEEDED":
        return DONE
    print(f"{job} is {ended.status.lower()}: {ended.message}", file=sys.stderr)
    return FAILED


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
