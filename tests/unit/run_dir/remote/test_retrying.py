"""A store that does not answer is asked again, and nothing is written twice or lost."""

from __future__ import annotations

import pytest

from raysearch.run_dir.remote.client import NOTHING
from raysearch.run_dir.remote.faults import Refused, Unreachable
from raysearch.run_dir.remote.retrying import (
    FIRST_PATIENCE_S,
    LONGEST_PAUSE_S,
    Retrying,
    telling,
)
from tests.unit.run_dir.remote.objects import Flaky, MemoryObjects, Time


def retrying(objects, time, **settings):
    return Retrying(objects, name="s3://lab", sleep=time.sleep, clock=time.clock, **settings)


def test_transient_errors_are_outlasted():
    time, memory = Time(), MemoryObjects()
    objects = retrying(Flaky(memory, faults=["before"] * 3 + ["", "", "after", "before"]), time)
    objects.put("a", b"1")
    assert objects.get("a")[0] == b"1"
    assert len(time.pauses_s) == 3
    objects.delete(["a"])
    assert memory.held == {}
    assert len(time.pauses_s) == 5


def test_pauses_grow_and_are_drawn():
    time = Time()
    objects = retrying(Flaky(MemoryObjects(), faults=["before"] * 40), time)
    objects.has_answered = True
    objects.put("a", b"1")
    pauses = time.pauses_s
    assert max(pauses) <= LONGEST_PAUSE_S
    assert all(pause <= 0.1 * 2**n for n, pause in enumerate(pauses))
    # 30 draws from U(0, 15): a mean below 5 has a chance of less than 1e-5 (3.6 standard errors)
    assert sum(pauses[10:]) / 30 > 4.2
    assert len(set(pauses)) == 40


def test_a_new_object_whose_answer_was_lost_counts_as_written():
    time, memory = Time(), MemoryObjects()
    objects = retrying(Flaky(memory, faults=["after"]), time)
    version = objects.put("part", b"line\n", replaces=NOTHING)
    assert memory.held["part"] == (b"line\n", version)
    assert memory.puts == ["part"]


def test_a_new_object_that_another_one_wrote_is_not_ours():
    time, memory = Time(), MemoryObjects()
    memory.put("part", b"theirs\n")
    objects = retrying(Flaky(memory, faults=["before"]), time)
    with pytest.raises(FileExistsError):
        objects.put("part", b"ours\n", replaces=NOTHING)
    assert memory.held["part"][0] == b"theirs\n"


def test_an_outage_is_said_once_and_its_end_as_well():
    time, said = Time(), []
    objects = retrying(Flaky(MemoryObjects(), faults=["before"] * 12), time)
    objects.has_answered = True
    with telling(said.append):
        objects.put("a", b"1")
    assert len(said) == 2
    assert said[0] == "s3://lab does not answer (503 Slow Down (SlowDown)); trying again"
    assert said[1].startswith("s3://lab answers again, after ")


@pytest.mark.parametrize(("has_answered", "patience_s"), [(False, FIRST_PATIENCE_S), (True, 300.0)])
def test_patience_ends_sooner_where_the_store_was_never_heard_of(has_answered, patience_s):
    time = Time()
    objects = retrying(Flaky(MemoryObjects(), faults=["before"] * 1000), time, patience_s=300.0)
    objects.has_answered = has_answered
    with telling(lambda text: None), pytest.raises(Unreachable, match=r"does not answer for \d+ s"):
        objects.get("a")
    assert patience_s <= time.now_s <= patience_s + LONGEST_PAUSE_S + 1


def test_what_is_refused_is_not_asked_again():
    class Refusing:
        def get(self, key):
            raise Refused("no")

    time = Time()
    with pytest.raises(Refused):
        retrying(Refusing(), time).get("a")
    assert time.pauses_s == []
