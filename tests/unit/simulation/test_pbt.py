"""A population ends its search, with losses and failures, few workers and many, killed or not."""

from __future__ import annotations

import pytest

from raysearch.engine import fold
from raysearch.engine.lineage import lineage, schedule_of
from raysearch.run_dir import events as ev
from raysearch.schedulers.pbt import PBT
from raysearch.searchers.random import Random
from raysearch.simulation import Conditions, Curve, CurveSettings, ParametricCurves
from tests.lab import ACCURACY
from tests.unit.simulation.worlds import MAX_EPOCHS, NETWORKS, facts, search

CURVES = ParametricCurves(
    NETWORKS, objective=ACCURACY, settings=CurveSettings(failing=0.1, diverging=0.1)
)
FIXED = {"depth": "it has weights", "norm": "it has weights", "optimizer": "averages"}
POPULATIONS = {
    "asynchronous": {"population": 8, "interval": 4},
    "synchronous": {"population": 8, "interval": 4, "synchronous": True},
    "tournament": {"population": 5, "interval": 9, "exploit": "tournament"},
    "all at once": {"max_trials": 24, "interval": 5},
}
each_population = pytest.mark.parametrize("name", POPULATIONS)


def run(name, *, curves=CURVES, **changes):
    settings = {"space": NETWORKS, "fixed": FIXED, "seed": 3, **POPULATIONS[name]}
    return search(
        curves,
        space=NETWORKS,
        scheduler=PBT(objective=ACCURACY, max_epochs=MAX_EPOCHS, **settings),
        **{"searcher": Random(NETWORKS, objective=ACCURACY), "max_trials": 24, **changes},
    )


@each_population
@pytest.mark.parametrize("n_workers", [1, 3, 50])
def test_every_member_ends_and_no_epoch_is_trained_twice(name, n_workers):
    simulation = run(name, n_workers=n_workers)
    trials = simulation.state.trials
    assert len(trials) == 24
    assert all(trial.status.is_ended for trial in trials.values())
    assert lineage(trials)
    measured: dict[str, int] = {}
    for event in simulation.events:
        if isinstance(event, ev.Measured):
            assert event.epoch > measured.get(event.trial, 0)
            measured[event.trial] = event.epoch
    for trial in trials.values():
        NETWORKS.validate(trial.configuration)
    assert simulation.state.restarts == 0


@each_population
def test_histories_have_no_gap(name):
    trials = run(name, n_workers=3).state.trials
    for trial in trials.values():
        stretches = schedule_of(trials, trial.id)
        ends = [0, *(stretch.last for stretch in stretches)]
        assert [stretch.first for stretch in stretches] == [end + 1 for end in ends[:-1]]
        assert ends[-1] == trial.epochs


@each_population
def test_members_that_diverge_are_replaced(name):
    state = run(name, n_workers=3).state
    lost = [
        trial
        for trial in state.trials.values()
        if trial.number and any(m.cause for m in trial.measurements[:12])
    ]
    assert any(trial.takeovers for trial in lost)


@each_population
def test_lost_workers_change_nothing_but_the_time(name):
    conditions = Conditions(mean_seconds_to_loss=15.0, checkpoint_every=2, start_seconds=1.0)
    rough = run(name, n_workers=4, conditions=conditions, max_attempts=100)
    assert all(trial.status.is_ended for trial in rough.state.trials.values())
    assert rough.state.restarts == sum(rough.state.losses.values()) > 3
    assert fold(rough.events) == rough.state


@each_population
def test_from_any_prefix_one_worker_goes_on_to_the_same_end(name):
    whole = run(name)
    for end in range(1, len(whole.events) + 1, len(whole.events) // 9):
        again = run(name, events=whole.events[:end])
        found = [facts(trial) for trial in again.state.trials.values()]
        assert found == [facts(trial) for trial in whole.state.trials.values()]
        assert lineage(again.state.trials) == lineage(whole.state.trials)


class Remembers:
    """Curves that say what they were asked for."""

    def __init__(self):
        self.asked = []

    def curve(self, configuration, *, n_epochs):
        return CURVES.curve(configuration, n_epochs=n_epochs)

    def continued(self, configuration, *, before, n_epochs):
        self.asked.append((dict(configuration), [(s.first, s.last) for s in before]))
        values = [0.1 + 0.001 * epoch for epoch in range(n_epochs)]
        return Curve(values={"val/accuracy": values}, seconds=1.0)


def test_curves_that_depend_on_the_past_are_told_it():
    curves = Remembers()
    simulation = run("asynchronous", curves=curves, n_workers=2)
    assert len(curves.asked) >= len(lineage(simulation.state.trials)) > 0
    for configuration, before in curves.asked:
        NETWORKS.validate(configuration)
        assert before[0][0] == 1
        assert before[-1][1] % 4 == 0
