"""How is a running search told in plain lines, for logs and pipes?

One line when a trial ends or a new best value is found, and a heartbeat every half minute, all in
ASCII where the names allow it. A log stays short however long the search is:

* ends: each of the first 100, then every 10th up to the 1000th, every 100th up to the 10,000th, and
  so on; failed trials are counted apart in the same way. 10,000 trials make 280 lines.
* new best values: one in two seconds at most; what came in between is in the next line.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

from raysearch.counting import counted
from raysearch.engine import SearchState
from raysearch.engine.causes import DISK_FULL, INTERRUPTED
from raysearch.live.estimate import time_left_text
from raysearch.live.phrases import (
    against_default,
    budget_set,
    budget_used,
    end_reason,
    goal,
    pace,
    search_ended,
    trial_counts,
)
from raysearch.live.progress import Heading, Progress, Snapshot
from raysearch.live.text import configuration_line, duration, printable, short_number
from raysearch.run_dir import events as ev
from raysearch.run_dir.events import Event
from raysearch.trial import Trial, TrialStatus

HEARTBEAT_S = 30.0
BEST_EVERY_S = 2.0
STAGE_AFTER_S = 5.0
"""Seconds that a stage lasts at least before a heartbeat says for how long it has."""


class PlainView:
    """A `LiveView` of plain lines, each flushed at once.

    Args:
        stream: Where to print.
        heading: Name, run directory and plan.
        clock: Unix time in seconds, the same as the engine's.
        heartbeat_s: Seconds between two heartbeat lines.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        heading: Heading,
        clock: Callable[[], float] = time.time,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        self._stream: TextIO | None = stream
        self._heading = heading
        self._clock = clock
        self._heartbeat_s = heartbeat_s
        self._progress = Progress(heading.plan)
        self._ends: dict[bool, int] = {True: 0, False: 0}
        self._has_new_best = False
        self._best_at = 0.0
        self._stage: tuple[str, float] | None = None
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="raysearch-heartbeat", daemon=True)

    def __enter__(self) -> Self:
        plan = self._heading.plan
        self._print(
            f"{self._heading.name}: {goal(plan)}, {budget_set(plan)}; {self._heading.run_dir}"
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()

    def __call__(self, event: Event, state: SearchState) -> None:
        """Take one more event into account."""
        self._has_new_best |= self._progress.update(event, state)
        if isinstance(event, ev.AttemptStarted):
            self._stage = None
        elif isinstance(event, ev.AttemptEnded):
            if event.trial in state.live and event.cause not in (INTERRUPTED, DISK_FULL):
                self._tell_retry(event, n_bad=state.n_bad_attempts(event.trial))
        elif isinstance(event, ev.TrialEnded):
            self._tell_end(state.trials[event.trial])
        is_over = isinstance(event, ev.SearchEnded)
        if self._has_new_best and (is_over or self._clock() - self._best_at >= BEST_EVERY_S):
            self._tell_best()
        if is_over:
            self._tell(search_ended)

    def stage(self, text: str) -> None:
        """Say what is waited for from now on."""
        self._stage = (text, self._clock())
        self._print(text)

    def note(self, text: str) -> None:
        """Print a line."""
        self._print(text)

    def _tell_retry(self, event: ev.AttemptEnded, *, n_bad: int) -> None:
        again = f"tried again, {n_bad} of {self._heading.plan.max_attempts} attempts lost"
        why = (event.error or "").partition("\n")[0]
        self._print(f"trial {event.trial}: {event.cause}, {again}: {why}")

    def _tell_end(self, trial: Trial) -> None:
        is_failed = trial.status is TrialStatus.FAILED
        self._ends[is_failed] += 1
        n = self._ends[is_failed]
        step = one_in(n)
        if n % step:
            return
        value = trial.value(self._heading.plan.objective)
        at = "" if value is None else f", reached {short_number(value)}"
        kind = "failed trial" if is_failed else "trial"
        trained = f"after {counted(trial.epochs, self._heading.plan.unit)}"
        trained = "before training" if trial.status is TrialStatus.REJECTED else trained
        thinned = "" if step == 1 else f" [1 {kind} in {step} is printed]"
        self._print(f"trial {trial.id} {trial.status} {trained}{at}: {end_reason(trial)}{thinned}")

    def _tell_best(self) -> None:
        self._has_new_best = False
        self._best_at = self._clock()
        self._tell(self._best)

    def _best(self, snapshot: Snapshot) -> str:
        best = snapshot.incumbent
        if best is None:
            return "best: none yet"
        default = snapshot.default.configuration if snapshot.default else None
        phrase = against_default(snapshot, objective=self._heading.plan.objective)
        return (
            f"best {short_number(best.value)} in trial {best.trial.id}, "
            f"{snapshot.unit} {best.epoch}{', ' if phrase else ''}{phrase}: "
            f"{configuration_line(best.trial.configuration_at(best.epoch), default=default)}"
        )

    def _beat(self) -> None:
        """Print a heartbeat line from time to time, in a thread of its own."""
        while not self._done.wait(self._heartbeat_s):
            stage = self._stage
            if stage is None:
                self._tell(self._heartbeat)
            elif (elapsed_s := self._clock() - stage[1]) >= STAGE_AFTER_S:
                self._print(f"{stage[0]}: for {duration(elapsed_s)} now")

    def _heartbeat(self, snapshot: Snapshot) -> str:
        best = snapshot.incumbent
        parts = [
            budget_used(snapshot, plan=self._heading.plan),
            f"{duration(snapshot.elapsed_s)} elapsed",
            time_left_text(snapshot.left),
            *pace(snapshot),
            trial_counts(snapshot),
        ]
        if snapshot.idle is not None:
            parts.append(snapshot.idle.text)
        if best is not None:
            parts.append(f"best {short_number(best.value)} in trial {best.trial.id}")
        if snapshot.front:
            parts.append(f"{counted(len(snapshot.front), 'trial')} on the front")
        return "; ".join(parts)

    def _tell(self, words: Callable[[Snapshot], str]) -> None:
        snapshot = self._progress.snapshot(at=self._clock())
        if snapshot is not None:
            self._print(words(snapshot))

    def _print(self, text: str) -> None:
        """Write one line; a stream that cannot be written to is given up."""
        at = time.strftime("%H:%M:%S", time.localtime(self._clock()))
        with self._lock:
            if self._stream is None:
                return
            encoding = getattr(self._stream, "encoding", None) or "utf-8"
            line = printable(text).encode(encoding, "backslashreplace").decode(encoding)
            try:
                self._stream.write(f"{at} {line}\n")
                self._stream.flush()
            except (OSError, ValueError):  # a closed pipe, or a closed file
                self._stream = None


def one_in(n: int) -> int:
    """Return of how many ends one is told, from the n-th on: at most 90 lines per power of ten.

    Example:
        >>> [one_in(n) for n in (1, 100, 101, 1000, 1001, 10_000)]
        [1, 1, 10, 10, 100, 100]
        >>> sum(n % one_in(n) == 0 for n in range(1, 10_001))
        280
    """
    return int(10 ** max(0, len(str(n - 1)) - 2))
