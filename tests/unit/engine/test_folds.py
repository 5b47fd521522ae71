"""A trial is trained on one fold after the other, is worth their mean, and is told of once."""

from __future__ import annotations

import statistics

import pytest

from raysearch.engine import Plan, fold
from raysearch.engine.fold_curves import mean_curve
from raysearch.engine.ranking import ranked
from raysearch.run_dir import events as ev
from raysearch.run_dir.lines import from_line, to_line
from raysearch.schedulers.asha import ASHA
from raysearch.searchers.random import Random
from raysearch.simulation import ParametricCurves, simulate
from raysearch.trial import Checkpoint, DecisionKind, SearchStatus, TrialStatus
from tests.lab import ACCURACY, SPACE, Lab, StopBelow, measurement

FOLDS = {"n_folds": 3, "fold_risk": 0.01, "max_epochs": 2}


def fold_lab(**plan):
    return Lab(**{**FOLDS, **plan}).start()


def train(lab, trial, *values):
    """Report an epoch for each value; return the last decision."""
    for epoch, value in enumerate(values, start=1):
        decision = lab.report(trial, epoch, value)
    return decision


def next_fold(lab):
    """Let a free worker begin with what comes next; return its id."""
    trial = lab.engine.next_up()
    lab.engine.attempt_started(trial.id, worker="here:1")
    return trial.id


def whole_trial(lab, *ends):
    """Train the next trial on all its folds, which end with these values."""
    for value in ends:
        trial = next_fold(lab)
        train(lab, trial, 0.1, value)
    return lab.state.trials[trial]


def test_a_trial_is_worth_the_mean_of_its_folds():
    lab = fold_lab()
    trial = whole_trial(lab, 0.5, 0.75, 1.0)
    assert (trial.status, trial.reason) == (
        TrialStatus.COMPLETED,
        "trained all 2 epochs, on each of 3 folds",
    )
    assert trial.value(ACCURACY) == 0.75
    assert [curve[-1].values["val/accuracy"] for curve in trial.folds] == [0.5, 0.75, 1.0]
    assert trial.epochs == 2
    assert trial.attempts == 3
    assert trial.seconds == 3 * 1.0
    assert (lab.state.epochs, lab.state.restarts) == (6, 0)
    assert [t.id for t in lab.searcher.observed] == ["0000"]
    assert lab.searcher.observed[0].value(ACCURACY) == 0.75


def test_the_scheduler_is_asked_about_the_first_fold_alone():
    lab = fold_lab()
    whole_trial(lab, 0.5, 0.75, 1.0)
    assert lab.scheduler.seen == [("0000", 1), ("0000", 2)]


def test_the_next_fold_comes_before_a_new_trial_and_not_before_its_worker_is_free():
    lab = fold_lab()
    first = next_fold(lab)
    decision = train(lab, first, 0.1, 0.5)
    assert (decision.kind, decision.reason) == (
        DecisionKind.PAUSE,
        "1 of 3 folds done: val/accuracy 0.5",
    )
    assert lab.state.trials[first].awaits_fold
    assert lab.engine.goes_on
    assert lab.engine.next_up(held=[first]).id == "0001"
    found = lab.engine.next_up()
    assert (found.id, found.fold, found.reason) == ("0000", 1, "goes on with fold 2 of 3")
    assert lab.searcher.observed == []


def test_folds_go_on_when_no_further_trial_may_begin():
    lab = fold_lab(max_trials=1)
    train(lab, next_fold(lab), 0.1, 0.5)
    assert lab.engine.stop_reason == "budget of 1 trials used"
    assert lab.engine.goes_on
    assert lab.engine.next_up().id == "0000"


def test_a_trial_that_is_clearly_worse_is_stopped_before_its_last_fold():
    lab = fold_lab(n_folds=4)
    whole_trial(lab, 0.90, 0.92, 0.91, 0.93)
    assert train(lab, next_fold(lab), 0.1, 0.300).kind is DecisionKind.PAUSE
    assert train(lab, next_fold(lab), 0.1, 0.321).kind is DecisionKind.STOP
    stopped = lab.state.trials["0001"]
    assert stopped.status is TrialStatus.STOPPED
    assert stopped.reason.startswith(
        "stopped after 2 of 4 folds: on the same folds it is worse than trial 0000 by 0.6 on "
        "average (from 0.599 to 0.6), so that its mean over all of them would be better with a "
        "chance of "
    )
    assert stopped.reason.endswith(", below 0.5 %")
    assert stopped.fold == 2
    assert [t.id for t in lab.searcher.observed] == ["0000", "0001"]
    assert lab.engine.next_up().id == "0002"


def test_the_default_and_what_may_be_noise_are_trained_on_all_folds():
    lab = fold_lab()
    assert whole_trial(lab, 0.3, 0.3, 0.3).status is TrialStatus.COMPLETED
    assert whole_trial(lab, 0.9, 0.9, 0.9).status is TrialStatus.COMPLETED
    assert whole_trial(lab, 0.5, 0.89, 0.9).status is TrialStatus.COMPLETED


def test_a_trial_that_the_scheduler_stops_in_its_first_fold_ranks_behind_whole_ones():
    lab = fold_lab()
    lab.scheduler.limit = 0.05
    whole = whole_trial(lab, 0.5, 0.5, 0.5)
    trial = next_fold(lab)
    lab.report(trial, 1, 0.9)
    lab.report(trial, 2, 0.01)
    lucky = lab.state.trials[trial]
    assert lucky.status is TrialStatus.PAUSED  # it has reached the end of the fold
    other = next_fold(lab)
    assert other == trial
    lab.report(other, 1, 0.9)
    third = lab.new_trial()
    lab.report(third, 1, 0.04)
    assert lab.state.trials[third].status is TrialStatus.STOPPED
    order = [t.id for t in ranked(lab.state.trials.values(), objective=ACCURACY)]
    assert order[0] == whole.id
    assert lab.state.trials[third].fold == 0


def test_a_lucky_fold_neither_reaches_the_target_nor_is_the_best_value():
    lab = fold_lab(target=0.9)
    train(lab, next_fold(lab), 0.1, 0.95)
    assert lab.state.spent.best_trial == ""
    assert not lab.engine.is_over
    train(lab, next_fold(lab), 0.1, 0.95)
    train(lab, next_fold(lab), 0.1, 0.86)
    assert lab.state.spent.best_value == pytest.approx(0.92)
    assert lab.engine.stop_reason == "target 0.9 reached by trial 0000 (0.92)"


def test_a_fold_that_ends_with_nan_fails_the_trial():
    lab = fold_lab()
    train(lab, next_fold(lab), 0.1, 0.5)
    train(lab, next_fold(lab), 0.2, None)
    failed = lab.state.trials["0000"]
    assert (failed.status, failed.cause) == (TrialStatus.FAILED, "not finite")
    assert not lab.engine.goes_on


def test_a_training_that_ends_by_itself_ends_its_fold():
    lab = fold_lab()
    lab.report(next_fold(lab), 1, 0.5)
    lab.engine.finished("0000", reason="training ended early")
    assert lab.state.trials["0000"].awaits_fold
    train(lab, next_fold(lab), 0.25, 0.75)
    curve = lab.state.trials["0000"].measurements
    assert [m.values["val/accuracy"] for m in curve] == [0.375, 0.625]


def test_one_that_measures_nothing_in_a_later_fold_fails():
    lab = fold_lab()
    train(lab, next_fold(lab), 0.1, 0.5)
    lab.engine.finished(next_fold(lab), reason="training ended early")
    assert lab.state.trials["0000"].status is TrialStatus.FAILED


def test_only_the_best_checkpoint_of_the_first_fold_outlives_the_folds():
    lab = fold_lab()
    for number in range(3):
        trial = next_fold(lab)
        for epoch, value in ((1, 0.5), (2, 0.4)):
            path = f"trials/0000/{number}-{epoch}.ckpt"
            written = Checkpoint(epoch=epoch, path=path, size_bytes=1)
            lab.engine.measured(trial, measurement(epoch, value), checkpoint=written)
    assert [c.path for c in lab.state.trials["0000"].checkpoints] == ["trials/0000/0-1.ckpt"]
    assert len(lab.removed) == 5


def test_a_lost_worker_repeats_no_fold_that_is_done():
    lab = fold_lab()
    train(lab, next_fold(lab), 0.1, 0.5)
    trial = next_fold(lab)
    lab.report(trial, 1, 0.4)
    assert lab.engine.worker_lost(trial, error="gone")
    known = lab.state.trials[trial]
    assert [(c.epoch, c.fold) for c in known.starts] == [(1, 1)]
    assert known.reached == 1
    lab.engine.attempt_started(trial, worker="here:2")
    lab.report(trial, 1, 0.4)  # what was repeated counts once
    assert lab.state.epochs == 3


def test_each_fold_is_tried_as_often_as_a_trial():
    lab = fold_lab(max_attempts=2)
    for _ in range(2):  # one loss in each of two folds
        trial = next_fold(lab)
        assert lab.engine.worker_lost(trial, error="gone")
        lab.engine.attempt_started(trial, worker="here:2")
        train(lab, trial, 0.1, 0.5)
    assert lab.state.trials["0000"].fold == 2
    again = fold_lab(max_attempts=2)
    again.engine.replay(lab.journal.events)
    assert again.state.n_bad_attempts("0000") == 0
    trial = next_fold(lab)
    assert lab.engine.worker_lost(trial, error="gone")
    lab.engine.attempt_started(trial, worker="here:2")
    assert not lab.engine.worker_lost(trial, error="gone")


def fold_search(events=(), n_trials=6):
    return simulate(
        Plan(objective=ACCURACY, max_epochs=4, max_trials=n_trials, n_folds=3, fold_risk=0.01),
        space=SPACE,
        searcher=Random(SPACE, objective=ACCURACY, seed=0),
        scheduler=ASHA(objective=ACCURACY, max_epochs=4, min_epochs=1, reduction_factor=2),
        curves=ParametricCurves(SPACE, objective=ACCURACY, seed=0),
        events=events,
    )


def outcome(state):
    return [
        (t.id, t.status, t.fold, [(m.epoch, m.values["val/accuracy"]) for m in t.measurements])
        for t in state.trials.values()
    ]


def test_a_search_that_is_cut_anywhere_goes_on_without_training_a_fold_twice():
    whole = fold_search()
    assert {t.fold for t in whole.state.trials.values()} == {0, 3}  # asha stops in the first
    for n in range(1, len(whole.events) - 1):
        again = fold_search(whole.events[:n])
        assert outcome(again.state) == outcome(whole.state)
        folds = [
            (event.trial, event.fold, event.epoch)
            for event in again.events
            if isinstance(event, ev.Measured) and event.epoch == 4
        ]
        assert len(folds) == len(set(folds))


def test_best_values_of_a_simulation_are_means_of_whole_trials():
    found = fold_search()
    ends = [e.at for e in found.events if isinstance(e, ev.TrialEnded) and e.folds == 3]
    assert {i.seconds + found.state.started_at for i in found.incumbents} <= set(ends)
    assert found.winner.value(ACCURACY) == found.incumbents[-1].value


def test_older_versions_read_the_first_fold():
    events = fold_search().events
    new = ("fold", "folds")

    def known_before(event):
        line = to_line(event)
        for name in new:
            for value in ("0", "1", "2", "3", "null"):
                line = line.replace(f',"{name}":{value}', "")
        return from_line(line)

    state = fold(map(known_before, events))
    assert state.status is SearchStatus.FINISHED
    for trial in state.trials.values():
        assert [m.epoch for m in trial.measurements] == sorted(
            {m.epoch for m in trial.measurements}
        )


def test_a_mean_has_no_value_where_a_fold_has_none():
    first, second = measurement(1, 0.5, other=1.0), measurement(1, None)
    mean = mean_curve([(first,), (second,)])[0]
    assert mean.values == {"val/accuracy": None}
    assert mean.seconds == statistics.fsum([first.seconds, second.seconds])


def test_several_objectives_stop_nobody_before_the_last_fold():
    lab = fold_lab(objectives=(ACCURACY, ACCURACY))
    whole_trial(lab, 0.90, 0.92, 0.91)
    assert whole_trial(lab, 0.300, 0.321, 0.31).status is TrialStatus.COMPLETED


def test_one_split_is_journalled_as_before():
    lab = Lab(scheduler=StopBelow(0.0)).start()
    trial = lab.new_trial()
    for epoch in (1, 2, 3):
        lab.report(trial, epoch, 0.5)
    ended = lab.journal.events[-1]
    assert isinstance(ended, ev.TrialEnded | ev.CheckpointRemoved)
    assert lab.state.trials[trial].folds == ()


def test_a_fold_whose_worker_is_not_free_is_nothing_to_go_on_with():
    lab = fold_lab()
    first = next_fold(lab)
    train(lab, first, 0.1, 0.5)
    lab.engine._suggestions.is_ready = lambda state: False  # a searcher that takes its time
    assert lab.engine.is_next_ready()
    assert not lab.engine.is_next_ready(held=[first])
