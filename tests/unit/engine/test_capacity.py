"""Is what Ray has journalled when it is new, and read past by those who do not know it?"""

from __future__ import annotations

import json

from raysearch.engine import fold
from raysearch.run_dir import events as ev
from raysearch.run_dir.lines import from_line, to_line
from tests.lab import Lab

HAS = {"cpus": 4.0, "gpus": 0.0, "nodes": 1.0, "slots": 4.0}


def told(lab):
    return [(type(e).__name__, e.capacity) for e in lab.heard if getattr(e, "capacity", None)]


def test_it_is_journalled_with_the_first_attempt_and_when_it_changes():
    lab = Lab().start()
    has = dict(HAS)
    lab.engine.know_capacity(lambda: has)
    first = lab.new_trial()
    lab.report(first, 1, 0.5)
    lab.new_trial()
    assert told(lab) == [("AttemptStarted", HAS)]
    has = {**HAS, "nodes": 2.0, "cpus": 8.0}
    lab.report(first, 2, 0.5)
    lab.report(first, 3, 0.5)
    assert told(lab)[1:] == [("Measured", has)]
    assert lab.engine.state.capacity == has


def test_a_replay_knows_it():
    lab = Lab().start()
    lab.engine.know_capacity(lambda: HAS)
    lab.report(lab.new_trial(), 1, 0.5)
    assert fold(lab.heard).capacity == HAS


def test_where_nobody_says_nothing_is_journalled():
    lab = Lab().start()
    lab.report(lab.new_trial(), 1, 0.5)
    assert told(lab) == []
    assert lab.engine.state.capacity == {}


def test_lines_without_it_are_read():
    event = ev.AttemptStarted(at=1.0, trial="0000", attempt=1, capacity=HAS)
    assert from_line(to_line(event)) == event
    record = json.loads(to_line(event))
    del record["capacity"]
    assert from_line(json.dumps(record)).capacity == {}
