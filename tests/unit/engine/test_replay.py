"""The journal alone brings a search to where it was, with what was left to be done."""

from __future__ import annotations

import pytest

from raysearch.run_dir import events as ev
from raysearch.trial import TrialStatus
from tests.lab import Lab, StopBelow


def test_replay_brings_searcher_and_scheduler_to_where_they_were():
    lab = Lab(scheduler=StopBelow(0.4)).start()
    for value in (0.5, 0.3):
        lab.report(lab.new_trial(), 1, value)
    again = Lab(scheduler=StopBelow(0.4))
    again.engine.replay(lab.journal.events)
    assert again.scheduler.seen == lab.scheduler.seen
    assert again.searcher.observed == lab.searcher.observed
    assert again.journal.events == []
    unfinished = again.engine.resume(settings={})
    assert [trial.id for trial in unfinished] == ["0000"]
    assert again.engine.next_trial().id == "0002"


@pytest.mark.parametrize("kept", ["Measured", "Decided"])
def test_an_end_that_the_driver_did_not_live_to_write_is_written_at_resume(kept):
    lab = Lab(scheduler=StopBelow(0.4)).start()
    completed, stopped = lab.new_trial(), lab.new_trial()
    for epoch in (1, 2, 3):
        lab.report(completed, epoch, 0.9)
    lab.report(stopped, 1, 0.3)
    events = [e for e in lab.journal.events if not isinstance(e, ev.TrialEnded)]
    if kept == "Measured":
        events = [e for e in events if not isinstance(e, ev.Decided)]
    again = Lab(scheduler=StopBelow(0.4))
    again.engine.replay(events)
    assert again.engine.resume(settings={}) == []
    trials = again.state.trials
    assert (trials[stopped].status, trials[stopped].reason) == (TrialStatus.STOPPED, "below 0.4")
    assert trials[completed].status is TrialStatus.COMPLETED
    assert {t.id for t in again.searcher.observed} == {stopped, completed}
