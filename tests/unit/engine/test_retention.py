"""Checkpoints that a continuation or the ranking needs are kept; others go, worst trial first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from raysearch.engine import SearchState
from raysearch.engine.retention import ByteBudget
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


def test_a_trial_with_several_checkpoints_gives_up_the_first_of_them_first():
    state = SearchState()
    sizes = {"0000": [10], "0001": [10, 10, 10], "0002": [10]}
    for number, (name, value) in enumerate({"0000": 0.9, "0001": 0.5, "0002": 0.7}.items()):
        state.apply(ev.TrialCreated(at=0.0, trial=name, number=number, configuration={}))
        measured = {"values": {"val/accuracy": value}, "attempt": 1, "step": 1, "seconds": 1.0}
        state.apply(ev.Measured(at=0.0, trial=name, epoch=1, **measured))
        for epoch, size in enumerate(sizes[name], start=1):
            path = f"trials/{name}/{epoch}"
            state.apply(
                ev.CheckpointWritten(at=0.0, trial=name, epoch=epoch, path=path, size_bytes=size)
            )
        state.apply(ev.TrialEnded(at=0.0, trial=name, status="completed"))
    budget = ByteBudget(objective=ACCURACY, budget_bytes=35)
    assert [c.path for _, c in budget.excess(state)] == ["trials/0001/1", "trials/0001/2"]
    tight = ByteBudget(objective=ACCURACY, budget_bytes=5)
    assert [t.id for t, _ in tight.excess(state)] == ["0001", "0001", "0001", "0002"]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 30)), max_size=25), st.integers(0, 60))
def test_what_is_kept_within_the_budget_is_the_best_that_ended(trials, budget):
    """Against somebody who ranks all trials anew whenever one has ended."""
    lab = Lab(max_epochs=1, max_trials=99, checkpoint_budget_bytes=budget).start()
    kept: dict[str, tuple[float, int]] = {}
    for value, size in trials:
        trial = lab.new_trial()
        lab.report(trial, 1, value / 10, size=size or None)
        if size:
            kept[trial] = (value, size)
        for worst in sorted(kept, key=lambda t: (kept[t][0], -int(t)))[:-1]:
            if sum(size for _, size in kept.values()) > budget:
                del kept[worst]
    assert {t.id for t in lab.state.trials.values() if t.checkpoints} == kept.keys()


def test_running_trials_are_not_touched_by_the_budget():
    lab = Lab(max_epochs=2, max_trials=10, checkpoint_budget_bytes=5).start()
    running, ended = lab.new_trial(), lab.new_trial()
    lab.report(running, 1, 0.1)
    lab.report(ended, 1, 0.5)
    lab.report(ended, 2, 0.6)
    assert epochs_kept(lab, running) == [1]
    assert epochs_kept(lab, ended) == [2]


def test_over_budget_trials_of_fewer_folds_go_before_those_of_more():
    lab = Lab(max_epochs=3, n_folds=2, fold_risk=0.0, checkpoint_budget_bytes=15).start()
    whole = lab.new_trial()
    for size in (10, None):  # of the first fold alone
        for epoch in (1, 2, 3):
            lab.report(whole, epoch, 0.5, size=size)
        if size:
            lab.engine.attempt_started(lab.engine.next_up().id, worker="here:1")
    lab.scheduler.limit = 0.05
    lucky = lab.new_trial()
    lab.report(lucky, 1, 0.9)
    lab.report(lucky, 2, 0.01)
    assert [lab.state.trials[trial].fold for trial in (whole, lucky)] == [2, 0]
    assert [len(lab.state.trials[trial].checkpoints) for trial in (whole, lucky)] == [1, 0]
