"""Limits stop everything, patience lets trials end, and the journal alone says what is spent."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raysearch.engine import Plan, fold
from raysearch.engine.spending import Spending
from raysearch.trial import DecisionKind, Measurement, Objective, SearchStatus, Trial, TrialStatus
from tests.lab import ACCURACY, Counting, Lab

CONTINUE, STOP = DecisionKind.CONTINUE, DecisionKind.STOP
LOSS = Objective(metric="val/loss", direction="minimize")


def lab_of(**plan):
    return Lab(**{"max_trials": None, "max_epochs": 9, **plan}).start()


def end(lab, *values):
    """Train one more trial that reaches these values, and ends by itself."""
    trial = lab.new_trial()
    for epoch, value in enumerate(values, start=1):
        lab.report(trial, epoch, value)
    lab.engine.finished(trial, reason="ended early")
    return trial


def resumed(lab, *, settings=None, **plan):
    """Return another session of the same search."""
    again = Lab(**{"max_trials": None, "max_epochs": 9, **plan})
    again.clock.now = lab.clock.now
    again.engine.replay(lab.journal.events)
    again.engine.resume(settings=lab.settings if settings is None else settings)
    return again


# ---- limits: epochs, GPU hours, target


def test_the_epoch_that_reaches_the_budget_is_the_last_of_each_trial():
    lab = lab_of(max_total_epochs=5)
    first, second = lab.new_trial(), lab.new_trial()
    assert [lab.report(first, epoch, 0.5).kind for epoch in (1, 2, 3, 4)] == [CONTINUE] * 4
    assert lab.engine.n_trials_left == 1
    decision = lab.report(second, 1, 0.4)
    assert (decision.kind, decision.reason) == (STOP, "budget of 5 epochs used")
    assert lab.engine.is_over
    assert lab.engine.next_trial() is None
    assert lab.report(first, 5, 0.6).kind is STOP  # one more than the budget: it was in training
    assert lab.state.epochs == 6
    assert [t.status for t in lab.state.trials.values()] == [TrialStatus.INTERRUPTED] * 2


@pytest.mark.parametrize(
    ("plan", "left"),
    [
        ({"max_trials": None}, math.inf),
        ({"max_trials": 9}, 8),
        ({"max_trials": 9, "max_total_epochs": 5}, 3),  # two epochs are trained
        ({"max_trials": 9, "max_total_epochs": 2}, 0),
    ],
)
def test_how_many_trials_may_still_begin(plan, left):
    lab = lab_of(**plan)
    trial = lab.new_trial()
    for epoch in (1, 2):
        lab.report(trial, epoch, 0.5)
    assert lab.engine.n_trials_left == left


def test_none_may_begin_when_the_searcher_has_nothing_left():
    lab = lab_of(searcher=Counting(last=0), max_trials=9)
    lab.new_trial()
    assert lab.engine.n_trials_left == 8
    assert lab.engine.next_trial() is None
    assert lab.engine.n_trials_left == 0


def test_epochs_that_are_not_measured_count_as_trained():
    lab = lab_of(max_total_epochs=5)
    trial = lab.new_trial()
    assert lab.report(trial, 2, 0.5).kind is CONTINUE
    assert lab.report(trial, 4, 0.5).kind is CONTINUE
    assert lab.report(trial, 6, 0.5).kind is STOP
    assert lab.state.epochs == 6


def test_the_last_epoch_completes_a_trial_whatever_the_limits():
    lab = lab_of(max_epochs=2, max_total_epochs=2, target=0.5, unit="round")
    trial = lab.new_trial()
    lab.report(trial, 1, 0.4)
    lab.report(trial, 2, 0.6)
    ended = lab.state.trials[trial]
    assert (ended.status, ended.reason) == (TrialStatus.COMPLETED, "trained all 2 rounds")
    assert lab.engine.stop_reason == "target 0.5 reached by trial 0000 (0.6)"


def test_the_trial_that_reaches_the_target_ends_with_it_and_so_do_the_others():
    lab = lab_of(target=0.99)
    good, other = lab.new_trial(), lab.new_trial()
    assert lab.report(other, 1, 0.98).kind is CONTINUE
    decision = lab.report(good, 1, 0.99125)
    assert decision.reason == "target 0.99 reached by trial 0000 (0.99125)"
    assert lab.report(other, 2, 0.1).reason == decision.reason
    statuses = [trial.status for trial in lab.state.trials.values()]
    assert statuses == [TrialStatus.STOPPED, TrialStatus.INTERRUPTED]  # the one is done
    assert lab.engine.next_trial() is None
    assert lab.engine.stop_reason == decision.reason


@pytest.mark.parametrize(
    ("objective", "value", "is_reached"),
    [
        (ACCURACY, 0.5, True),
        (ACCURACY, 0.4999, False),
        (ACCURACY, None, False),
        (LOSS, 0.5, True),
        (LOSS, 0.5001, False),
    ],
)
def test_a_target_is_reached_by_what_is_at_least_as_good(objective, value, is_reached):
    measured = Measurement(epoch=1, step=1, values={objective.metric: value}, seconds=1.0)
    trial = Trial(id="0003", number=3, configuration={})
    spent = Spending().measured(measured, trial=trial, gpu_seconds=0.0, objective=objective)
    plan = Plan(objective=objective, max_epochs=9, target=0.5)
    assert bool(plan.limit_reached(spent, seconds=0.0)) is is_reached


def test_gpu_hours_count_training_times_gpus():
    lab = lab_of(gpus=0.5, max_gpu_hours=1 / 3600)  # one GPU second: two seconds of training
    first, second = lab.new_trial(), lab.new_trial()
    assert lab.report(first, 1, 0.5).kind is CONTINUE  # an epoch of the lab takes half a second
    assert lab.report(second, 2, 0.5).kind is CONTINUE
    decision = lab.report(first, 2, 0.5)
    assert (decision.kind, decision.reason) == (STOP, "budget of 0.000277778 GPU hours used")
    assert lab.state.spent.gpu_seconds == pytest.approx(1.0)


def test_what_is_trained_again_after_a_loss_counts_again():
    lab = lab_of(gpus=1.0)
    trial = lab.new_trial()
    lab.report(trial, 1, 0.5)
    lab.report(trial, 2, 0.5, size=None)
    lab.report(trial, 3, 0.5, size=None)
    lab.engine.worker_lost(trial, error="gone")
    lab.engine.attempt_started(trial, worker="b:2")  # from epoch 1
    lab.report(trial, 2, 0.5, size=None)
    lab.report(trial, 3, 0.5, size=None)
    assert lab.state.spent.gpu_seconds == pytest.approx(1.5)
    lab.report(trial, 4, 0.5)
    assert lab.state.spent.gpu_seconds == pytest.approx(1.5 + 1.5)  # epochs 2, 3 and 4
    assert lab.state.epochs == 4


def test_gpus_are_those_of_the_session():
    lab = lab_of(gpus=1.0)
    trial = lab.new_trial()
    lab.report(trial, 1, 0.5)
    lab.engine.end(SearchStatus.INTERRUPTED)
    again = resumed(lab, settings={"resources": {"gpus": 0.25}})
    again.engine.attempt_started(trial, worker="b:2")
    again.report(trial, 2, 0.5)
    assert again.state.spent.gpu_seconds == pytest.approx(0.5 + 0.125)


def test_a_limit_stops_an_epoch_that_is_trained_again():
    lab = lab_of(target=0.9)
    first, second = lab.new_trial(), lab.new_trial()
    lab.report(first, 1, 0.5)
    lab.engine.worker_lost(first, error="gone")
    lab.engine.attempt_started(first, worker="b:2")
    lab.report(second, 1, 0.9)
    assert lab.report(first, 1, 0.5).reason == "target 0.9 reached by trial 0001 (0.9)"


# ---- patience


def test_patience_counts_trials_that_end_without_a_new_best_value():
    lab = lab_of(patience=3)
    for values in [(0.5,), (0.4,), (0.5,), (0.6,), (0.1, 0.2), (0.6,)]:
        assert lab.engine.stop_reason == ""
        end(lab, *values)
    assert lab.state.spent.trials_without_gain == 2
    lab.engine.failed(lab.new_trial(), cause="exception", error="E")
    assert lab.engine.stop_reason == "no better trial among the last 3"
    assert lab.engine.next_trial() is None


def test_patience_lets_trials_end_and_goes_on_when_one_becomes_the_best():
    lab = lab_of(patience=1)
    end(lab, 0.5)
    late = lab.new_trial()
    end(lab, 0.4)
    assert lab.engine.stop_reason == "no better trial among the last 1"
    assert not lab.engine.is_over
    assert lab.report(late, 1, 0.3).kind is CONTINUE
    assert lab.report(late, 2, 0.6).kind is CONTINUE
    assert lab.engine.stop_reason == ""
    end(lab, 0.1)  # while the best is in training, nothing counts
    assert lab.engine.stop_reason == ""
    lab.engine.finished(late, reason="ended early")
    assert lab.engine.stop_reason == ""
    end(lab, 0.6)  # no better than the best
    assert lab.engine.stop_reason == "no better trial among the last 1"


def test_the_default_is_where_patience_begins():
    lab = lab_of(patience=1)
    default, other = lab.new_trial(), lab.new_trial()
    lab.report(other, 1, 0.5)
    lab.engine.finished(other, reason="ended early")
    lab.report(default, 1, 0.4)
    lab.engine.finished(default, reason="ended early")
    assert lab.engine.stop_reason == ""
    end(lab, 0.4)
    assert lab.engine.stop_reason == "no better trial among the last 1"


def test_trials_without_any_value_use_patience_up():
    lab = lab_of(patience=2, abort_after=None)
    end(lab, None)
    end(lab, None)
    lab.engine.failed(lab.new_trial(), cause="exception", error="E")
    assert lab.engine.stop_reason == "no better trial among the last 2"


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([None, 0.1, 0.2, 0.3]))))
def test_patience_counts_as_somebody_who_looks_at_all_trials(reports):
    """Slots 0 to 2 report a value each; 3 ends the trial that has been in training longest."""
    spent, running, n = Spending(), {}, 0
    best, best_trial, without = -math.inf, None, 0
    for slot, value in reports:
        if slot == 3:
            if not running:
                continue
            trial = running.pop(min(running, key=lambda s: running[s].number))
            spent = spent.ended(trial)
            if trial.id == best_trial:
                without = 0
            elif trial.number and best_trial not in [t.id for t in running.values()]:
                without += 1
        else:
            if slot not in running:
                running[slot] = Trial(id=str(n), number=n, configuration={})
                n += 1
            measured = Measurement(epoch=1, step=1, values={"val/accuracy": value}, seconds=1.0)
            trial = running[slot]
            spent = spent.measured(measured, trial=trial, gpu_seconds=0.0, objective=ACCURACY)
            if value is not None and value > best:
                best, best_trial, without = value, trial.id, 0
        assert spent.trials_without_gain == without
        assert spent.best_trial == (best_trial or "")


# ---- several at once, and resumed


def test_a_limit_is_named_before_what_else_is_used_up():
    lab = lab_of(max_trials=1, patience=1, max_total_epochs=1)
    lab.report(lab.new_trial(), 1, 0.5)
    assert lab.engine.stop_reason == "budget of 1 epoch used"


def test_the_journal_alone_says_what_is_spent():
    lab = lab_of(gpus=0.5)
    for value in (0.5, 0.7, 0.6, 0.6):
        end(lab, value / 2, value)
    assert fold(lab.journal.events).spent == lab.state.spent
    assert lab.state.spent == Spending(
        epochs=8,
        gpu_seconds=2.0,
        best_trial="0001",
        best_value=0.7,
        is_best_ended=True,
        trials_without_gain=2,
    )


@pytest.mark.parametrize(
    ("used", "larger"),
    [
        ({"max_total_epochs": 4}, {"max_total_epochs": 5}),
        ({"max_gpu_hours": 2 / 3600}, {"max_gpu_hours": 3 / 3600}),
        ({"target": 0.5}, {"target": 0.51}),
        ({"patience": 3}, {"patience": 4}),
    ],
    ids=str,
)
def test_a_resumed_search_knows_what_was_used_and_goes_on_with_more(used, larger):
    lab = lab_of(gpus=1.0, **used)
    for _ in range(4):
        trial = lab.new_trial()
        if lab.report(trial, 1, 0.5).kind is CONTINUE:
            lab.engine.finished(trial, reason="ended early")
        if lab.engine.stop_reason:
            break
    assert lab.engine.stop_reason
    lab.engine.end(SearchStatus.FINISHED, reason=lab.engine.stop_reason)
    assert resumed(lab, **used).engine.stop_reason == lab.engine.stop_reason
    longer = resumed(lab, **larger)
    assert longer.engine.stop_reason == ""
    assert longer.engine.next_trial() is not None


def test_time_is_a_limit_like_the_others():
    plan = Plan(objective=ACCURACY, max_epochs=9, max_seconds=90.0)
    assert plan.limit_reached(Spending(), seconds=89.0) == ""
    assert plan.limit_reached(Spending(), seconds=90.0) == "budget of 1.5 minutes used"


def test_a_trial_that_ends_before_anything_was_measured_has_failed():
    lab = lab_of()
    trial = lab.new_trial()
    lab.engine.finished(trial, reason="training ended early")
    failed = lab.state.trials[trial]
    assert (failed.status, failed.cause) == (TrialStatus.FAILED, "not measured")
    assert failed.error.startswith("training ended early, and nothing was measured, so there is no")
    assert '"val/accuracy"' in failed.error
