"""Every kind of event goes to a line of JSON and back unchanged."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import get_args

import pytest

from raysearch.run_dir import events as ev
from raysearch.run_dir.lines import from_line, to_line
from raysearch.trial import SearchStatus, TrialStatus

EXAMPLES: list[ev.Event] = [
    ev.SearchStarted(at=1.5, settings={"name": "x"}, space={"a": 1}, versions={"torch": "2"}),
    ev.SearchResumed(at=2.0, settings={"name": "x"}, changed=("budget.trials",)),
    ev.SearchResumed(at=2.5, settings={}, changed=("space.a",), space={"a": 2}),
    ev.SearchResumed(at=2.5, settings={}, fingerprints={"/old.ckpt": "4f0c"}),
    ev.TrialCreated(
        at=3.0,
        trial="0001",
        number=1,
        configuration={"width": 8, "rate": 0.5, "name": "cnn", "flag": True},
        origin={"kind": "tpe"},
    ),
    ev.AttemptStarted(at=3.5, trial="0001", attempt=2, worker="here:1", from_epoch=4),
    ev.ModelMeasured(at=3.8, trial="0001", values={"params": 81234.0}, violation=0.6, seconds=0.1),
    ev.Measured(
        at=4.0,
        trial="0001",
        attempt=1,
        epoch=2,
        step=20,
        values={"val/loss": None, "val/accuracy": 0.25},
        seconds=1.25,
        cause="not finite: val/loss (nan)",
        applied={"learning_rate": 0.1},
        learnt={"graph": "{}"},
    ),
    ev.CheckpointWritten(at=4.0, trial="0001", epoch=2, path="trials/0001/e.ckpt", size_bytes=9),
    ev.CheckpointRemoved(at=4.5, trial="0001", path="trials/0001/e.ckpt"),
    ev.Decided(at=4.0, trial="0001", epoch=2, kind="stop", reason="rung 3: rank 5 of 9"),
    ev.AttemptEnded(at=5.0, trial="0001", attempt=1, cause="worker lost", error="gone"),
    ev.Exploited(
        at=5.0,
        trial="0002",
        source="0001",
        epoch=2,
        path="trials/0001/e.ckpt",
        size_bytes=9,
        configuration={"learning_rate": 0.02},
        changes={"learning_rate": [0.01, 0.02]},
        reason="rung 2: rank 2 of 2, takes over trial 0001",
    ),
    ev.TrialEnded(at=5.0, trial="0001", status=TrialStatus.FAILED, cause="exception", error="E: x"),
    ev.Refitted(
        at=6.0, trial="0001", epochs=3, path="winner/model.ckpt", size_bytes=5, seconds=2.0
    ),
    ev.Refitted(
        at=6.5,
        trial="0001",
        epochs=3,
        path="winner/model.ckpt",
        size_bytes=5,
        seconds=4.0,
        seeds=4,
        seed_bytes=(5, 6),
        seeds_reason="refit 4 of 4 failed: out of memory; there are 3 models only",
    ),
    ev.TestOpened(at=7.0, trial="0001", forced=True),
    ev.Tested(at=8.0, trial="0001", values={"test/accuracy": 0.5}),
    ev.Tested(
        at=8.0,
        trial="0001",
        values={"test/accuracy": 0.5},
        others=({"test/accuracy": 0.75}, {"test/accuracy": None}),
    ),
    ev.TestSkipped(at=8.5, trial="0001", reason="not tested: Net has no test_step"),
    ev.Recommended(at=8.8, trial="0001", reason="lowest posterior mean among 2 completed trials"),
    ev.SearchEnded(at=9.0, status=SearchStatus.FINISHED, reason="budget of 3 trials used"),
]


def test_every_kind_of_event_has_an_example():
    assert {type(event) for event in EXAMPLES} == set(get_args(ev.Event))


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_an_event_survives_its_line(event):
    line = to_line(event)
    assert "\n" not in line
    assert from_line(line) == event


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_a_line_names_every_field(event):
    assert {f.name for f in fields(event)} == set(json.loads(to_line(event))) - {"event"}


def test_a_field_of_a_newer_version_is_left_out():
    record = {**json.loads(to_line(EXAMPLES[-1])), "mood": "good"}
    assert from_line(json.dumps(record)) == EXAMPLES[-1]


def test_a_resume_of_an_older_version_leaves_the_space_as_it_was():
    record = json.loads(to_line(EXAMPLES[1]))
    del record["space"]
    assert from_line(json.dumps(record)) == EXAMPLES[1]


def test_a_refit_and_a_test_of_an_older_version_are_of_one_seed():
    refitted = from_line(
        '{"event":"refitted","at":6.0,"trial":"0001","epochs":3,"path":"winner/model.ckpt",'
        '"size_bytes":5,"seconds":2.0,"refit":true,"reason":"","is_refused":false}'
    )
    assert isinstance(refitted, ev.Refitted)
    assert (refitted.seeds, refitted.n_models, refitted.is_complete) == (1, 1, True)
    tested = from_line('{"event":"tested","at":8.0,"trial":"0001","values":{"test/accuracy":0.5}}')
    assert tested == ev.Tested(at=8.0, trial="0001", values={"test/accuracy": 0.5})
    assert tested.others == ()


def test_an_unknown_event_is_named():
    with pytest.raises(ValueError, match=r"'trial_cloned' is not known.*if a newer raysearch"):
        from_line('{"event": "trial_cloned", "at": 1.0}')


@pytest.mark.parametrize("kind", ["search_started", "search_resumed"])
@pytest.mark.parametrize(
    "objective",
    [
        {"metric": "val/loss", "directiom": "minimize"},
        {"metric": "val/loss", "direction": "minimizd"},
        {"metric": "val/loss"},
        "val/loss",
    ],
)
def test_an_objective_that_is_none_is_refused(kind, objective):
    record = {"event": kind, "at": 1.0, "settings": {"objective": objective}}
    if kind == "search_started":
        record |= {"space": {}, "versions": {}}
    with pytest.raises(ValueError, match=r"directio|mapping"):
        from_line(json.dumps(record))


def test_a_missing_field_is_named():
    with pytest.raises(ValueError, match=r"tested.*trial"):
        from_line('{"event": "tested", "at": 1.0, "values": {}}')


def test_what_is_not_finite_is_refused():
    event = ev.Tested(at=1.0, trial="0001", values={"test/loss": float("nan")})
    with pytest.raises(ValueError, match="JSON"):
        to_line(event)
