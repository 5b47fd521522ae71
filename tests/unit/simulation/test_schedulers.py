"""Every policy ends its searches: with losses and failures, with few workers and many, killed or
not, and extended."""

from __future__ import annotations

import importlib

import pytest

from raysearch.engine import fold
from raysearch.run_dir import events as ev
from raysearch.schedulers import SCHEDULERS
from raysearch.searchers.random import Random
from raysearch.simulation import Conditions, CurveSettings, ParametricCurves
from raysearch.trial import TrialStatus
from tests.lab import ACCURACY
from tests.unit.simulation.worlds import MAX_EPOCHS, NETWORKS, facts, search

CURVES = ParametricCurves(
    NETWORKS, objective=ACCURACY, settings=CurveSettings(failing=0.1, diverging=0.1)
)
POLICIES = {
    "asha promotion": ("asha", {"form": "promotion"}),
    "asha promotion, 3 brackets": ("asha", {"form": "promotion", "brackets": 3}),
    "hyperband": ("hyperband", {}),
    "hyperband keras_tuner": ("hyperband", {"arithmetic": "keras_tuner"}),
    "median": ("median", {"min_trials": 3}),
    "successive_halving": ("successive_halving", {"max_trials": 40}),
    "successive_halving of 9": ("successive_halving", {"n_trials": 9}),
}
each_policy = pytest.mark.parametrize("policy", POLICIES)


def run(policy, **changes):
    name, settings = POLICIES[policy]
    module, _, attribute = SCHEDULERS[name].partition(":")
    made = getattr(importlib.import_module(module), attribute)
    return search(
        CURVES,
        space=NETWORKS,
        scheduler=made(objective=ACCURACY, max_epochs=MAX_EPOCHS, **settings),
        **{"searcher": Random(NETWORKS, objective=ACCURACY), "max_trials": 40, **changes},
    )


PAUSED_AT_100 = {*POLICIES} - {"median", "successive_halving of 9"}
"""Those of which trials are paused when 100 epochs have been trained."""


def have_rested(simulation):
    """Return whether every trial has ended, or is paused without being able to go on."""
    return all(
        trial.status.is_ended or trial.status is TrialStatus.PAUSED
        for trial in simulation.state.trials.values()
    )


def what_was_found(simulation):
    return [facts(trial) for trial in simulation.state.trials.values()], simulation.winner.id


@each_policy
@pytest.mark.parametrize("n_workers", [1, 3, 50])
def test_every_trial_ends_and_no_epoch_is_trained_twice(policy, n_workers):
    simulation = run(policy, n_workers=n_workers)
    trials = simulation.state.trials.values()
    assert len(trials) == 40
    assert have_rested(simulation)
    assert TrialStatus.FAILED in {trial.status for trial in trials}
    assert simulation.winner.status is TrialStatus.COMPLETED
    assert simulation.winner.epochs == MAX_EPOCHS
    started = [e for e in simulation.events if isinstance(e, ev.AttemptStarted)]
    measured, trained = {}, 0
    for event in simulation.events:
        if isinstance(event, ev.Measured):
            assert event.epoch == measured.get(event.trial, 0) + 1
            measured[event.trial] = event.epoch
            trained += 1
    assert trained == simulation.state.epochs < 40 * MAX_EPOCHS * 0.8
    paused = {(e.trial, e.epoch) for e in simulation.events if isinstance(e, ev.Decided)}
    assert all((e.trial, e.from_epoch) in paused for e in started if e.attempt > 1)
    assert simulation.state.restarts == 0


@each_policy
def test_lost_workers_change_nothing_but_the_time(policy):
    conditions = Conditions(mean_seconds_to_loss=15.0, checkpoint_every=2, start_seconds=1.0)
    rough = run(policy, n_workers=4, conditions=conditions, max_attempts=100)
    assert have_rested(rough)
    assert rough.state.restarts == sum(rough.state.losses.values()) > 3
    assert fold(rough.events) == rough.state
    assert rough.winner.epochs == MAX_EPOCHS


@each_policy
def test_from_any_prefix_one_worker_goes_on_to_the_same_end(policy):
    whole = run(policy, max_trials=25)
    assert policy == "median" or whole.state.account.set_aside  # some were paused
    for end in range(1, len(whole.events) + 1, len(whole.events) // 9):
        again = run(policy, max_trials=25, events=whole.events[:end])
        assert what_was_found(again) == what_was_found(whole), whole.events[end - 1]


@each_policy
def test_a_limit_leaves_trials_from_where_they_can_go_on(policy):
    simulation = run(policy, max_trials=None, max_total_epochs=100, n_workers=3)
    state = simulation.state
    assert 100 <= state.epochs <= 103
    live = {trial.status for trial in state.live.values()}
    assert live <= {TrialStatus.PAUSED, TrialStatus.INTERRUPTED}
    assert (TrialStatus.PAUSED in live) == (policy in PAUSED_AT_100)
    cut_off = [t for t in state.live.values() if t.status is TrialStatus.INTERRUPTED]
    assert {t.reason for t in cut_off} == {"budget of 100 epochs used"}
    assert 0 < len(cut_off) <= 3


@each_policy
def test_a_search_that_is_extended_ends_as_a_longer_one(policy):
    longer = run(policy, max_trials=None, max_total_epochs=200)
    for first in (40, 99, 133):
        short = run(policy, max_trials=None, max_total_epochs=first)
        extended = run(policy, max_trials=None, max_total_epochs=200, events=short.events)
        assert what_was_found(extended) == what_was_found(longer), first


@each_policy
def test_another_policy_takes_up_what_was_paused(policy):
    """Or ends it with a reason: nothing waits for a policy that is gone."""
    short = run(policy, max_trials=20, max_total_epochs=60)
    again = run("median", max_trials=20, events=short.events)
    assert all(trial.status.is_ended for trial in again.state.trials.values())
    assert all(trial.reason for trial in again.state.trials.values() if not trial.error)


@each_policy
def test_patience_ends_a_search_whose_trials_are_paused(policy):
    simulation = run(policy, max_trials=None, patience=12, n_workers=2)
    assert simulation.state.reason == "no better trial among the last 12"
    assert have_rested(simulation)


def test_synchronous_halving_begins_no_bracket_before_the_last_has_ended():
    simulation = run("successive_halving of 9", n_workers=4)
    live = 0
    for event in simulation.events:
        if isinstance(event, ev.TrialCreated):
            assert live == 0 or event.number % 9 != 0
            live += 1
        elif isinstance(event, ev.TrialEnded):
            live -= 1


def test_hyperband_leaves_no_worker_idle_between_brackets():
    simulation = run("hyperband", n_workers=4, max_trials=80)
    before = [t.ended_at for t in simulation.state.trials.values() if t.number < 27]
    assert simulation.state.trials["0027"].created_at < max(before)
