"""How does one fit run in a thread, driven message by message?

It starts before it is asked for: what a trial takes to set up, and its first epoch, do not wait for
Ray Tune to come round to it. The fit waits inside `report` until it is asked for the next message,
which says that the driver has journalled the measurement and wants the trial to go on. No exception
ever leaves: Ray would throw the process away and, since it cannot tell a user's error from a lost
node, run the same trial again.
"""

from __future__ import annotations

import faulthandler
import os
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from raysearch.engine.causes import LOST_CONTACT, OUT_OF_MEMORY
from raysearch.imports import provide
from raysearch.run_dir.remote.mirrors import local_copy
from raysearch.training.batches import batch_size_of
from raysearch.training.checkpoints import sound_start
from raysearch.training.failure import describe_failure
from raysearch.training.home import leave, settled
from raysearch.training.job import Ending, Report, TrainingJob
from raysearch.training.log import printed_to
from raysearch.training.ranks import await_nobody
from raysearch.training.run import model_cost, train
from raysearch.training.silence import describe_silence
from raysearch.training.warmup import prepare_process
from raysearch.tuning.messages import cause_of, message

PREPARATION_S = 120.0
"""How long the imports of a new worker may take before they count as silence, in seconds."""

LAST_RESORT_S = 10.0
"""How much later a process ends that cannot even say that it hangs, in seconds: a thread that never
lets go of the interpreter stops all others, and its worker is then lost."""

STDERR = 2
"""Where the process writes when it ends by itself: the file descriptor, since Python's own standard
error goes to the trial's log meanwhile."""

ABORT_WAIT_S = 20.0
"""How long an aborted fit may take to reach the end of its epoch, in seconds."""


class FitThread:
    """One fit in a thread, driven message by message.

    Args:
        job: What is trained.
        objects: Returns the objects without an import path that the job names, by name; None if
            it names none. Called in the thread: what it raises is the trial's result, too.
        timeout_s: How long the fit may report nothing, in seconds; None for any time. Neither what
            the driver takes before it lets the fit go on counts, nor `PREPARATION_S` of imports.
    """

    def __init__(
        self,
        job: TrainingJob,
        *,
        objects: Callable[[], Mapping[str, Any]] | None = None,
        timeout_s: float | None = None,
    ) -> None:
        self._job, self._damaged = sound_start(settled(job))
        self._objects = objects
        self._timeout_s = timeout_s
        self._since = (
            f"it went on from epoch {self._job.epochs_before}"
            if self._job.resume_from
            else "it began"
        )
        self._messages: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_announced = False  # that it started was said
        self._is_waiting = False
        self._is_prepared = threading.Event()
        self._hangs = False
        self._is_spoiled = False
        self._has_failed = False  # and that was said

    def start(self) -> None:
        """Start the fit."""
        self._thread = threading.Thread(target=self._run, name="raysearch-fit", daemon=True)
        self._thread.start()

    def next_message(self) -> dict[str, Any]:
        """Let the fit go on, and return its next message.

        The first message says which process trains the trial, the second what its model costs if
        that is asked for. Each measurement is a message; the last one says that the fit ended, or
        failed. A fit that was silent for too long has failed as well. One more call after a failure
        ends the process: the driver wants the trial again, in a process that has nothing of this
        one, or the fit hangs and cannot be ended otherwise.
        """
        if self._has_failed:
            os._exit(1)
        if self._thread is None:
            raise RuntimeError("the fit was not started")
        if not self._is_announced:
            self._is_announced = True
            worker = f"{socket.gethostname()}:{os.getpid()}"
            damaged = {
                f"{Path(path).parent.name}/{Path(path).name}": fault
                for path, fault in self._damaged.items()
            }
            return message("started", worker=worker, damaged=damaged)
        if self._is_waiting:
            self._is_waiting = False
            self._answers.put(True)
        received = self._receive(self._thread.ident or 0)
        self._is_waiting = received["kind"] in ("gauged", "measured")
        self._has_failed = received["kind"] == "failed"
        return received

    def abort(self) -> bool:
        """End the fit at its next report, and wait for it; safe to repeat.

        Returns:
            Whether the process still stands as it was: not if memory ran out since the last message
            that was asked for, in an epoch of which nobody hears.

        A fit that does not end in time takes the process with it: two fits in one process would
        disturb each other. Ray then starts the next trial in a new one.
        """
        if self._thread is None:
            return True
        self._answers.put(False)
        self._thread.join(timeout=0 if self._hangs else ABORT_WAIT_S)
        if self._thread.is_alive():
            os._exit(1)
        while not self._messages.empty():
            self._is_spoiled |= cause_of(self._messages.get()) == OUT_OF_MEMORY
        return not self._is_spoiled

    def _receive(self, thread: int) -> dict[str, Any]:
        """Return the next message of the fit, or that it has been silent for too long."""
        if self._timeout_s is None:
            return self._messages.get()
        began = time.monotonic()
        if not self._is_prepared.wait(max(PREPARATION_S, self._timeout_s)):
            return self._give_up(thread, silent_s=time.monotonic() - began)
        faulthandler.dump_traceback_later(self._timeout_s + LAST_RESORT_S, exit=True, file=STDERR)
        try:
            return self._messages.get(timeout=self._timeout_s)
        except queue.Empty:
            return self._give_up(thread, silent_s=time.monotonic() - began)
        finally:
            faulthandler.cancel_dump_traceback_later()

    def _give_up(self, thread: int, *, silent_s: float) -> dict[str, Any]:
        """Return that the fit hangs, and where; noted so that nobody waits for it again."""
        self._hangs = True
        hang = describe_silence(thread, silent_s=silent_s, since=self._since)
        _write_error(Path(self._job.directory) / "error.txt", hang.details)
        return message("failed", cause=hang.cause, error=hang.summary)

    def _run(self) -> None:
        folder, rank = Path(self._job.directory), self._job.rank
        log = "log.txt" if rank is None or not rank.number else f"log-rank-{rank.number}.txt"
        try:
            if self._job.resume_from is not None:
                local_copy(folder / log)  # which goes on
            with printed_to(folder / log):
                for fault in self._damaged.values():
                    sys.stderr.write(f"{fault}; training goes on without it\n")
                if self._objects is not None:
                    provide(self._objects())
                prepare_process(self._job)
                self._is_prepared.set()
                is_wanted = not self._job.measures or self._gauge()
                ending = train(self._job, report=self._report) if is_wanted else Ending.STOPPED
            self._messages.put(message("ended", ending=ending))
        except BaseException as error:  # noqa: BLE001  all of it is the trial's result
            cause, summary = "exception", type(error).__name__
            try:
                failure = describe_failure(error, batch_size=batch_size_of(self._job))
                cause, summary = failure.cause, failure.summary
                if cause != LOST_CONTACT:  # else another rank has the reason, and writes it
                    _write_error(folder / "error.txt", failure.details)
            finally:  # without a message the driver would wait for ever
                self._is_prepared.set()
                self._messages.put(message("failed", cause=cause, error=summary))
        finally:
            await_nobody()
            leave(self._job)

    def _gauge(self) -> bool:
        """Say what the model costs, and return whether it is to be trained."""
        began = time.monotonic()
        values = model_cost(self._job)
        self._messages.put(message("gauged", values=values, seconds=time.monotonic() - began))
        return self._answers.get()

    def _report(self, report: Report) -> bool:
        self._since = f"epoch {report.measurement.epoch}"
        checkpoint = report.checkpoint and asdict(report.checkpoint)
        self._messages.put(
            message("measured", measurement=asdict(report.measurement), checkpoint=checkpoint)
        )
        return self._answers.get()


def _write_error(path: Path, details: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(details, encoding="utf-8", errors="backslashreplace")
    except OSError:
        return  # the journal holds the summary; a full disk must not hide it
