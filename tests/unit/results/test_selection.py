"""The ranking, its ties, and winners whose checkpoints are gone."""

from __future__ import annotations

import dataclasses

import pytest

from raysearch.results import Results
from raysearch.results.selection import best_checkpoint, checkpoint_fault, rank, select
from raysearch.trial import Measurement, Objective, Trial, TrialStatus, trial_id

ACCURACY = Objective(metric="val/accuracy", direction="maximize")
LOSS = Objective(metric="val/accuracy", direction="minimize")


def make_trial(number, *values, status=TrialStatus.COMPLETED):
    measurements = tuple(
        Measurement(epoch=epoch, step=epoch, values={"val/accuracy": value}, seconds=epoch)
        for epoch, value in enumerate(values, start=1)
    )
    return Trial(
        id=trial_id(number),
        number=number,
        configuration={},
        measurements=measurements,
        status=status,
    )


def ids(trials):
    return [trial.id for trial in trials]


@pytest.mark.parametrize(
    "status", [TrialStatus.INTERRUPTED, TrialStatus.RUNNING, TrialStatus.PENDING]
)
def test_one_that_was_cut_off_does_not_win_by_a_lucky_epoch(status):
    cut_off = make_trial(3, 0.9, status=status)
    complete = [make_trial(0, 0.5, 0.7), make_trial(1, 0.6, 0.8), make_trial(2, 0.1)]
    assert ids(rank([cut_off, *complete], objective=ACCURACY)) == ["0001", "0003", "0000", "0002"]
    worse = make_trial(4, 0.6, status=status)  # among the others, its value counts
    assert ids(rank([worse, *complete], objective=ACCURACY)) == ["0001", "0000", "0004", "0002"]
    stopped = make_trial(5, 0.85, status=TrialStatus.STOPPED)
    assert ids(rank([cut_off, stopped], objective=ACCURACY)) == ["0003", "0005"]


def test_a_trial_is_ranked_by_its_best_epoch_not_its_last():
    trials = [make_trial(0, 0.5, 0.6, 0.6), make_trial(1, 0.9, 0.1, 0.1), make_trial(2, 0.7)]
    assert ids(rank(trials, objective=ACCURACY)) == ["0001", "0002", "0000"]
    assert ids(rank(trials, objective=LOSS)) == ["0001", "0000", "0002"]


def test_of_equals_the_earlier_epoch_comes_first_then_the_lower_number():
    trials = [make_trial(2, 0.9), make_trial(0, 0.1, 0.9), make_trial(1, 0.9, 0.9)]
    assert ids(rank(trials, objective=ACCURACY)) == ["0001", "0002", "0000"]


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), float("-inf")])
def test_a_trial_without_a_finite_value_is_not_ranked(value):
    trials = [make_trial(0, value), make_trial(1), make_trial(2, value, 0.1)]
    assert ids(rank(trials, objective=ACCURACY)) == ["0002"]


def test_a_failed_trial_keeps_what_it_reached_and_a_rejected_one_is_out():
    trials = [
        make_trial(0, 0.5),
        make_trial(1, 0.9, status=TrialStatus.FAILED),
        make_trial(2, 0.99, status=TrialStatus.REJECTED),
    ]
    assert ids(rank(trials, objective=ACCURACY)) == ["0001", "0000"]


def test_the_checkpoint_of_the_best_epoch_is_meant(search):
    search.begin(0.5, 0.9, 0.6)
    trial = search.engine.state.trials["0000"]
    assert [c.epoch for c in trial.checkpoints] == [2, 3]  # the latest too: it has not ended
    best = best_checkpoint(trial, objective=search.experiment.objective)
    assert best is not None
    assert best.path == "trials/0000/epoch-0002.ckpt"


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda path: path.unlink(), "epoch-0002.ckpt is missing"),
        (lambda path: path.write_bytes(b""), "epoch-0002.ckpt is 0 bytes"),
        (lambda path: path.write_bytes(b"abc"), "epoch-0002.ckpt is 3 bytes instead of 1,000"),
    ],
)
def test_what_is_wrong_with_a_checkpoint_is_said(search, damage, fault):
    trial = search.trial(0.5, 0.9)
    objective = search.experiment.objective
    assert checkpoint_fault(trial, objective=objective, run_dir=search.run_dir) is None
    damage(search.run_dir.path / "trials/0000/epoch-0002.ckpt")
    assert checkpoint_fault(trial, objective=objective, run_dir=search.run_dir) == fault


def test_a_checkpoint_that_was_given_up_is_not_kept(search):
    trial = search.trial(0.5, 0.9, keep=False)
    fault = checkpoint_fault(trial, objective=search.experiment.objective, run_dir=search.run_dir)
    assert fault == "none of its best epoch, 2, is kept"


def test_a_trial_without_values_has_no_checkpoint_to_speak_of(search):
    objective = search.experiment.objective
    trial = dataclasses.replace(search.trial(0.5), measurements=())
    fault = checkpoint_fault(trial, objective=objective, run_dir=search.run_dir)
    assert fault == "it never reached a finite val/accuracy"


def test_better_trials_without_a_checkpoint_are_passed_over(search):
    search.trial(0.5)
    search.trial(0.9)
    search.trial(0.8, keep=False)
    (search.run_dir.path / "trials/0001/epoch-0001.ckpt").write_bytes(b"")
    results = Results.open(search.run_dir.path)
    found = select(results.ranking(), objective=results.objective, run_dir=results.run_dir)
    assert found.winner is not None
    assert found.winner.id == "0000"
    assert [(passed.trial.id, passed.fault) for passed in found.passed_over] == [
        ("0001", "epoch-0001.ckpt is 0 bytes"),
        ("0002", "none of its best epoch, 1, is kept"),
    ]


def test_there_may_be_no_winner_at_all(search):
    search.trial(0.5, keep=False)
    results = Results.open(search.run_dir.path)
    assert results.selection.winner is None
    assert ids(results.ranking()) == ["0000"]
