"""How is a search watched in a browser while it runs? In TensorBoard, on this machine alone."""

from __future__ import annotations

import contextlib
import io
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING, Any

from raysearch.cli.command import Command, add_run
from raysearch.errors import RunDirectoryError

if TYPE_CHECKING:
    from raysearch.run_dir import RunDir

LOOPBACK = "127.0.0.1"
HIGHEST_PORT = 65_535
CURVES = "tensorboard"
FETCH_EVERY_S = 15.0
"""How often the curves of a search in an object store are brought here, in seconds."""


def _add_arguments(parser: ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument(
        "--port",
        type=_port,
        metavar="PORT",
        help="the port to listen at: 6006 by default, or the next one that is free",
    )


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > HIGHEST_PORT:
        raise ArgumentTypeError(
            f"{text} is not a port: a whole number up to {HIGHEST_PORT}, 0 for any that is free"
        )
    return int(text)


def _execute(arguments: Namespace) -> int:
    from raysearch.cli.find import find_run

    run = find_run(arguments.run, storage=arguments.storage)
    run.fetch_below(CURVES)
    if not run.tensorboard.is_dir():
        raise RunDirectoryError(_nothing(run))
    address = _serve(run, port=arguments.port)
    print(f"{run}: {address}", flush=True)
    print("Curves under SCALARS, all trials under HPARAMS. Ctrl-C ends it.", flush=True)
    try:
        while True:
            time.sleep(FETCH_EVERY_S)
            with contextlib.suppress(OSError):  # a store that does not answer may do so later
                run.fetch_below(CURVES)
    except KeyboardInterrupt:  # it is the way to end it, and not an interruption
        print("\nEnded.")
    return 0


MONITOR = Command(
    name="monitor",
    help="watch a search in TensorBoard, on this machine alone",
    description="Start TensorBoard on the curves of a search, reachable from this machine alone "
    "(127.0.0.1), and print its address. It follows a search that runs. Ctrl-C ends it; the search "
    "goes on. Exit status 1 where no trial has begun, since there is nothing to watch yet.",
    example="monitor runs/digits-20261123-170912",
    add_arguments=_add_arguments,
    execute=_execute,
)


def _nothing(run: RunDir) -> str:
    from raysearch.results.messages import to_type

    return (
        f"{run} has no TensorBoard files, since no trial has begun there, or they were "
        f"deleted. How the search stands: {to_type('results', run.path)}. Nothing was started."
    )


def _serve(run: RunDir, *, port: int | None) -> str:
    """Start TensorBoard in this process and return its address.

    Raises:
        RunDirectoryError: The port is taken, or TensorBoard cannot be started.
    """
    from raysearch.live.text import first_line

    words = ["--logdir", str(run.tensorboard.absolute()), "--host", LOOPBACK]
    words += [] if port is None else ["--port", str(port)]
    said = io.StringIO()  # what it advises its developers of
    with contextlib.redirect_stderr(said):
        from tensorboard import default, program
    try:
        with contextlib.redirect_stderr(said):
            board: Any = program.TensorBoard(plugins=default.get_plugins())
            board.configure(argv=["tensorboard", *words, "--reload_interval", "5"])
            return str(board.launch())
    except (program.TensorBoardServerException, OSError, SystemExit) as error:
        reason = getattr(error, "msg", "") or first_line(said.getvalue()) or error
        raise RunDirectoryError(
            f"TensorBoard could not be started for {run}: {reason}. Give another port by "
            "--port, or 0 for any that is free."
        ) from error
