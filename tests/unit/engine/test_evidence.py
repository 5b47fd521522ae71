"""What a searcher is told of earlier runs, when, and what comes of it in the search."""

from __future__ import annotations

import pytest

from raysearch.engine.evidence import entry, summary, trials_of
from raysearch.errors import RunDirectoryError
from raysearch.run_dir.lines import from_line, to_line
from raysearch.searchers.random import Random
from raysearch.space import Bool, Space
from raysearch.trial import Trial, TrialStatus
from tests.lab import ACCURACY, SPACE, Counting, Lab, measurement


def kept(*values: float | None, status: str = "completed", width: int = 8, trial: str = "0007"):
    measured = [[epoch, value, epoch * 0.5] for epoch, value in enumerate(values, start=1)]
    return {
        "trial": trial,
        "status": status,
        "cause": None,
        "configuration": {"width": width},
        "values": measured,
    }


def evidence(*entries, max_epochs: int = 3):
    run = {"run": "runs/old", "n_trials": 9, "max_epochs": max_epochs, "trials": list(entries)}
    return {"version": 1, "runs": [run]}


def told(given, *, max_epochs: int = 3) -> list[Trial]:
    return trials_of(given, objective=ACCURACY, max_epochs=max_epochs)


def start(given, **changes) -> Lab:
    lab = Lab(**changes)
    lab.engine.start(settings=lab.settings, space=SPACE.to_json(), versions={}, evidence=given)
    return lab


def test_the_searcher_is_told_before_it_is_asked_and_by_other_names():
    lab = start(evidence(kept(0.5, 0.9, trial="0001"), kept(0.4, 0.3, trial="0004")))
    assert [(t.id, t.number, t.is_evidence) for t in lab.searcher.observed] == [
        ("old/0001", -2, True),
        ("old/0004", -1, True),
    ]
    assert [t.value(ACCURACY) for t in lab.searcher.observed] == [0.9, 0.4]
    assert lab.searcher.pending == []


def test_trials_of_folders_with_the_same_name_are_told_apart():
    runs = [
        {"run": run, "n_trials": 9, "max_epochs": 3, "trials": [kept(0.5)]}
        for run in ("monday/digits", "tuesday/digits", "/data/scan")
    ]
    lab = start({"version": 1, "runs": runs})
    assert [trial.id for trial in lab.searcher.observed] == [
        "monday/digits/0007",
        "tuesday/digits/0007",
        "scan/0007",
    ]


def test_they_are_no_trials_of_the_search():
    lab = start(evidence(kept(0.99, 0.99, 0.99)), target=0.95, max_trials=1)
    assert lab.engine.stop_reason == ""
    assert (lab.state.trials, lab.state.epochs, lab.state.next_number) == ({}, 0, 0)
    assert lab.state.spent.best_value is None
    assert lab.new_trial() == "0000"
    assert summary(lab.state.evidence) == [("runs/old", 1, 9)]


def test_a_resume_tells_the_same_first_and_reads_no_earlier_run():
    lab = start(evidence(kept(0.5), kept(0.7, None, 0.8)), max_trials=9)
    for _ in range(2):
        lab.engine.failed(lab.new_trial(), cause="exception", error="E")
    resumed = Lab(max_trials=9)
    events = [from_line(to_line(event)) for event in lab.journal.events]
    resumed.engine.replay(events)
    assert len(resumed.searcher.observed) == 4
    assert resumed.searcher.observed == lab.searcher.observed
    assert resumed.state.evidence == lab.state.evidence


def test_what_lies_outside_a_space_that_was_changed_since_is_not_told():
    given = evidence(kept(0.5, width=8), kept(0.6, width=300))
    assert [t.configuration for t in start(given).searcher.observed] == [{"width": 8}]


def test_a_journal_without_evidence_is_read():
    lab = Lab().start()
    line = to_line(lab.journal.events[0]).replace(',"evidence":{}', "")
    assert "evidence" not in line
    assert from_line(line) == lab.journal.events[0]


def test_the_evidence_of_a_newer_version_is_refused():
    with pytest.raises(RunDirectoryError, match=r"has version 2; this raysearch reads up to 1"):
        told({"version": 2, "runs": []})


@pytest.mark.parametrize(
    ("values", "status", "max_epochs_there", "becomes"),
    [
        ([0.5, 0.6, 0.7], "completed", 3, "completed"),
        ([0.5, 0.6], "completed", 2, "stopped"),  # to the end of a shorter training
        ([0.5, 0.6], "completed", 9, "completed"),  # it ended by itself
        ([0.5, 0.6], "stopped", 9, "stopped"),
        ([0.5, 0.6, 0.7, 0.8], "stopped", 9, "completed"),  # trained in full, as it is here
        ([0.5, None], "failed", 3, "failed"),
    ],
)
def test_a_trial_counts_by_how_long_trials_are_trained_here(
    values, status, max_epochs_there, becomes
):
    (trial,) = told(evidence(kept(*values, status=status), max_epochs=max_epochs_there))
    assert trial.status is TrialStatus(becomes)
    assert [m.values for m in trial.measurements] == [{"val/accuracy": v} for v in values[:3]]


def test_what_is_kept_of_a_trial_comes_back():
    lab = Lab(max_trials=2).start()
    trial = lab.new_trial()
    for epoch, value in enumerate([0.5, None, 0.7], start=1):
        lab.report(trial, epoch, value)
    before = lab.state.trials[trial]
    (after,) = told(evidence(entry(before, objective=ACCURACY)))
    assert after.configuration == before.configuration
    assert after.status is before.status
    assert [m.epoch for m in after.measurements] == [1, 2, 3]
    assert [m.seconds for m in after.measurements] == [measurement(n, 0).seconds for n in (1, 2, 3)]
    assert after.value(ACCURACY) == before.value(ACCURACY) == 0.7


def test_what_was_tried_there_may_be_tried_here():
    """Only a trial of this search can win it."""
    space = Space({"bias": Bool()})
    searcher = Random(space, objective=ACCURACY)
    for number in (-2, -1):
        searcher.observe(Trial(id="", number=number, configuration={"bias": number == -1}))
    tried = set()
    for number in (1, 2):
        suggestion = searcher.suggest(number=number, pending=[])
        tried.add(suggestion.configuration["bias"])
        searcher.observe(Trial(id="", number=number, configuration=suggestion.configuration))
    assert tried == {False, True}


def test_points_and_the_default_are_tried_although_they_were_there():
    lab = start(evidence(kept(0.5, width=50), kept(0.5, width=7)), points=[{"width": 7}])
    lab.new_trial(), lab.new_trial()
    assert [t.configuration["width"] for t in lab.state.trials.values()] == [50, 7]


def test_counting_is_told_what_the_engine_tells():
    assert isinstance(start(evidence()).searcher, Counting)
    assert start({}).searcher.observed == []
