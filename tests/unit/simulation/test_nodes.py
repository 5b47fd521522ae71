"""Simulated nodes come and go, and a simulated driver has only so much time."""

from __future__ import annotations

import math

import pytest

from raysearch.errors import ConfigurationError
from raysearch.simulation import Conditions
from raysearch.simulation.nodes import Nodes
from raysearch.simulation.usage import usage
from raysearch.trial import SearchStatus, TrialStatus
from tests.unit.simulation.worlds import MAX_EPOCHS, facts, search, table

CURVES = table(lambda width, epoch: width * epoch / 3000)


def test_workers_are_taken_lowest_first_and_leave_with_their_node():
    nodes = Nodes(5, conditions=Conditions(workers_per_node=2, node_returns_seconds=10.0))
    assert len(nodes) == 3
    assert [nodes.take() for _ in range(3)] == [0, 1, 2]
    assert nodes.lose(1, now=4.0) == 14.0  # with worker 2, in training, and 3, which was free
    assert nodes.take() == 4
    assert not nodes.has_free
    nodes.release(2)
    assert not nodes.has_free
    nodes.release(0)
    nodes.come_back(1)
    assert [nodes.take() for _ in range(3)] == [0, 2, 3]
    assert nodes.are_all_there
    (absence,) = nodes.absences
    assert (absence.node, absence.began_at, absence.ended_at, absence.n_workers) == (
        1,
        4.0,
        14.0,
        2,
    )


def test_a_search_loses_nodes_and_no_trial():
    spot = Conditions(
        workers_per_node=2,
        mean_seconds_to_node_loss=20.0,
        node_returns_seconds=30.0,
        checkpoint_every=1,
    )
    given = {"n_workers": 4, "max_trials": 30, "max_attempts": 100}
    calm, lossy = (search(CURVES, conditions=each, **given) for each in (Conditions(), spot))
    assert lossy.state.status is SearchStatus.FINISHED
    assert {t.status for t in lossy.state.trials.values()} <= {
        TrialStatus.COMPLETED,
        TrialStatus.STOPPED,
    }
    assert lossy.usage.n_lost > 0
    assert lossy.state.seconds > calm.state.seconds
    per_trial = [max(m.epoch for m in t.measurements) for t in lossy.state.trials.values()]
    assert all(1 <= epochs <= MAX_EPOCHS for epochs in per_trial)
    again = search(CURVES, conditions=spot, **given)
    assert list(map(facts, again.state.trials.values())) == list(
        map(facts, lossy.state.trials.values())
    )


def test_where_every_node_is_gone_the_trials_wait_for_one():
    rare = Conditions(
        mean_seconds_to_node_loss=10.0, node_returns_seconds=1000.0, checkpoint_every=1
    )
    simulation = search(CURVES, max_trials=1, max_attempts=100, conditions=rare)
    assert simulation.state.trials["0000"].epochs == MAX_EPOCHS
    assert simulation.usage.n_lost > 0
    assert simulation.state.seconds >= 1000.0 * simulation.usage.n_lost


def test_workers_wait_for_a_driver_that_cannot_keep_up():
    quick, slow = (
        search(CURVES, n_workers=8, max_trials=8, conditions=Conditions(decision_seconds=seconds))
        for seconds in (0.0, 0.5)
    )
    assert quick.driver.waited_seconds == 0.0
    # eight workers whose epochs take a second ask for four seconds of the driver in each
    assert slow.state.seconds >= 0.5 * slow.state.epochs
    assert slow.state.seconds > quick.state.seconds
    assert slow.driver.n_messages >= slow.state.epochs + 8
    assert slow.driver.decision_ms[0] <= slow.driver.decision_ms[1]


def test_all_workers_are_busy_until_the_last_trial_is_begun():
    simulation = search(CURVES, n_workers=3, max_trials=30)
    found = simulation.usage
    assert found.busy_share == pytest.approx(1.0)
    assert 0 < found.untried_until < found.seconds
    assert found.drain_seconds == found.seconds - found.untried_until
    assert found.training_seconds == pytest.approx(simulation.state.epochs)  # of a second each
    assert found.n_attempts == 30


def test_what_was_started_in_vain_is_counted():
    simulation = search(CURVES, n_workers=2, conditions=Conditions(start_seconds=3.0))
    found = simulation.usage
    assert found.busy_seconds == pytest.approx(found.training_seconds + 3.0 * found.n_attempts)


def test_workers_that_are_not_there_are_not_idle():
    simulation = search(CURVES, n_workers=3, max_trials=30)
    absent = Nodes(1, conditions=Conditions())
    absent.lose(0, now=0.0)
    (one,) = absent.absences
    half = usage(
        simulation.events,
        n_workers=4,
        absences=[type(one)(3, 0.0, math.inf, 1)],
        until=simulation.state.last_at,
    )
    assert half.busy_share == pytest.approx(1.0)
    assert usage(simulation.events, n_workers=4, until=simulation.state.last_at).busy_share < 0.8


@pytest.mark.parametrize(
    "settings",
    [
        {"workers_per_node": 0},
        {"mean_seconds_to_node_loss": 0.0},
        {"node_returns_seconds": -1.0},
        {"decision_seconds": math.nan},
    ],
)
def test_conditions_out_of_range_are_named(settings):
    with pytest.raises(ConfigurationError, match=next(iter(settings))):
        Conditions(**settings)
