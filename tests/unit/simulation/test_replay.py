"""A journal is all there is to a search: its fold is the state, any part of it leads to the end."""

from __future__ import annotations

import pytest

from raysearch.engine import fold
from raysearch.run_dir import events as ev
from raysearch.run_dir.lines import from_line, to_line
from raysearch.searchers.grid import Grid
from raysearch.searchers.hyperopt import HyperOpt
from raysearch.searchers.random import Random
from raysearch.simulation import Conditions, CurveSettings, ParametricCurves
from raysearch.trial import SearchStatus
from tests.lab import ACCURACY
from tests.unit.simulation.worlds import NETWORKS, asha, facts, search

CURVES = ParametricCurves(
    NETWORKS, objective=ACCURACY, settings=CurveSettings(failing=0.1, diverging=0.1)
)


def run(method=Random, **changes):
    return search(
        CURVES,
        space=NETWORKS,
        **{"searcher": method(NETWORKS, objective=ACCURACY), "max_trials": 12, **changes},
    )


def what_was_found(simulation):
    return [facts(trial) for trial in simulation.state.trials.values()], simulation.winner.id


@pytest.mark.parametrize("n_workers", [1, 4])
@pytest.mark.parametrize(
    "conditions",
    [Conditions(), Conditions(mean_seconds_to_loss=30.0, checkpoint_every=2, start_seconds=1.0)],
)
def test_the_fold_of_the_events_is_the_state(n_workers, conditions):
    simulation = run(n_workers=n_workers, conditions=conditions, max_trials=40)
    assert fold(simulation.events) == simulation.state


def test_the_fold_of_what_was_written_down_is_the_state():
    simulation = run(n_workers=4, conditions=Conditions(checkpoint_every=2))
    assert fold(from_line(to_line(event)) for event in simulation.events) == simulation.state


@pytest.mark.parametrize(("brackets", "step"), [(1, 1), (3, 7)])
def test_from_any_prefix_one_worker_goes_on_to_the_same_end(brackets, step):
    whole = run(scheduler=asha(ACCURACY, brackets=brackets))
    for end in range(1, len(whole.events) + 1, step):
        again = run(scheduler=asha(ACCURACY, brackets=brackets), events=whole.events[:end])
        assert what_was_found(again) == what_was_found(whole), whole.events[end - 1]


@pytest.mark.parametrize(
    "budget",
    [
        {"max_total_epochs": 90},
        {"target": 0.9},
        {"patience": 5},
        {"points": [{**NETWORKS.default(), "depth": 8}, {**NETWORKS.default(), "depth": 1}]},
        {"searcher": Grid},
    ],
    ids=str,
)
def test_from_any_prefix_budgets_and_points_lead_to_the_same_end(budget):
    def once(events=()):
        changes = {"max_trials": 12 if {"points", "searcher"} & budget.keys() else 100, **budget}
        return run(changes.pop("searcher", Random), **changes, events=events)

    whole = once()
    for end in range(1, len(whole.events) + 1, 5):
        again = once(whole.events[:end])
        assert what_was_found(again) == what_was_found(whole), whole.events[end - 1]
        assert again.state.reason == whole.state.reason


def test_with_checkpoints_it_does_so_from_wherever_a_write_was_cut():
    conditions = Conditions(checkpoint_every=1)
    whole = run(conditions=conditions, max_trials=6)
    for end in range(1, len(whole.events), 2):
        again = run(conditions=conditions, max_trials=6, events=whole.events[:end])
        assert what_was_found(again) == what_was_found(whole), whole.events[end - 1]


@pytest.mark.timeout(90)  # imports hyperopt, and asks it for about 100 suggestions
def test_from_any_prefix_hyperopt_suggests_the_same():
    def tpe(space, *, objective):
        return HyperOpt(space, objective=objective, n_startup=4)

    whole = run(tpe)
    assert {t.origin["kind"] for t in whole.state.trials.values()} == {"default", "random", "tpe"}
    for end in range(1, len(whole.events) + 1, 9):
        again = run(tpe, events=whole.events[:end])
        assert what_was_found(again) == what_was_found(whole), whole.events[end - 1]


def test_a_search_may_be_interrupted_again_and_again():
    whole = run()
    events = whole.events[:10]
    for session in range(1, 5):
        events = run(events=events).events[: 10 + 15 * session]
    assert sum(isinstance(event, ev.SearchResumed) for event in events) == 4
    again = run(events=events)
    assert what_was_found(again) == what_was_found(whole)


def test_with_many_workers_what_each_trial_does_is_still_the_same():
    whole = run(n_workers=4)
    again = run(n_workers=4, events=whole.events[: len(whole.events) // 2])
    for trial in whole.state.trials.values():
        same = again.state.trials[trial.id]
        n = min(trial.epochs, same.epochs)
        assert same.configuration == trial.configuration
        assert same.measurements[:n] == trial.measurements[:n]


def test_a_finished_search_is_extended():
    short = run(max_trials=8)
    longer = run(max_trials=12, events=short.events)
    assert what_was_found(longer) == what_was_found(run(max_trials=12))
    assert longer.state.status is SearchStatus.FINISHED
    assert longer.events[: len(short.events)] == short.events


@pytest.mark.parametrize(
    ("smaller", "larger"),
    [
        ({"max_total_epochs": 60}, {"max_total_epochs": 120}),
        ({"target": 0.8}, {"target": 0.92}),
        ({"patience": 3}, {"patience": 8}),
    ],
)
def test_a_larger_budget_of_any_kind_goes_on(smaller, larger):
    short = run(max_trials=100, **smaller)
    assert run(max_trials=100, **smaller, events=short.events).state.trials == short.state.trials
    longer = run(max_trials=100, **larger, events=short.events)
    assert len(longer.state.trials) > len(short.state.trials)
    assert longer.state.reason != short.state.reason


def test_time_goes_on_where_it_was():
    short = run(max_trials=8)
    longer = run(max_trials=12, events=short.events)
    times = [event.at for event in longer.events]
    assert times == sorted(times)
    assert longer.state.seconds == pytest.approx(run(max_trials=12).state.seconds)
