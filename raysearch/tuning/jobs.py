"""How does a search get to a cluster from elsewhere, and how is it followed? By Ray's job server.

A job is one command line of ours, which runs on the head node as long as it takes, whoever follows
it. Its files go along as one archive, which every worker of the job finds in its own folder.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from raysearch.errors import ConfigurationError, SearchAborted
from raysearch.tuning.addresses import check_listens, no_job_server

TIMEOUT_S = 60.0
"""How long the job server may take to answer a request, in seconds."""
LOST_FOR_S = 300.0
"""How long the connection may be lost before nobody follows any more, in seconds."""
AGAIN_AFTER_S = 1.0

READY_WITHIN_S = 120.0
"""How long a head that has just started may take until it can start jobs, in seconds."""
_NOT_READY = "No available agent"
"""What Ray says until then."""
_NO_AGENT = (
    f" The head has had no agent to start jobs with for {READY_WITHIN_S:g} s: if another Ray runs "
    "on that machine, it holds the agent's port, and the head starts with `ray start --head "
    "--dashboard-agent-listen-port=0`."
)

_ELSEWHERE = ("RAY_API_SERVER_ADDRESS", "RAY_ADDRESS")
"""Variables that Ray would take for the address, whichever one is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a job ended."""

    status: str
    """Ray's word: SUCCEEDED, FAILED or STOPPED."""
    exit_status: int | None
    """Of the command; None if it had none, as when its node was lost."""
    message: str


class NoMoreFollowed(SearchAborted):
    """The job server does not answer any more; the job may well go on."""


class JobServer:
    """The job server of a cluster.

    Args:
        address: "http://HOST:8265".

    Raises:
        ConfigurationError: No job server answers there, or the packages for that are missing here.
    """

    def __init__(self, address: str) -> None:
        check_listens(address)
        self.address = address.rstrip("/")
        self._client = _client(self.address)

    def submit(self, words: Sequence[str], *, name: str, archive: Path) -> str:
        """Send a command line with its files, and return its name as Ray confirms it.

        Args:
            words: After `python -m raysearch`.
            name: New on this cluster.
            archive: A zip file with what the command needs in its folder.

        Raises:
            SearchAborted: The job server refuses it.
        """
        until = time.monotonic() + READY_WITHIN_S
        while True:
            try:
                return str(
                    self._client.submit_job(
                        entrypoint=shlex.join(["python", "-m", "raysearch", *words]),
                        submission_id=name,
                        runtime_env={
                            "working_dir": str(archive),
                            "env_vars": {"PYTHONUNBUFFERED": "1"},
                        },
                    )
                )
            except (RuntimeError, ValueError, OSError) as error:
                if _NOT_READY in str(error) and time.monotonic() < until:
                    time.sleep(AGAIN_AFTER_S)
                    continue
                raise SearchAborted(
                    f"the job server at {self.address} did not take the search: {error} Nothing "
                    f"runs.{_NO_AGENT if _NOT_READY in str(error) else ''}"
                ) from error

    def follow(self, job: str, *, write: Callable[[str], None]) -> Ended:
        """Write what a job prints, from its beginning, until it has ended.

        A connection that is lost is made again, and nothing is written twice.

        Raises:
            ConfigurationError: There is no such job.
            NoMoreFollowed: The connection cannot be made again.
        """
        told = _Told(write)
        lost_at: float | None = None
        while True:
            try:
                ended = self._ended(job)
                asyncio.run(self._tail(job, told=told))
                if ended is not None:
                    return ended
                lost_at = None
            except _connection_errors() as error:
                lost_at = lost_at or time.monotonic()
                if time.monotonic() - lost_at > LOST_FOR_S:
                    raise NoMoreFollowed(
                        f"the job server at {self.address} has not answered for {LOST_FOR_S:g} s "
                        f"({error}). The search may well go on there. To follow it again: python "
                        f"-m raysearch submit --follow {job} --address {self.address}"
                    ) from error
            time.sleep(AGAIN_AFTER_S)

    async def _tail(self, job: str, *, told: _Told) -> None:
        told.begin()
        async for text in self._client.tail_job_logs(job):
            told.tell(text)

    def _ended(self, job: str) -> Ended | None:
        """Return how a job ended, None if it has not."""
        try:
            info = self._client.get_job_info(job)
        except RuntimeError as error:
            if "404" not in str(error):
                raise
            raise ConfigurationError(
                f"there is no job {job} at {self.address}. `ray job list --address "
                f"{self.address}` shows those that there are."
            ) from error
        if not info.status.is_terminal():
            return None
        return Ended(
            status=str(info.status.value),
            exit_status=info.driver_exit_code,
            message=info.message or "",
        )


class _Told:
    """Writes what is new of a log that is sent from its beginning each time."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._n_written = self._at = 0

    def begin(self) -> None:
        """The log begins again."""
        self._at = 0

    def tell(self, text: str) -> None:
        """Write what was not written before."""
        is_known = max(0, self._n_written - self._at)
        self._at += len(text)
        if len(text) > is_known:
            self._write(text[is_known:])
            self._n_written = self._at


def _client(address: str) -> Any:
    try:
        import aiohttp  # noqa: F401 - follows the log
        import requests
        from ray.job_submission import JobSubmissionClient
    except ImportError as error:
        raise ConfigurationError(
            f"submit needs Ray's client for jobs, of which {error.name} is missing here. Install "
            'it: pip install "raysearch[cluster]".'
        ) from error

    class Client(JobSubmissionClient):
        """Ray's client, which by itself would wait for an answer for ever."""

        def _do_request(self, method: str, endpoint: str, **arguments: Any) -> Any:
            return super()._do_request(method, endpoint, **{"timeout": TIMEOUT_S, **arguments})

    try:
        with _without(_ELSEWHERE):
            return Client(address)
    except (RuntimeError, OSError, ValueError, requests.RequestException) as error:
        raise ConfigurationError(no_job_server(address, error)) from error


def _connection_errors() -> tuple[type[Exception], ...]:
    import aiohttp

    return OSError, RuntimeError, aiohttp.ClientError


@contextmanager
def _without(names: Sequence[str]) -> Iterator[None]:
    """Take variables out of the environment for a while."""
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(before)
