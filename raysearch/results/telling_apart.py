"""How are the leaders of a search told apart? Each is trained again with several seeds.

Seed by seed, the first leader first, and as many at once as there is room. Each training is
journalled as it is done, with its value or with what went wrong, so what is killed goes on after
the last one, and nothing is trained twice: a search that is extended trains the leaders that are
new.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from raysearch.counting import counted
from raysearch.engine import records
from raysearch.errors import TrialFailed
from raysearch.measure import SECONDS
from raysearch.results.executor import Executor
from raysearch.results.found import Found
from raysearch.results.history import job_of
from raysearch.results.leaders import Leader
from raysearch.results.lineage import ancestors
from raysearch.results.messages import phrase
from raysearch.results.refit_seeds import Record, Say
from raysearch.run_dir import events as ev
from raysearch.training.jobs import job_for
from raysearch.training.repeating import Part
from raysearch.trial import Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class _Missing:
    """A training that is still to be done."""

    leader: Leader
    repeat: int


def tell_apart(found: Found, *, executor: Executor, record: Record, say: Say) -> int:
    """Train the leaders of a search again, as far as that was not done; return how often.

    Args:
        found: The search; its state includes what `record` journals.
        executor: Does the training, several at once where it can.
        record: Journals what each training came to.
        say: Told what is trained, and what went wrong.

    Raises:
        RunDirectoryError: The disk is full; what was trained before is kept.
        ConfigurationError: The classes of a leader cannot be found here.

    Side effects:
        Journals an `ev.Measured` for each training, with its repeat.
    """
    leaders = found.leaders
    missing = _missing(leaders)
    if not missing:
        return 0
    n_all = sum(len(leader.wanted) for leader in leaders)
    seeds = len(leaders[0].wanted)
    there = f", {n_all - len(missing)} of {n_all} are there" if len(missing) < n_all else ""
    say(
        f"training {counted(len(leaders), 'leader')} again on training data, with "
        f"{counted(seeds, 'seed')} each{there}"
    )
    works = [_work(_line(found, each)) for each in missing]
    n_done, metric = n_all - len(missing), found.objective.metric
    has_seconds = any(objective.metric == SECONDS for objective in found.objectives)
    with closing(executor.each(works)) as outcomes:  # so that none trains on after an error
        for place, came_to in outcomes:
            event = _event(missing[place], came_to, metric=metric, has_seconds=has_seconds)
            record(event)
            n_done += 1
            value = event.values.get(metric)
            told = event.cause if value is None else f"{metric} {value:.4g}"
            say(f"leader {event.trial}, seed {event.repeat} of {seeds}: {told} ({n_done}/{n_all})")
    return len(missing)


def _missing(leaders: Sequence[Leader]) -> list[_Missing]:
    """Return what is to be trained: first the first seed of all, then the second."""
    found = [
        _Missing(leader=leader, repeat=repeat) for leader in leaders for repeat in leader.missing
    ]
    return sorted(found, key=lambda each: each.repeat)


def _work(line: Sequence[Part]) -> Callable[[Executor], Measurement]:
    return lambda executor: executor.repeat(line)


def _line(found: Found, missing: _Missing) -> list[Part]:
    """Return what is trained: the leader, after those with whose weights it begins."""
    leader, repeat = missing.leader, missing.repeat
    before = [
        Part(
            job=replace(
                job_for(found.experiment, each.trial, run_dir=found.run_dir.path), repeat=repeat
            ),
            epochs=each.epochs,
        )
        for each in ancestors(leader.trial, trials=found.state.trials)
    ]
    job = job_of(found, leader.trial, epochs=leader.epochs)
    return [*before, Part(job=replace(job, repeat=repeat), epochs=leader.epochs)]


def _event(
    missing: _Missing, came_to: Measurement | TrialFailed, *, metric: str, has_seconds: bool
) -> ev.Measured:
    """Return what the journal says of a training, whose epoch is the leader's in any case.

    Args:
        missing: What was wanted.
        came_to: What came of it.
        metric: The objective's.
        has_seconds: Whether the time of training is an objective, too.
    """
    leader, now = missing.leader, time.time()
    measurement = (
        Measurement(epoch=leader.epochs, step=0, values={metric: None}, seconds=0.0,
                    cause=phrase(came_to))
        if isinstance(came_to, TrialFailed)
        else replace(
            came_to,
            epoch=leader.epochs,
            values={**came_to.values, **({SECONDS: came_to.seconds} if has_seconds else {})},
        )
    )  # fmt: skip
    event = records.measured(measurement, trial=leader.trial, at=now)
    return replace(event, repeat=missing.repeat, values=_finite(event), learnt={}, inherited={})


def _finite(event: ev.Measured) -> dict[str, float | None]:
    return {
        name: value if value is not None and math.isfinite(value) else None
        for name, value in event.values.items()
    }
