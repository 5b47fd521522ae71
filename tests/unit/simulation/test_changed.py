"""A search whose parts are changed in the middle is as deterministic as one that keeps them."""

from __future__ import annotations

import pytest

from raysearch.imports import load_object
from raysearch.run_dir import events as ev
from raysearch.schedulers import SCHEDULERS
from raysearch.searchers import SEARCHERS
from raysearch.simulation import CurveSettings, ParametricCurves
from raysearch.space import Choice, Float, Int
from tests.lab import ACCURACY
from tests.unit.simulation.worlds import MAX_EPOCHS, NETWORKS, facts, search

CURVES = ParametricCurves(
    NETWORKS, objective=ACCURACY, settings=CurveSettings(failing=0.1, diverging=0.1)
)
NARROW = NETWORKS.replaced(
    {"depth": Int(2, 6), "learning_rate": Float(1e-3, 1e-1, log=True), "norm": Choice(["batch"])}
)
MOVED = NETWORKS.replaced({"depth": Int(4, 8), "optimizer": "sgd"})
METHODS = [name for name in SEARCHERS if name != "cmaes"]  # which takes no choices without order
PAIRS = {(name, "asha") for name in METHODS} | {("random", name) for name in SCHEDULERS}
SETTINGS = {"hyperopt": {"n_startup": 3}, "grid": {"resolution": 3}, "asha": {"brackets": 2}}


def run(events=(), *, space=NETWORKS, searcher="random", scheduler="asha", trials=12):
    made = load_object(SEARCHERS[searcher])(
        space, objective=ACCURACY, seed=1, **SETTINGS.get(searcher, {})
    )
    policy = load_object(SCHEDULERS[scheduler])(
        objective=ACCURACY, max_epochs=MAX_EPOCHS, seed=1, **SETTINGS.get(scheduler, {})
    )
    return search(
        CURVES, space=space, searcher=made, scheduler=policy, max_trials=trials, events=events
    )


def found(simulation):
    return [facts(trial) for trial in simulation.state.trials.values()]


def interrupted(simulation, *, trial):
    """The events of a search until a trial has been measured for the second time."""
    seen = [i for i, e in enumerate(simulation.events)
            if isinstance(e, ev.Measured) and e.trial == trial]  # fmt: skip
    return simulation.events[: seen[:2][-1] + 1]


@pytest.mark.timeout(90)  # imports hyperopt, and asks it for many suggestions
@pytest.mark.parametrize(("searcher", "scheduler"), sorted(PAIRS))
def test_killed_after_a_change_it_ends_as_if_it_had_not_been(searcher, scheduler):
    """Another space, searcher and scheduler after 6 trials, one of them in training."""
    before = interrupted(run(scheduler="none"), trial="0005")
    after = {"space": NARROW, "searcher": searcher, "scheduler": scheduler}
    whole = run(before, **after)
    assert len(whole.state.trials) == 12
    assert whole.state.space == NARROW.to_json()
    assert {t.id for t in whole.state.trials.values() if not NARROW.contains(t.configuration)} & {
        f"000{number}" for number in range(6)
    }
    n = len(before)
    for end in range(n + 1, len(whole.events) + 1, 1 + (len(whole.events) - n) // 12):
        again = run(whole.events[:end], **after)
        assert found(again) == found(whole), whole.events[end - 1]


@pytest.mark.parametrize("searcher", METHODS)
def test_changed_twice_and_back_it_is_so_too(searcher):
    first = run(trials=5)
    second = run(first.events, space=NARROW, searcher=searcher, trials=8)
    third = run(second.events, space=MOVED, searcher=searcher, scheduler="none", trials=10)
    back = run(third.events, searcher=searcher, trials=12)
    assert found(back)[:10] == found(third)
    spaces = [e.space for e in back.events if isinstance(e, ev.SearchResumed)]
    assert spaces == [space.to_json() for space in (NARROW, MOVED, NETWORKS)]
    for end in range(len(third.events) + 1, len(back.events) + 1, 6):
        assert found(run(back.events[:end], searcher=searcher, trials=12)) == found(back)


@pytest.mark.parametrize("searcher", METHODS)
def test_after_a_change_only_the_new_space_is_searched(searcher):
    first = run(trials=5)
    more = run(first.events, space=NARROW, searcher=searcher, trials=25)
    trials = list(more.state.trials.values())
    assert all(NARROW.contains(t.configuration) for t in trials[5:])
    assert found(more)[:5] == found(first)
    keys = [tuple(sorted(t.configuration.items(), key=str)) for t in trials]
    assert len(set(keys)) == len(keys)
