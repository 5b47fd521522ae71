"""How long a search is likely to take, and how much disk."""

from __future__ import annotations

import pytest

from raysearch.preflight.cost import OVERHEAD_S, SPREAD, epoch_seconds, estimate, slots_here


def test_without_a_scheduler_every_epoch_is_counted(experiment, probed):
    cost = estimate(experiment(scheduler="none", refit=False), [probed()], slots=2)
    epoch_s = 10 * 0.1 + 2 * 0.05
    assert cost.epoch_s == (epoch_s, epoch_s)
    assert cost.trials == (16, 16)
    assert cost.epochs == (16 * 9, 16 * 9)
    searched_s = 16 / 2 * (9 * epoch_s + 0.1)
    low, high = cost.seconds
    assert low == pytest.approx(searched_s / SPREAD + OVERHEAD_S[0], rel=0.01)
    assert high == pytest.approx(searched_s * SPREAD + OVERHEAD_S[1], rel=0.01)


def test_each_seed_of_the_refit_takes_as_long_as_a_trial(experiment, probed):
    costs = [
        estimate(experiment(scheduler="none", refit=refit), [probed()], slots=2)
        for refit in (False, True, {"seeds": 3})
    ]
    without, one, three = (cost.seconds[1] for cost in costs)
    assert three - without == pytest.approx(3 * (one - without))
    assert one - without == pytest.approx(9 * costs[0].epoch_s[0])


def test_asha_spares_most_epochs(experiment, probed):
    settings = {"fidelity": {"max_epochs": 27}, "budget": {"trials": 100}}
    with_asha = estimate(experiment(**settings), [probed()], slots=4)
    without = estimate(experiment(scheduler="none", **settings), [probed()], slots=4)
    assert with_asha.epochs[1] < without.epochs[0] / 2
    assert with_asha.seconds[1] < without.seconds[0]
    assert with_asha.epochs[0] >= with_asha.trials[0]


def test_more_trials_at_once_take_less_time(experiment, probed):
    one, eight = (estimate(experiment(), [probed()], slots=n).seconds for n in (1, 8))
    assert eight[0] < one[0]


def test_slow_corners_widen_the_range(experiment, probed):
    slow = probed(train_batch_s=10.0)
    alone = estimate(experiment(), [probed()], slots=2).seconds
    both = estimate(experiment(), [probed(), slow], slots=2)
    assert both.epoch_s == (pytest.approx(1.1), pytest.approx(100.1))
    assert both.seconds[1] > 5 * alone[1]


def test_a_budget_of_time_ends_the_search(experiment, probed):
    budget = {"trials": 1000, "minutes": 2}
    cost = estimate(experiment(budget=budget, scheduler="none"), [probed()], slots=1)
    assert cost.seconds[0] <= 120 + OVERHEAD_S[0]
    assert cost.trials[1] == pytest.approx(120 / (9 * 1.1 + 0.1), rel=0.1)


def test_a_budget_of_epochs_ends_the_search(experiment, probed):
    cost = estimate(experiment(budget={"epochs": 90}, scheduler="none"), [probed()], slots=1)
    assert cost.trials == (pytest.approx(10), pytest.approx(10))


def test_a_finite_space_ends_the_search(experiment, probed):
    small = experiment(budget={"patience": 50}, space={"width": {"choice": [4, 8]}})
    assert estimate(small, [probed()], slots=1).trials == (2, 2)


@pytest.mark.parametrize(("repeat", "most"), [(True, 80), (False, 20)])
def test_a_finite_space_takes_longer_where_leaders_are_trained_again(
    experiment, probed, repeat, most
):
    space = {"width": {"choice": list(range(4, 24))}}
    searcher = {"name": "auto", "repeat": repeat}
    larger = experiment(budget={"patience": 50}, space=space, searcher=searcher)
    assert estimate(larger, [probed()], slots=1).trials == (most, most)


def test_where_nothing_ends_the_search_nobody_can_say(experiment, probed):
    endless = experiment(budget={"patience": 50}, space={"learning_rate": {"float": [0.1, 0.2]}})
    cost = estimate(endless, [probed()], slots=1)
    assert (cost.seconds, cost.trials, cost.epochs) == (None, None, None)
    assert cost.epoch_s is not None
    assert cost.checkpoint_bytes[1] <= 5e9 + 2 * 1000


def test_data_without_a_length_have_no_duration(experiment, probed):
    cost = estimate(experiment(), [probed(train_batches=None)], slots=2)
    assert (cost.epoch_s, cost.seconds) == (None, None)
    assert cost.epochs[0] >= 16


def test_rounds_of_steps_are_timed_as_such(experiment, probed):
    stepwise = experiment(
        fidelity={"max_steps": 100, "every_steps": 20}, trainer={"accumulate_grad_batches": 2}
    )
    assert epoch_seconds(stepwise, probed(train_batches=None)) == pytest.approx(40 * 0.1 + 0.1)
    assert epoch_seconds(experiment(), probed(train_batches=None)) is None


def test_checkpoints_stay_within_their_budget(experiment, probed):
    large = [probed(checkpoint_bytes=n) for n in (10**9, 2 * 10**9, 3 * 10**9)]
    cost = estimate(experiment(checkpoint={"budget_gb": 4}), large, slots=2)
    assert cost.checkpoint_bytes == (4e9, 4e9 + 4 * 3e9)
    roomy = estimate(experiment(checkpoint={"budget_gb": 1000}), large, slots=2)
    assert roomy.checkpoint_bytes == (16 * 1.5e9, 16 * 2.5e9 + 4 * 3e9)


def test_slots_follow_resources(experiment):
    assert slots_here(experiment(parallel=3)) == 3
    shared = experiment(resources={"cpus": 0, "gpus": 0.25})
    assert slots_here(shared, gpus=2) == 8
    assert slots_here(shared, gpus=0) == 1
    assert slots_here(experiment(resources={"cpus": 4096})) == 1


def test_a_space_with_a_graph_has_a_cost_too(experiment, probed):
    graphs = {"data": "digits", "model": "graph", "space": {}, "objective": "val/accuracy"}
    settings = {**graphs, "searcher": "neat", "scheduler": "none"}
    cost = estimate(experiment(**settings), [probed()], slots=2)
    assert cost.epochs == (16 * 9, 16 * 9)
