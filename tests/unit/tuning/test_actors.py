"""Who waits for an actor, who leaves one, and for how many trials there is room."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from raysearch.tuning import actors as module
from raysearch.tuning.actors import STARTING_LIMIT_S, Actors

pytestmark = pytest.mark.timeout(120)  # the import of ray.tune


@dataclass
class OnRay:
    """A trial as Ray holds it."""

    trial_id: str
    status: str = "PENDING"


class Yard:
    """Trials on Ray, and the actors that they have or wait for."""

    def __init__(self, monkeypatch):
        self.now, self.on_ray = 100.0, {}
        self.actors = Actors(self.on_ray)
        monkeypatch.setattr(module.time, "monotonic", lambda: self.now)

    def add(self, name):
        trial = self.on_ray[name] = OnRay(name)
        self.actors.wait(trial)
        return trial

    def run(self, name):
        trial = self.add(name)
        trial.status = "RUNNING"
        self.actors.begin(trial)
        return trial


@pytest.fixture
def yard(monkeypatch):
    return Yard(monkeypatch)


def test_a_trial_that_comes_is_new_for_one_step(yard):
    trial = yard.add("a")
    assert yard.actors.take_new() is trial
    assert yard.actors.take_new() is None
    assert yard.actors.waiting() == [trial]


def test_one_that_ended_makes_room_for_one_and_two_do_not_for_two(yard):
    trials = [yard.run(name) for name in "abc"]
    assert not yard.actors.may_begin(3)
    yard.actors.leave(trials[0])
    assert yard.actors.may_begin(3)
    yard.actors.leave(trials[1])
    yard.add("d")
    assert not yard.actors.may_begin(3)


def test_an_idle_actor_is_room_that_is_free_already(yard):
    trials = [yard.run(name) for name in "abc"]
    yard.actors.leave(trials[0])
    yard.actors.is_one_idle = True
    assert not yard.actors.may_begin(3)


def test_one_that_ray_is_done_with_leaves_nothing_behind(yard):
    gone = yard.run("a")
    yard.actors.leave(gone)
    yard.actors.forget(gone)
    assert yard.actors.next_to_leave() is None
    waiting = yard.add("b")
    yard.actors.forget(waiting)
    assert yard.actors.waiting() == []


def test_an_actor_starts_only_where_there_is_room(yard):
    yard.run("a")
    assert not yard.actors.is_one_starting(2)
    yard.add("b")
    assert yard.actors.is_one_starting(2)
    assert not yard.actors.is_one_starting(1)


def test_where_one_is_late_nothing_starts_and_nothing_is_begun(yard):
    yard.run("a")
    yard.add("b")
    yard.now += STARTING_LIMIT_S + 1.0
    yard.add("c")  # Ray asks for its actor after the other one's
    assert not yard.actors.is_one_starting(9)
    assert not yard.actors.may_begin(9)
    yard.on_ray["b"].status = "RUNNING"
    assert yard.actors.may_begin(9)
    assert yard.actors.is_one_starting(9)
