"""A worker's process is replaced when something of its trials may be left in it."""

from __future__ import annotations

import itertools

import pytest

import raysearch as rs
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from raysearch.trial import SearchStatus, TrialStatus

pytestmark = pytest.mark.timeout(120)  # real processes


def raises_every_third(config, report):
    """Fail where the number says so."""
    if config["number"] % 3 == 1:
        raise ValueError("every third")
    if config["number"] == 5:
        raise MemoryError
    report({"loss": float(config["number"])})


def workers_of(address, path, **settings):
    """Return which process trained each of eight trials, one after another, and the results."""
    search = rs.Search(
        raises_every_third,
        space={"number": rs.Int(0, 7, default=0)},
        points=[{"number": number} for number in range(1, 8)],
        objective=rs.Objective(metric="loss", direction="minimize"),
        searcher="random",
        scheduler="none",
        fidelity=rs.Fidelity(max_epochs=1),
        budget=rs.Budget(trials=8),
        parallel=1,
        run_dir=path,
        address=address,
        **settings,
    )
    results = search.run(listeners=())
    events = list(RunDir(path).events())
    started = [event for event in events if isinstance(event, ev.AttemptStarted)]
    assert [event.trial for event in started] == [f"{number:04d}" for number in range(8)]
    assert results.status is SearchStatus.FINISHED
    failed = [t.number for t in results.state.trials.values() if t.status is TrialStatus.FAILED]
    assert failed == [1, 4, 5, 7]
    assert not results.state.losses
    return [event.worker for event in started]


def test_the_trial_after_one_that_raised_gets_a_new_process(ray_address, tmp_path):
    workers = workers_of(ray_address, tmp_path / "run")
    is_new = [before != after for before, after in itertools.pairwise(workers)]
    assert is_new == [False, True, False, False, True, True, False]


def test_where_asked_only_want_of_memory_and_many_trials_replace_it(ray_address, tmp_path):
    workers = workers_of(
        ray_address,
        tmp_path / "run",
        failures={"replace_worker": False},
        resources=rs.Resources(trials_per_worker=4),
    )
    is_new = [before != after for before, after in itertools.pairwise(workers)]
    assert is_new == [False, False, False, True, False, True, False]
