"""Stands for one of Ray's agents until somebody wants it.

    python -I -S agent.py dashboard PYTHON .../agent.py --node-id=... --session-dir=... ...

A raylet has two agents, each of which imports Ray for seconds, and it admits no driver before they
have said on which ports they listen. Of the one for dashboards it is said here, as Ray does where
that is not installed, that there is none. That for runtime environments has a port here, and is
started in this process by the first who calls there, and calls again. The words after the first are
those that start the agent; nothing of Ray's or raysearch's is imported.
"""

from __future__ import annotations

import os
import select
import socket
import sys
from pathlib import Path

NO_PORT = "-1"
"""What Ray says of a service that there is not."""

DASHBOARD = "dashboard"
"""The agent that nobody can call."""

RUNTIME_ENV = "runtime_env"
"""The agent that is started for whoever calls it."""

_UNUSED = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port")
_USED = "runtime_env_agent_port"
_PORT_OPTION = "--runtime-env-agent-port="

LOOK_EVERY_S = 1.0
"""How often it is looked whether the raylet is still there, in seconds."""


def main() -> None:
    """Tell the ports, and wait for a caller or the raylet's end."""
    which, command = sys.argv[1], sys.argv[2:]
    raylet = os.getppid()
    if raylet == 1:
        sys.exit(0)  # it has ended already
    _log_to(Path(_option(command, "--log-dir=")) / f"{which}_agent_stand_in.log")
    if which == DASHBOARD:
        for name in _UNUSED:
            _tell(command, name, NO_PORT)
        _wait(None, raylet=raylet)
    with socket.create_server(("127.0.0.1", int(_option(command, _PORT_OPTION)))) as listener:
        port = str(listener.getsockname()[1])
        _tell(command, _USED, port)
        _wait(listener, raylet=raylet)
    words = [word for word in command if not word.startswith(_PORT_OPTION)]
    os.execv(words[0], [*words, f"{_PORT_OPTION}{port}"])  # as the raylet would


def _wait(listener: socket.socket | None, *, raylet: int) -> None:
    """Return when somebody calls; end this process when the raylet has ended."""
    calls = [] if listener is None else [listener]
    while os.getppid() == raylet:
        if select.select(calls, [], [], LOOK_EVERY_S)[0]:
            return
    sys.exit(0)


def _option(command: list[str], name: str) -> str:
    """Return the value of one of the words that start the agent."""
    return next(word.removeprefix(name) for word in command if word.startswith(name))


def _tell(command: list[str], name: str, port: str) -> None:
    """Write a port where the raylet waits for it."""
    folder, node = Path(_option(command, "--session-dir=")), _option(command, "--node-id=")
    whole = folder / f"{name}_{node}"
    part = folder / f".{whole.name}.{os.getpid()}"
    part.write_text(port)
    part.replace(whole)


def _log_to(path: Path) -> None:
    """Write what goes wrong beside Ray's own logs, by which this process is known as one of Ray's.

    See `orphans`.
    """
    log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)


if __name__ == "__main__":
    main()
