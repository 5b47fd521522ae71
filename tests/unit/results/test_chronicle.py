"""Is it told who trained what and when, and when the best value was found?"""

from __future__ import annotations

import pytest

from raysearch.results import Results
from raysearch.results.chronicle import chronicle
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from raysearch.trial import SearchStatus
from tests.recorded import SETTINGS

ACCURACY = {"objective": {"metric": "val/accuracy", "direction": "maximize"}}


def started(at=100.0):
    settings = {**SETTINGS, **ACCURACY}
    return ev.SearchStarted(at=at, settings=settings, space={}, versions={})


def begun(trial, at, worker="vm:1", attempt=1):
    number = int(trial)
    created = ev.TrialCreated(at=at, trial=trial, number=number, configuration={})
    return [created, ev.AttemptStarted(at=at, trial=trial, attempt=attempt, worker=worker)]


def measured(trial, at, epoch, value):
    values = {"val/accuracy": value}
    return ev.Measured(
        at=at, trial=trial, attempt=1, epoch=epoch, step=epoch, values=values, seconds=at
    )


def ended(trial, at, status="completed"):
    return ev.TrialEnded(at=at, trial=trial, status=status)


@pytest.fixture
def told(tmp_path):
    """Journal events, and return the chronicle that they make."""

    def tell(*events):
        run = RunDir(tmp_path / "run")
        with run.writing() as journal:
            journal.append(list(events))
        return chronicle(Results.read(run.path))

    return tell


def test_each_attempt_has_its_worker_and_its_times(told):
    found = told(
        started(),
        *begun("0000", 101.0, worker="vm:1"),
        *begun("0001", 102.0, worker="vm:2"),
        measured("0000", 103.0, 1, 0.5),
        ended("0001", 104.0, "failed"),
        ended("0000", 106.0),
        ev.SearchEnded(at=107.0, status=SearchStatus.FINISHED),
    )
    attempts = [(a.trial, a.worker, a.started_s, a.ended_s, a.outcome) for a in found.attempts]
    assert attempts == [
        ("0000", "vm:1", 1.0, 6.0, "completed"),
        ("0001", "vm:2", 2.0, 4.0, "failed"),
    ]
    assert (found.seconds, found.epochs) == (7.0, 1)


def test_the_break_between_two_sessions_is_no_time_of_the_search(told):
    found = told(
        started(),
        *begun("0000", 101.0),
        measured("0000", 103.0, 1, 0.5),
        ev.SearchResumed(at=5000.0, settings={**SETTINGS, **ACCURACY}),
        ev.AttemptStarted(at=5001.0, trial="0000", attempt=2, worker="vm:9"),
        measured("0000", 5003.0, 2, 0.6),
        ended("0000", 5004.0),
    )
    spans = [(a.started_s, a.ended_s, a.outcome) for a in found.attempts]
    assert spans == [(1.0, 3.0, "interrupted"), (4.0, 7.0, "completed")]
    assert found.breaks_s == [3.0]
    assert [i.seconds for i in found.improvements] == [3.0, 6.0]


def test_a_pause_and_a_loss_end_an_attempt(told):
    found = told(
        started(),
        *begun("0000", 101.0),
        measured("0000", 102.0, 1, 0.5),
        ev.Decided(at=102.0, trial="0000", epoch=1, kind="pause", reason="rung 1"),
        ev.AttemptStarted(at=105.0, trial="0000", attempt=2, worker="vm:2"),
        ev.AttemptEnded(at=106.0, trial="0000", attempt=2, cause="worker lost"),
        ev.AttemptStarted(at=107.0, trial="0000", attempt=3, worker="vm:3"),
        measured("0000", 109.0, 2, 0.6),
    )
    assert [a.outcome for a in found.attempts] == ["paused", "worker lost", "running"]
    assert found.attempts[-1].ended_s == 9.0


def test_only_what_is_better_than_all_before_is_an_improvement(told):
    found = told(
        started(),
        *begun("0000", 101.0),
        measured("0000", 102.0, 1, 0.5),
        measured("0000", 103.0, 2, 0.4),
        measured("0000", 104.0, 3, None),
        *begun("0001", 104.0),
        measured("0001", 105.0, 1, 0.5),
        measured("0001", 106.0, 2, 0.7),
    )
    assert [(i.trial, i.epoch, i.value, i.epochs) for i in found.improvements] == [
        ("0000", 1, 0.5, 1),
        ("0001", 2, 0.7, 5),
    ]
    assert [found.best_after(n) for n in (0, 1, 4, 5)] == [None, 0.5, 0.5, 0.7]


def test_behind_a_damage_nothing_is_told(told, tmp_path):
    told(started(), *begun("0000", 101.0), measured("0000", 102.0, 1, 0.5))
    segment = next((tmp_path / "run" / "journal").glob("*.jsonl"))
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join([*lines[:2], b"damage\n", *lines[3:]]))
    found = chronicle(Results.read(tmp_path / "run"))
    assert found.improvements == []
