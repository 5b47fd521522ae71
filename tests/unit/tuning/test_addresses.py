"""Which addresses are a cluster's, and what is said where none answers."""

from __future__ import annotations

import http.server
import socket
import threading

import pytest

from raysearch.errors import ConfigurationError
from raysearch.tuning import addresses

SETTINGS = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("", r"--address is empty.*auto"),
        (" ", r"--address is empty"),
        ("http://head:8265", r"a job server's.*submit EXPERIMENT --address http://head:8265"),
        ("ray://head:10001", r"ray://head:10001 is not the address of a cluster.*head node"),
        ("head", r"--address head is not the address of a cluster. Give HOST:PORT"),
        ("head:port", r"Give HOST:PORT"),
    ],
)
def test_other_kinds_of_addresses_are_refused(address, message):
    with pytest.raises(ConfigurationError, match=message):
        addresses.refuse_other_kinds(address)


@pytest.mark.parametrize("address", ["auto", "10.0.0.7:6379", "[::1]:6379", "head.local:6379"])
def test_addresses_of_clusters_are_taken(address):
    addresses.refuse_other_kinds(address)


def test_auto_is_the_cluster_of_the_job(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.7:6379")
    assert addresses.found("auto") == "10.0.0.7:6379"
    assert addresses.found("10.0.0.8:6379") == "10.0.0.8:6379"


@pytest.fixture
def listener():
    """Return the address of something that answers a greeting with the given bytes."""
    servers = []

    def start(answer: bytes | None) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def serve():
            connection, _ = server.accept()
            servers.append(connection)
            connection.recv(100)
            if answer is not None:
                connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        return f"127.0.0.1:{server.getsockname()[1]}"

    yield start
    for server in servers:
        server.close()


def test_what_speaks_as_gcs_does_is_taken(listener):
    addresses.check_answers(listener(SETTINGS))


def test_what_speaks_otherwise_is_no_cluster(listener):
    with pytest.raises(ConnectionError, match="not the head of a Ray cluster"):
        addresses.check_answers(listener(b"HTTP/1.1 400 Bad Request\r\n"))


def test_what_is_silent_is_not_waited_for(listener, monkeypatch):
    monkeypatch.setattr(addresses, "ANSWER_WITHIN_S", 0.1)
    with pytest.raises(TimeoutError):
        addresses.check_answers(listener(None))


def test_another_version_is_told_apart_from_no_answer():
    error = RuntimeError("Version mismatch: The cluster was started with:\n    Ray: 2.50.0\n")
    message = addresses.no_cluster("head:6379", error)
    assert "has another Ray or Python" in message
    assert "Ray: 2.50.0" in message
    assert "submit" in message


@pytest.mark.parametrize("url", ["head:8265", "auto", "http://", "ftp://head:21"])
def test_what_is_no_job_server_is_refused(url):
    with pytest.raises(ConfigurationError, match=rf"--address {url} is not a job server's"):
        addresses.check_listens(url)


def test_a_job_server_that_does_not_listen_is_named_at_once():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ConfigurationError, match=rf"{url}: no job server of Ray answers there"):
        addresses.check_listens(url)


def test_a_server_that_is_none_of_rays_is_refused():
    pytest.importorskip("aiohttp", reason="the extra cluster brings it")
    from raysearch.tuning.jobs import JobServer

    class Silent(http.server.BaseHTTPRequestHandler):
        def log_message(self, *arguments):
            """Print nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Silent) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        with pytest.raises(ConfigurationError, match=rf"{url}: no job server of Ray answers there"):
            JobServer(url)
        server.shutdown()
