"""Checkpoints that a continuation or the ranking needs are kept; others go, worst trial first."""

from __future__ import annotations

from raysearch.run_dir import events as ev
from raysearch.schedulers.none import NoScheduler
from tests.lab import ACCURACY, Lab


def epochs_kept(lab, trial):
    return [c.epoch for c in lab.state.trials[trial].checkpoints]


def test_a_running_trial_keeps_its_best_and_its_last():
    lab = Lab(max_epochs=9).start()
    trial = lab.new_trial()
    for epoch, value in enumerate((0.5, 0.9, 0.6, 0.7), start=1):
        lab.report(trial, epoch, value)
    assert epochs_kept(lab, trial) == [2, 4]
    assert lab.removed == [f"trials/{trial}/1.ckpt", f"trials/{trial}/3.ckpt"]


def test_an_ended_trial_keeps_its_best_only():
    lab = Lab(max_epochs=3).start()
    trial = lab.new_trial()
    for epoch, value in enumerate((0.5, 0.9, 0.6), start=1):
        lab.report(trial, epoch, value)
    assert epochs_kept(lab, trial) == [2]
    assert lab.state.checkpoint_bytes == 10


def test_a_trial_without_a_finite_value_keeps_its_last_while_it_runs():
    lab = Lab(max_epochs=3, scheduler=NoScheduler(objective=ACCURACY, max_epochs=3)).start()
    trial = lab.new_trial()
    lab.report(trial, 1, None)
    lab.report(trial, 2, None)
    assert epochs_kept(lab, trial) == [2]
    lab.report(trial, 3, None)
    assert epochs_kept(lab, trial) == []
    assert lab.state.checkpoint_bytes == 0


def test_removal_is_journalled_before_the_file_goes():
    lab = Lab(max_epochs=9).start()
    trial = lab.new_trial()
    journalled = []

    def remove(path):
        removals = [e.path for e in lab.journal.events if isinstance(e, ev.CheckpointRemoved)]
        journalled.append(path in removals)

    lab.engine._ledger._remove_checkpoint = remove
    lab.report(trial, 1, 0.5)
    lab.report(trial, 2, 0.6)
    assert journalled == [True]


def test_over_budget_the_worst_ended_trials_go_first():
    lab = Lab(max_epochs=1, max_trials=10, checkpoint_budget_bytes=25).start()
    for value in (0.9, 0.1, 0.5, 0.7):
        lab.report(lab.new_trial(), 1, value)
    kept = [t.id for t in lab.state.trials.values() if t.checkpoints]
    assert kept == ["0000", "0003"]
    assert lab.state.checkpoint_bytes == 20


def test_the_best_trial_is_kept_whatever_the_budget():
    lab = Lab(max_epochs=1, max_trials=10, checkpoint_budget_bytes=0).start()
    for value in (0.5, 0.9, 0.9, 0.7):
        lab.report(lab.new_trial(), 1, value)
    assert [t.id for t in lab.state.trials.values() if t.checkpoints] == ["0001"]


def test_running_trials_are_not_touched_by_the_budget():
    lab = Lab(max_epochs=2, max_trials=10, checkpoint_budget_bytes=5).start()
    running, ended = lab.new_trial(), lab.new_trial()
    lab.report(running, 1, 0.1)
    lab.report(ended, 1, 0.5)
    lab.report(ended, 2, 0.6)
    assert epochs_kept(lab, running) == [1]
    assert epochs_kept(lab, ended) == [2]
