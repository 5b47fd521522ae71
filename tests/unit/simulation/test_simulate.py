"""Whole searches by ASHA: who is trained for how long, how fast, and what becomes of failures."""

from __future__ import annotations

import math

import pytest

from raysearch.errors import ConfigurationError, SearchAborted
from raysearch.schedulers.none import NoScheduler
from raysearch.searchers.grid import Grid
from raysearch.searchers.random import Random
from raysearch.simulation import Conditions, Curve, CurveSettings, ParametricCurves
from raysearch.space import Choice, Float, Int, Space
from raysearch.trial import Objective, SearchStatus, TrialStatus
from tests.lab import ACCURACY
from tests.unit.simulation.worlds import MAX_EPOCHS, NETWORKS, asha, epochs, search, table

STEADY = NoScheduler(objective=ACCURACY, max_epochs=MAX_EPOCHS)


def scrambled(width, epoch):
    """Return a value without order or ties, the same at each epoch."""
    return (width * 37 % 101) / 101


def reached(qualities):
    """Return the epochs to which each trial gets, one after the other, by the paper's rule.

    A trial goes on from a rung where it is among the best third of those that came so far, or the
    best. The first trial, the default, always goes on.
    """
    rungs = {1: [], 3: [], 9: []}
    ends = []
    for number, quality in enumerate(qualities):
        end = MAX_EPOCHS
        for level, seen in rungs.items():
            seen.append(quality)
            best = sorted(seen, reverse=True)[: max(1, len(seen) // 3)]
            if number and quality not in best:
                end = level
                break
        ends.append(end)
    return ends


# ---- who is trained for how long


def test_when_each_trial_is_worse_than_all_before_none_goes_on():
    simulation = search(table(lambda width, epoch: 1 - (width % 50) / 100), max_trials=30)
    assert epochs(simulation) == [27] + [1] * 29


def test_when_each_trial_is_better_than_all_before_all_go_on():
    simulation = search(table(lambda width, epoch: (width % 50) / 100), max_trials=30)
    assert epochs(simulation) == [27] * 30


def test_the_number_of_trials_at_each_rung_follows_the_rule():
    simulation = search(table(scrambled), max_trials=50)
    assert epochs(simulation) == reached([scrambled(w, 1) for w in (50, *range(1, 50))])
    counts = [sum(e >= level for e in epochs(simulation)) for level in (1, 3, 9, 27)]
    assert counts == [50, 18, 11, 9]
    assert simulation.state.epochs == sum(epochs(simulation))


def test_the_reason_of_a_stop_is_kept():
    simulation = search(table(scrambled), max_trials=50)
    stopped = [t for t in simulation.state.trials.values() if t.status is TrialStatus.STOPPED]
    assert len(stopped) == 41
    assert all(
        t.reason.startswith(("rung 1: rank", "rung 2: rank", "rung 3: rank")) for t in stopped
    )


def test_a_lone_trial_is_trained_to_its_end():
    simulation = search(table(lambda width, epoch: 1 / epoch), max_trials=1)
    [trial] = simulation.state.trials.values()
    assert (trial.status, trial.epochs, trial.attempts) == (TrialStatus.COMPLETED, 27, 1)
    assert (simulation.state.seconds, simulation.state.epochs) == (27.0, 27)
    assert simulation.winner == trial


def test_a_late_bloomer_is_lost_and_a_bracket_saves_it():
    """What early stopping can err about: curves that cross."""

    def crossing(width, epoch):
        return 0.1 + 0.8 * (epoch > 3) if width == 7 else 0.5 - width / 1000

    plain = search(table(crossing))
    late = search(table(crossing), scheduler=asha(ACCURACY, min_epochs=9))
    assert plain.winner.configuration != {"width": 7}
    assert late.winner.configuration == {"width": 7}


# ---- how fast


def test_more_workers_are_faster_by_their_number():
    """Trials of equal length that are never stopped: 16 of them in 16, 4 and 1 rounds."""
    runs = [
        search(table(scrambled), scheduler=STEADY, max_trials=16, n_workers=n) for n in (1, 4, 16)
    ]
    assert [run.state.seconds for run in runs] == [16 * 27.0, 4 * 27.0, 27.0]
    assert len({run.winner.id for run in runs}) == 1


def test_workers_of_asha_never_wait_for_each_other():
    """With uneven epochs, all workers are busy until the last trial has begun."""
    n_workers = 8
    simulation = search(
        table(scrambled, seconds_of=lambda width: 1 + width % 7 / 3),
        max_trials=60,
        n_workers=n_workers,
    )
    trials = simulation.state.trials.values()
    last_began = max(trial.created_at for trial in trials)
    busy = sum(min(trial.ended_at, last_began) - trial.created_at for trial in trials)
    assert busy == pytest.approx(n_workers * last_began)
    assert simulation.state.seconds < search(table(scrambled), max_trials=60).state.seconds / 4


def test_the_time_budget_ends_the_search():
    simulation = search(table(scrambled), scheduler=STEADY, max_trials=None, max_seconds=100.0)
    trials = list(simulation.state.trials.values())
    assert [t.epochs for t in trials] == [27, 27, 27, 19]
    assert [t.status for t in trials][-2:] == [TrialStatus.COMPLETED, TrialStatus.INTERRUPTED]
    assert simulation.state.seconds == 100.0
    assert trials[-1].reason == simulation.state.reason == "budget of 1.66667 minutes used"


def test_the_incumbent_over_time_and_over_epochs():
    simulation = search(
        table(lambda width, epoch: (width % 50 + epoch / 100) / 100, seconds_of=lambda w: 2.0),
        scheduler=STEADY,
        max_trials=3,
    )
    assert simulation.at_epochs(0) is None
    assert simulation.at_seconds(1.9) is None
    assert simulation.at_epochs(27).value == pytest.approx(0.0027)
    assert (simulation.at_epochs(28).trial, simulation.at_seconds(56.0).trial) == ("0001", "0001")
    last = simulation.incumbents[-1]
    assert (last.seconds, last.epochs, last.trial) == (162.0, 81, "0002")
    assert last.value == simulation.winner.value(ACCURACY)
    values = [incumbent.value for incumbent in simulation.incumbents]
    assert values == sorted(set(values))


# ---- what goes wrong


def test_a_trial_that_raises_is_a_result_like_any_other():
    rows = {3: Curve(values={"val/accuracy": [0.99]}, seconds=1.0, raises_in=2)}
    simulation = search(table(lambda w, e: 0.5 + e / 100, rows=rows), scheduler=STEADY)
    failed = simulation.state.trials["0003"]
    assert (failed.status, failed.cause, failed.epochs) == (TrialStatus.FAILED, "exception", 1)
    assert failed.error == "the curve raises in epoch 2"
    assert (failed.created_at, failed.ended_at) == (81.0, 83.0)
    others = [t for t in simulation.state.trials.values() if t is not failed]
    assert {t.status for t in others} == {TrialStatus.COMPLETED}
    assert len(others) == 9


def test_a_trial_that_raises_is_tried_again_where_the_plan_says_so():
    """From its last checkpoint; the curve raises in the same epoch each time."""
    rows = {3: Curve(values={"val/accuracy": [0.9] * 4}, seconds=1.0, raises_in=5)}
    simulation = search(
        table(lambda w, e: 0.5, rows=rows),
        scheduler=STEADY,
        max_attempts=3,
        retry_exceptions=True,
        conditions=Conditions(checkpoint_every=2),
    )
    failed = simulation.state.trials["0003"]
    assert (failed.status, failed.epochs, failed.attempts) == (TrialStatus.FAILED, 4, 3)
    assert failed.ended_at - failed.created_at == 4 + 3 * 1.0
    assert all(t.status is TrialStatus.COMPLETED for t in simulation.state.trials.values()
               if t is not failed)  # fmt: skip


def test_nan_is_the_worst_at_its_rung_but_the_best_epoch_counts():
    spike = Curve(
        values={"val/accuracy": [0.9, 0.95, *[math.nan] * 25]},
        seconds=1.0,
    )
    simulation = search(table(lambda w, e: 0.5, rows={2: spike}))
    diverged = simulation.state.trials["0002"]
    assert (diverged.status, diverged.epochs) == (TrialStatus.FAILED, 3)
    assert diverged.reason == "rung 2: val/accuracy is not finite"
    assert (diverged.cause, diverged.error) == ("not finite", "not finite: val/accuracy (nan)")
    assert simulation.winner == diverged


def test_a_search_in_which_nothing_is_finite_has_no_winner():
    nothing = table(lambda w, e: math.nan)
    with pytest.raises(
        SearchAborted, match=r"the first 5 trials all failed.* val/accuracy \(nan\)"
    ):
        search(nothing)
    simulation = search(nothing, abort_after=None)
    assert epochs(simulation) == [1] * 10
    assert simulation.winner is None
    assert simulation.incumbents == ()


def test_a_search_in_which_everything_raises_is_aborted():
    rows = {w: Curve(values={}, seconds=1.0, raises_in=1) for w in range(1, 101)}
    with pytest.raises(SearchAborted, match="the first 5 trials all failed"):
        search(table(scrambled, rows=rows))
    patient = search(table(scrambled, rows=rows), abort_after=None)
    assert {t.status for t in patient.state.trials.values()} == {TrialStatus.FAILED}


def test_training_that_ends_by_itself_is_completed():
    rows = {2: Curve(values={"val/accuracy": [0.6, 0.7]}, seconds=1.0)}
    simulation = search(table(lambda w, e: 0.5, rows=rows))
    short = simulation.state.trials["0002"]
    assert (short.status, short.epochs) == (TrialStatus.COMPLETED, 2)
    assert short.reason == "training ended by itself after 2 epochs"


def test_a_metric_that_the_curves_lack_aborts():
    rows = {50: Curve(values={"val/loss": [0.5]}, seconds=1.0)}
    with pytest.raises(SearchAborted, match=r'trial 0000.*without reporting "val/accuracy"'):
        search(table(scrambled, rows=rows))


def test_failures_and_divergence_among_many_leave_a_good_winner():
    curves = ParametricCurves(
        NETWORKS, objective=ACCURACY, settings=CurveSettings(failing=0.2, diverging=0.2)
    )
    simulation = search(
        curves,
        space=NETWORKS,
        searcher=Random(NETWORKS, objective=ACCURACY),
        max_trials=100,
        n_workers=4,
    )
    statuses = [t.status for t in simulation.state.trials.values()]
    assert set(statuses) == {TrialStatus.COMPLETED, TrialStatus.STOPPED, TrialStatus.FAILED}
    assert simulation.winner.status is not TrialStatus.FAILED
    assert simulation.winner.value(ACCURACY) == max(
        t.value(ACCURACY) or 0.0 for t in simulation.state.trials.values()
    )


# ---- how it ends


def test_a_small_space_is_searched_to_its_end_without_any_budget():
    space = Space({"width": Choice([1, 2, 3])})
    simulation = search(
        table(scrambled), space=space, searcher=Random(space, objective=ACCURACY), max_trials=None
    )
    assert sorted(t.configuration["width"] for t in simulation.state.trials.values()) == [1, 2, 3]
    assert simulation.state.status is SearchStatus.FINISHED
    assert simulation.state.reason == "the searcher has nothing left to suggest"


def test_points_come_after_the_default_and_before_the_searcher():
    points = [{"width": w} for w in (90, 50, 80, 90)]  # 50 is the default
    simulation = search(table(scrambled), points=points, max_trials=5, n_workers=2)
    trials = simulation.state.trials.values()
    assert [t.configuration["width"] for t in trials] == [50, 90, 80, 3, 4]
    assert [t.origin.get("position") for t in trials] == [None, 0, 2, None, None]


def test_a_grid_is_searched_to_its_end():
    space = Space({"width": Int(1, 100, default=26)})
    simulation = search(
        table(scrambled), space=space, searcher=Grid(space, objective=ACCURACY), max_trials=100
    )
    widths = [t.configuration["width"] for t in simulation.state.trials.values()]
    assert widths == [26, 1, 50, 75, 100]  # 26, on the grid too, was tried already
    assert simulation.state.reason == "the searcher has nothing left to suggest"


# ---- other budgets than trials and time


@pytest.mark.parametrize("n_workers", [1, 3])
def test_the_epochs_of_all_trials_end_the_search(n_workers):
    simulation = search(
        table(scrambled),
        scheduler=STEADY,
        n_workers=n_workers,
        max_trials=None,
        max_total_epochs=100,
    )
    state = simulation.state
    assert 100 <= state.epochs < 100 + n_workers
    assert {trial.status for trial in state.live.values()} == {TrialStatus.INTERRUPTED}
    assert state.reason == "budget of 100 epochs used"
    assert {t.reason for t in state.trials.values()} == {state.reason, "trained all 27 epochs"}


def test_a_target_ends_the_search_at_once():
    simulation = search(
        table(lambda width, epoch: width % 50 / 100 + epoch / 1000),
        scheduler=STEADY,
        n_workers=2,
        max_trials=None,
        target=0.045,
    )
    state = simulation.state
    assert state.reason == "target 0.045 reached by trial 0003 (0.045)"  # 0.03 + 15 / 1000
    assert (simulation.winner.id, simulation.winner.epochs) == ("0003", 15)
    assert not state.live


def test_a_target_that_is_a_loss_is_reached_from_above():
    loss = Objective(metric="val/accuracy", direction="minimize")
    simulation = search(
        table(lambda width, epoch: width / 100 / epoch),
        objective=loss,
        scheduler=STEADY,
        max_trials=None,
        target=0.1,
    )
    assert simulation.state.reason == "target 0.1 reached by trial 0000 (0.1)"


def test_patience_ends_the_search_when_nothing_better_comes():
    best = 12
    simulation = search(
        table(lambda width, epoch: 0.9 if width == best else 0.5),
        scheduler=STEADY,
        max_trials=None,
        patience=20,
    )
    assert simulation.state.reason == "no better trial among the last 20"
    assert len(simulation.state.trials) == 1 + best + 20
    assert all(t.status is TrialStatus.COMPLETED for t in simulation.state.trials.values())


def test_the_same_arguments_give_the_same_journal():
    def once(seed=0):
        return search(
            ParametricCurves(NETWORKS, objective=ACCURACY),
            space=NETWORKS,
            searcher=Random(NETWORKS, objective=ACCURACY, seed=seed),
            n_workers=5,
            max_trials=30,
            conditions=Conditions(start_seconds=0.5, mean_seconds_to_loss=40.0),
        )

    assert once().events == once().events
    assert once().events != once(seed=1).events


def test_an_endless_search_is_refused():
    space = Space({"width": Int(1, 100), "dropout": Float(0.0, 0.5)})
    with pytest.raises(ConfigurationError, match=r"max_trials, .* max_seconds are all None"):
        search(table(scrambled), space=space, max_trials=None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_epochs", 0),
        ("n_workers", 0),
        ("max_trials", 0),
        ("max_seconds", -1.0),
        ("max_total_epochs", 0),
        ("patience", 0),
        ("max_attempts", 0),
        ("abort_after", 0),
        ("target", math.nan),
    ],
)
def test_a_number_out_of_range_is_named(name, value):
    with pytest.raises(ConfigurationError, match=rf"{name} is {value}\. It must be"):
        search(table(scrambled), **{name: value})


def test_all_numbers_out_of_range_are_named_at_once():
    with pytest.raises(ConfigurationError, match=r"(?s)max_epochs is 0.*n_workers is -1"):
        search(table(scrambled), max_epochs=0, n_workers=-1)
