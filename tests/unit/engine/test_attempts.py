"""Who is tried again after a failure or a loss, who has failed, and when that ends the search."""

from __future__ import annotations

import pytest

from raysearch.engine import fold
from raysearch.errors import SearchAborted
from raysearch.schedulers.none import NoScheduler
from raysearch.searchers.ranking import rank
from raysearch.trial import SearchStatus, TrialStatus
from tests.lab import ACCURACY, Lab

STEADY = NoScheduler(objective=ACCURACY, max_epochs=3)


def test_a_failure_is_a_result_and_the_search_goes_on(lab):
    good, bad = lab.new_trial(), lab.new_trial()
    lab.report(good, 1, 0.5)
    lab.engine.failed(bad, cause="exception", error="ValueError: x (net.py, line 3)")
    ended = lab.state.trials[bad]
    assert (ended.status, ended.cause) == (TrialStatus.FAILED, "exception")
    assert ended.error == "ValueError: x (net.py, line 3)"
    assert [t.id for t in lab.searcher.observed] == [bad]
    assert lab.new_trial() == "0002"


def test_a_trial_that_is_not_finite_at_its_end_has_failed_and_keeps_its_best():
    lab = Lab(scheduler=STEADY, max_trials=9).start()
    completed, early, recovered = (lab.new_trial() for _ in range(3))
    for epoch, value in enumerate((0.5, 0.6, None), start=1):
        lab.report(completed, epoch, value)
    lab.report(early, 1, None)
    lab.engine.finished(early, reason="training ended early")
    for epoch, value in enumerate((None, 0.5), start=1):
        lab.report(recovered, epoch, value)
    lab.engine.finished(recovered, reason="training ended early")
    trials = lab.state.trials
    for trial, reason in ((completed, "trained all 3 epochs"), (early, "training ended early")):
        ended = trials[trial]
        assert (ended.status, ended.cause) == (TrialStatus.FAILED, "not finite")
        assert (ended.error, ended.reason) == ("not finite: val/accuracy", reason)
    assert trials[completed].best(ACCURACY).epoch == 2
    assert [c.epoch for c in trials[completed].checkpoints] == [2]
    assert trials[recovered].status is TrialStatus.COMPLETED
    told = {t.id: rank(t, objective=ACCURACY) for t in lab.searcher.observed}
    assert sorted(told, key=told.get) == [recovered, completed, early]


def test_training_that_ends_early_is_completed(lab):
    trial = lab.new_trial()
    lab.report(trial, 1, 0.5)
    lab.engine.finished(trial, reason="training ended early")
    assert lab.state.trials[trial].status is TrialStatus.COMPLETED
    lab.engine.finished(trial, reason="again")
    assert lab.state.trials[trial].reason == "training ended early"


# ---- tried again


def test_a_lost_worker_is_tried_again_three_times(lab):
    trial = lab.new_trial()
    assert lab.engine.worker_lost(trial, error="gone")
    assert lab.engine.attempt_started(trial, worker="b:2") == 2
    assert lab.state.restarts == 1
    assert lab.engine.worker_lost(trial, error="gone")
    lab.engine.attempt_started(trial, worker="c:3")
    assert not lab.engine.worker_lost(trial, error="gone")
    ended = lab.state.trials[trial]
    assert (ended.status, ended.cause) == (TrialStatus.FAILED, "worker lost")
    assert ended.error == "gone, 3 times"


def test_a_failure_is_tried_again_where_asked_and_counts_like_a_loss():
    lab = Lab(retry_exceptions=True).start()
    trial = lab.new_trial()
    assert lab.engine.failed(trial, cause="exception", error="E")
    assert lab.state.trials[trial].status is TrialStatus.INTERRUPTED
    lab.engine.attempt_started(trial, worker="b:2")
    assert lab.engine.worker_lost(trial, error="gone")
    lab.engine.attempt_started(trial, worker="c:3")
    assert not lab.engine.failed(trial, cause="out of memory", error="M")
    ended = lab.state.trials[trial]
    assert (ended.status, ended.cause, ended.error) == (TrialStatus.FAILED, "out of memory", "M")
    assert (lab.state.losses, lab.state.failures) == ({trial: 1}, {})


@pytest.mark.parametrize("retry_exceptions", [False, True])
def test_what_would_happen_again_is_not_tried_again(retry_exceptions):
    lab = Lab(retry_exceptions=retry_exceptions).start()
    trial = lab.new_trial()
    lab.engine.finished(trial, reason="training ended early")
    assert lab.state.trials[trial].cause == "not measured"
    other = lab.new_trial()
    assert lab.engine.failed(other, cause="exception", error="E") is retry_exceptions


def test_a_resume_is_not_a_loss(lab):
    trial = lab.new_trial()
    for _ in range(5):
        lab.engine.end(SearchStatus.INTERRUPTED)
        lab.engine.resume(settings={})
        lab.engine.attempt_started(trial, worker="a:1")
    assert lab.engine.worker_lost(trial, error="gone")
    assert lab.state.losses == {trial: 1}


def test_damaged_checkpoints_are_given_up_and_the_trial_goes_back():
    lab = Lab(max_epochs=9).start()
    trial = lab.new_trial()
    for epoch, value in enumerate([0.9, 0.8, 0.7], start=1):
        lab.report(trial, epoch, value)
    assert [c.epoch for c in lab.state.trials[trial].checkpoints] == [1, 3]
    last, removed = f"trials/{trial}/3.ckpt", list(lab.removed)
    lab.engine.worker_lost(trial, error="gone")
    damaged = {last: "3.ckpt is missing", "trials/9999/1.ckpt": "of another trial"}
    lab.engine.attempt_started(trial, worker="here:2", damaged=damaged)
    started = lab.journal.events[-1]
    assert (started.attempt, started.from_epoch) == (2, 1)
    assert started.reason == "went back to epoch 1, since 3.ckpt is missing"
    assert lab.removed == removed  # the next attempt may have written it anew by now
    for epoch in (2, 3, 4):
        lab.report(trial, epoch, 0.1)
    known = lab.state.trials[trial]
    assert [m.values["val/accuracy"] for m in known.measurements] == [0.9, 0.8, 0.7, 0.1]
    assert [c.epoch for c in known.checkpoints] == [1, 4]
    assert fold(lab.journal.events) == lab.state


def test_without_any_whole_checkpoint_it_begins_again(lab):
    trial = lab.new_trial()
    lab.report(trial, 1, 0.9)
    lab.engine.attempt_started(
        trial, worker="here:2", damaged={f"trials/{trial}/1.ckpt": "1.ckpt is 0 bytes"}
    )
    started = lab.journal.events[-1]
    assert started.from_epoch == 0
    assert started.reason == "went back to the start, since 1.ckpt is 0 bytes"
    assert lab.state.trials[trial].checkpoints == ()


# ---- the end of the search


def test_the_search_aborts_when_all_of_the_first_trials_fail():
    lab = Lab(abort_after=3, max_trials=10).start()
    for _ in range(2):
        lab.engine.failed(lab.new_trial(), cause="exception", error="E")
    last = lab.new_trial()
    with pytest.raises(SearchAborted, match=r"first 3 trials all failed.*KeyError: 'x'"):
        lab.engine.failed(last, cause="exception", error="KeyError: 'x'")


def test_one_success_among_the_first_trials_prevents_the_abort():
    lab = Lab(abort_after=3, max_trials=20, max_epochs=1).start()
    lab.report(lab.new_trial(), 1, 0.5)
    for _ in range(10):
        lab.engine.failed(lab.new_trial(), cause="exception", error="E")
    assert len(lab.state.ended) == 11


def test_failures_beside_a_trial_that_does_well_do_not_abort():
    lab = Lab(abort_after=3, max_trials=20, max_epochs=9).start()
    lab.report(lab.new_trial(), 1, 0.5)
    for _ in range(5):
        lab.engine.failed(lab.new_trial(), cause="exception", error="E")
    assert lab.state.streak.is_failing


def test_first_trials_that_are_not_finite_abort_like_any_failure():
    lab = Lab(scheduler=STEADY, abort_after=3, max_trials=20).start()
    running = lab.new_trial()
    lab.report(running, 1, None)
    lab.engine.failed(lab.new_trial(), cause="exception", error="E")
    lab.engine.finished(diverged(lab), reason="training ended early")
    with pytest.raises(SearchAborted, match=r"first 3 trials all failed.*not finite: val/accuracy"):
        lab.engine.finished(diverged(lab), reason="training ended early")
    assert lab.state.streak.is_failing
    assert lab.state.live.keys() == {running}


def test_trials_that_were_good_before_they_diverged_do_not_abort():
    lab = Lab(scheduler=STEADY, abort_after=2, max_trials=20).start()
    for _ in range(4):
        lab.engine.finished(diverged(lab, 0.5), reason="training ended early")
    assert not lab.state.streak.is_failing
    assert {t.status for t in lab.state.trials.values()} == {TrialStatus.FAILED}


def test_failures_in_a_row_abort_whatever_came_before():
    lab = Lab(abort_after=3, abort_in_a_row=2, max_trials=20, max_epochs=1).start()
    fail = lambda: lab.engine.failed(lab.new_trial(), cause="exception", error="E: x")  # noqa: E731
    for _ in range(3):
        lab.report(lab.new_trial(), 1, 0.5)
        fail()
    with pytest.raises(SearchAborted, match=r"2 trials failed one after.*E: x.*abort_in_a_row"):
        fail()
    assert lab.state.streak.failed_in_a_row == 2
    assert fold(lab.journal.events) == lab.state


def test_after_a_resume_failures_in_a_row_are_counted_anew():
    lab = Lab(abort_in_a_row=2, max_trials=20, max_epochs=1).start()
    lab.engine.failed(lab.new_trial(), cause="exception", error="E")
    again = Lab(journal=lab.journal, abort_in_a_row=2, max_trials=20, max_epochs=1)
    again.engine.replay(list(lab.journal.events))
    again.engine.resume(settings={})
    again.engine.failed(again.new_trial(), cause="exception", error="E")
    assert again.state.streak.failed_in_a_row == 1


def diverged(lab, *values):
    """Return a new trial that has reported these values, and then one that is not finite."""
    trial = lab.new_trial()
    for epoch, value in enumerate((*values, None), start=1):
        lab.report(trial, epoch, value)
    return trial


def test_a_full_disk_ends_the_search_and_is_no_evidence_against_the_trial():
    lab = Lab(abort_after=3, max_trials=10, max_epochs=9).start()
    first, second = lab.new_trial(), lab.new_trial()
    lab.report(first, 1, 0.9)
    lab.report(first, 2, 0.8)
    with pytest.raises(SearchAborted, match=r"(?s)disk is full: trial 0000.*Errno 28.*kept.*room"
                       r".*resume.*0000 from epoch 2, its last") as aborted:  # fmt: skip
        lab.engine.failed(first, cause="disk full", error="OSError: [Errno 28] No space left")
    lab.engine.end(SearchStatus.FAILED, reason=str(aborted.value))
    assert lab.searcher.observed == []
    state = fold(lab.journal.events)
    assert state == lab.state
    assert {t.status for t in state.trials.values()} == {TrialStatus.INTERRUPTED}
    assert (state.trials[first].cause, state.trials[second].cause) == ("disk full", "interrupted")
    again = Lab(journal=lab.journal, abort_after=3, max_trials=10, max_epochs=9)
    again.engine.replay(list(lab.journal.events))
    assert [t.id for t in again.engine.resume(settings={})] == [first, second]


def test_a_full_disk_before_the_first_checkpoint_says_so(lab):
    with pytest.raises(SearchAborted, match=r"trial 0000 from its start"):
        lab.engine.failed(lab.new_trial(), cause="disk full", error="OSError: full")


def test_where_memory_ran_out_a_trial_is_tried_again_with_half_the_batch_if_asked():
    lab = Lab(halves_batch=True).start()
    trial = lab.new_trial()
    assert lab.engine.failed(trial, cause="out of memory", error="M")
    assert lab.state.trials[trial].n_out_of_memory == 1
    lab.engine.attempt_started(trial, worker="b:2")
    assert lab.journal.events[-1].reason == (
        "memory ran out, so batches are 1/2 as large, and 2 of them make a step"
    )
    assert lab.engine.failed(trial, cause="out of memory", error="M")
    lab.engine.attempt_started(trial, worker="c:3")
    assert not lab.engine.failed(trial, cause="out of memory", error="M")
    other = lab.new_trial()
    assert not lab.engine.failed(other, cause="exception", error="E")


def test_one_of_several_processes_that_loses_contact_is_tried_again_like_a_lost_one(lab):
    trial = lab.new_trial()
    assert lab.engine.failed(trial, cause="lost contact", error="reset by peer")
    assert lab.engine.failed(trial, cause="lost contact", error="reset by peer")
    assert not lab.engine.failed(trial, cause="lost contact", error="reset by peer")
    assert lab.state.trials[trial].error == "reset by peer"
