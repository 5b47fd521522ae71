"""Which cluster does an address mean, and does one answer there?

Asked before Ray is, which would try for minutes, and end the process where something else listens.
"""

from __future__ import annotations

import os
import socket
from urllib.parse import urlsplit

from raysearch.errors import ConfigurationError

LOOPBACK = "127.0.0.1"

ANSWER_WITHIN_S = 10.0
"""How long whatever listens at an address may take to answer, in seconds."""

_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""How a client of gRPC begins: HTTP/2's preface, and a frame of settings that sets nothing."""
_HEAD_BYTES, _KIND_AT, _SETTINGS = 9, 3, 4
"""Length of a frame's head in HTTP/2, where it says the frame's kind, and the kind it answers."""


def refuse_other_kinds(address: str) -> None:
    """Refuse what is not the address of a cluster's head.

    Raises:
        ConfigurationError: It is empty, or one of Ray's other kinds of addresses.
    """
    if not address.strip():
        raise ConfigurationError(
            "--address is empty. Was a shell variable not set? Give HOST:PORT of a running head "
            "node, or auto; or leave --address away to use this machine. Nothing was started."
        )
    scheme = address.partition("://")[0] if "://" in address else ""
    if scheme in ("http", "https"):
        raise ConfigurationError(
            f"--address {address} is a job server's. To send a search there: python -m raysearch "
            f"submit EXPERIMENT --address {address} --storage URL. On a node of the cluster, give "
            "--address auto. Nothing was started."
        )
    if scheme or not (address == "auto" or _has_port(address)):
        raise ConfigurationError(
            f"--address {address} is not the address of a cluster. Give HOST:PORT of its head node "
            "(as 10.0.0.7:6379), or auto on one of its nodes. From elsewhere, `submit` takes its "
            "job server's, http://HOST:8265. Nothing was started."
        )


def _has_port(address: str) -> bool:
    host, _, port = address.rpartition(":")
    return bool(host) and port.isdecimal() and "/" not in host


def is_loopback(address: str) -> bool:
    """Return whether an address is on loopback; Ray would look for it on the network otherwise.

    Example:
        >>> is_loopback("127.0.0.1:6379"), is_loopback("10.0.0.7:6379"), is_loopback("auto")
        (True, False, False)
    """
    return address.rpartition(":")[0].strip("[]") in (LOOPBACK, "localhost", "::1")


def found(address: str) -> str:
    """Return HOST:PORT of an address, which for "auto" is what Ray finds on this machine.

    Raises:
        ConnectionError: There is none.
    """
    known = os.environ.get("RAY_ADDRESS", "auto") or "auto" if address == "auto" else address
    if known != "auto":  # in a job, Ray says there which cluster it belongs to
        return known
    from ray._private import services

    return str(services.canonicalize_bootstrap_address_or_die(address))


def check_answers(address: str) -> None:
    """Raise OSError when nothing of Ray's answers at HOST:PORT.

    Raises:
        OSError: Nothing listens there, or nothing that speaks as Ray's head does.
    """
    host, _, port = address.rpartition(":")
    place = (host.strip("[]"), int(port))
    with socket.create_connection(place, timeout=ANSWER_WITHIN_S) as connection:
        if os.environ.get("RAY_USE_TLS", "0") != "0":
            return  # it would not understand a greeting that is not encrypted
        connection.sendall(_GREETING)
        answer = connection.recv(_HEAD_BYTES)
    if len(answer) <= _KIND_AT or answer[_KIND_AT] != _SETTINGS:
        raise ConnectionError("what listens there is not the head of a Ray cluster")


def check_listens(url: str) -> None:
    """Raise when nothing listens at a job server's address.

    Raises:
        ConfigurationError: It is no http address, or nothing listens there in time.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(
            f"--address {url} is not a job server's. Give that of the head's dashboard, as "
            "http://HOST:8265; `ray dashboard cluster.yaml` brings it to http://127.0.0.1:8265. "
            "Nothing was sent."
        )
    try:
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        socket.create_connection((parts.hostname, port), timeout=ANSWER_WITHIN_S).close()
    except (OSError, ValueError) as error:
        raise ConfigurationError(no_job_server(url, error)) from error


def no_job_server(url: str, error: object) -> str:
    """Return the message for an address where no job server answers."""
    return (
        f"--address {url}: no job server of Ray answers there ({error}). Is the cluster up, is its "
        'head started with Ray\'s dashboard (pip install "raysearch[cluster]" there), and is its '
        "port open here, as `ray dashboard cluster.yaml` opens it? Nothing was sent."
    )


def no_cluster(address: str, error: BaseException) -> str:
    """Return the message for an address where Ray could not connect."""
    said = f"{error} {error.__cause__}"
    if "Version mismatch" in said:
        facts = " ".join(str(error).split())
        return (
            f"--address {address}: the cluster there has another Ray or Python. {facts}. Install "
            "the same here, or start the search on the cluster: python -m raysearch submit. "
            "Nothing was started."
        )
    if "auth" in said.lower():
        return (
            f"--address {address}: the Ray cluster there wants a token. Set RAY_AUTH_MODE=token "
            "and RAY_AUTH_TOKEN, or RAY_AUTH_TOKEN_PATH, to the cluster's. Nothing was started."
        )
    return (
        f"--address {address}: no Ray cluster answers there ({error}). Give HOST:PORT of a running "
        "head node, or leave --address away to use this machine. Nothing was started."
    )
