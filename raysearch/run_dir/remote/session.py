"""What does a session do for a store beside its journal: files, requests to stop, a first look?"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from raysearch.errors import RunDirectoryError
from raysearch.run_dir.events import Event
from raysearch.run_dir.remote.faults import Unreachable
from raysearch.run_dir.remote.mirror import Mirror

UPLOAD_EVERY_S = 20.0
"""How often files that grow, such as TensorBoard's, are written to the store, in seconds."""

LOOK_EVERY_S = 3.0
"""How often it is looked whether `stop` was typed somewhere, in seconds."""

_log = logging.getLogger(__name__)


def refuse_unusable(mirror: Mirror) -> None:
    """Write an object, read it, find it, and delete it; asked before anything is started.

    Raises:
        RunDirectoryError: One of these cannot be done, with what to do about it.
    """
    key, data = f".raysearch-probe-{uuid.uuid4().hex}", b"raysearch was here"
    objects = mirror.remote.objects
    try:
        objects.put(key, data)
        try:
            read, _ = objects.get(key)
            is_listed = any(True for _ in objects.list("")) and read == data
        finally:
            objects.delete([key])
    except Unreachable as error:
        raise unreachable(mirror, error) from error
    if not is_listed:
        raise RunDirectoryError(
            f"{mirror.address}: what is written there cannot be read and listed at once, which a "
            "run directory needs. Give a place in a store that is consistent. Nothing was started."
        )


def unreachable(mirror: Mirror, error: Unreachable) -> RunDirectoryError:
    """Return what is said of a store that does not answer at all."""
    return RunDirectoryError(
        f"{mirror.address}: {error.strerror}. See that this machine reaches the store, and that "
        "AWS_ENDPOINT_URL, where it is set, is right; then try again."
    )


@contextmanager
def uploading(mirror: Mirror) -> Iterator[None]:
    """Write changed files to the store from `with` to the end of its block, and once more then.

    Side effects:
        A daemon thread. A file that cannot be written to the store stays here, which is said.
    """
    ended = threading.Event()

    def upload() -> None:
        while not ended.wait(UPLOAD_EVERY_S):
            _upload(mirror)

    thread = threading.Thread(target=upload, name="raysearch-upload", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        _upload(mirror)
        mirror.finish_deletions()


def _upload(mirror: Mirror) -> None:
    try:
        mirror.push_changes()
    except OSError as error:
        _log.warning("files of %s stay in %s: %s", mirror.address, mirror.path, error)


def publish(mirror: Mirror, events: Iterable[Event]) -> None:
    """Bring what is about to be journalled to the store, where it was written here by its path.

    Checkpoints of trials are brought there by the workers that write them.
    """
    for event in events:
        key = str(getattr(event, "path", ""))
        if key and not key.startswith("trials/") and (mirror.path / key).is_file():
            mirror.push_if_changed(key)


class Seldom:
    """A look at something slow: at most every few seconds, in a thread, with the last answer.

    Args:
        look: What it is about; what it raises counts as False.
        every_s: Seconds between two looks.
    """

    def __init__(self, look: Callable[[], bool], *, every_s: float = LOOK_EVERY_S) -> None:
        self._look = look
        self._every_s = every_s
        self._looked_at = -every_s
        self._thread: threading.Thread | None = None
        self._answer = False

    def __call__(self) -> bool:
        """Return the last answer, and see to the next one."""
        is_free = self._thread is None or not self._thread.is_alive()
        if is_free and time.monotonic() - self._looked_at >= self._every_s:
            self._looked_at = time.monotonic()
            self._thread = threading.Thread(target=self._ask, name="raysearch-stop", daemon=True)
            self._thread.start()
        return self._answer

    def _ask(self) -> None:
        with suppress(OSError):
            self._answer = self._look()
