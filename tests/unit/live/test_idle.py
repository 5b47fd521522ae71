"""Is it said what of the machines is idle, and why?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from raysearch.live.frame import frame
from raysearch.live.idle import PATIENCE_S
from raysearch.live.notebook_page import Page, as_html
from raysearch.live.progress import Heading, Progress
from raysearch.run_dir import events as ev

HAS = {"cpus": 16.0, "gpus": 8.0, "nodes": 2.0, "slots": 8.0}


class Told:
    """A search of which it is said what Ray has."""

    def __init__(self, story: Any, *, heading: Heading, max_trials: int, **settings: Any) -> None:
        plan = replace(heading.plan, max_trials=max_trials)
        self.heading = replace(heading, plan=plan)
        self.progress = Progress(plan)
        self.story = story
        story.listeners.append(self.progress.update)
        objective = {"metric": "val/accuracy", "direction": "maximize"}
        story.tell(
            ev.SearchStarted(
                at=story.now, space={}, versions={}, settings={"objective": objective, **settings}
            )
        )

    def begin(self, n: int, has: Any = None) -> None:
        for _ in range(n):
            name = self.story.trial({"width": 1}, starts=False)
            self.story.tell(
                ev.AttemptStarted(at=self.story.now, trial=name, attempt=1, capacity=has or {})
            )

    @property
    def said(self) -> str | None:
        snapshot = self.progress.snapshot(at=self.story.now)
        assert snapshot is not None
        return None if snapshot.idle is None else snapshot.idle.text


@pytest.fixture
def told(new_story: Any, heading: Heading) -> Any:
    def make(*, max_trials: int = 64, **settings: Any) -> Told:
        return Told(new_story(), heading=heading, max_trials=max_trials, **settings)

    return make


GPU = {"cpus": 1, "gpus": 1, "workers": 1}


def test_nothing_is_said_where_nobody_knows_or_all_is_in_use(told: Any) -> None:
    search = told(resources=GPU)
    search.begin(3)
    assert search.said is None
    search.begin(1, HAS)
    search.begin(4)
    assert search.said is None


@pytest.mark.parametrize(
    ("resources", "n", "said"),
    [
        (GPU, 5, "3 of 8 GPUs idle: nothing to train"),
        ({"cpus": 1, "gpus": 0.5, "workers": 1}, 5, "5.5 of 8 GPUs idle: nothing to train"),
        ({"cpus": 1, "gpus": 1, "workers": 2}, 3, "2 of 8 GPUs idle: nothing to train"),
        ({"cpus": 3, "gpus": 0, "workers": 1}, 5, "1 of 16 CPUs idle: nothing to train"),
    ],
)
def test_what_trials_do_not_use_is_idle(told: Any, resources: Any, n: int, said: str) -> None:
    search = told(max_trials=n, resources=resources)
    search.begin(n, HAS)
    assert search.said == said


def test_the_reason_is_what_is_lacking(told: Any) -> None:
    search = told(resources=GPU)
    search.begin(6, HAS)
    assert search.said == "2 of 8 GPUs idle: waiting for the next trial"
    search.story.trial({"width": 2}, starts=False)
    assert search.said == "2 of 8 GPUs idle: waiting for a worker"


def test_a_worker_between_two_trials_is_not_idle_yet(told: Any) -> None:
    search = told(resources=GPU)
    search.begin(8, HAS)
    now = search.story.now
    search.story.tell(ev.TrialEnded(at=now, trial="0003", status="completed", reason="trained"))
    assert search.said is None
    snapshot = search.progress.snapshot(at=now + PATIENCE_S)
    assert snapshot.idle.text == "1 of 8 GPUs idle: waiting for the next trial"


def test_it_is_said_where_nothing_more_fits(told: Any) -> None:
    search = told(resources=GPU)
    search.begin(6, {**HAS, "slots": 6.0})
    assert search.said == "2 of 8 GPUs idle: another trial does not fit on what is left of a node"


def test_it_is_said_that_no_more_are_wanted(told: Any) -> None:
    search = told(resources=GPU, parallel=2)
    search.begin(2, HAS)
    assert search.said == "6 of 8 GPUs idle: parallel is 2"


def test_a_cluster_that_grows_and_shrinks_is_followed(told: Any) -> None:
    search = told(max_trials=2, resources=GPU)
    search.begin(2, HAS)
    search.story.tell(
        ev.Measured(
            at=search.story.now,
            trial="0000",
            attempt=1,
            epoch=1,
            step=1,
            values={"val/accuracy": 0.5},
            seconds=1.0,
            capacity={**HAS, "gpus": 4.0},
        )
    )
    assert search.said == "2 of 4 GPUs idle: nothing to train"
    search.story.finish()
    assert search.said is None


def test_every_view_says_it(told: Any) -> None:
    search = told(max_trials=5, resources=GPU)
    search.begin(5, HAS)
    snapshot = search.progress.snapshot(at=search.story.now)
    lines = [line.plain for line in frame(snapshot, heading=search.heading, width=80, height=20)]
    assert "GPUs   3 of 8 idle: nothing to train" in lines
    page = Page(heading=search.heading, snapshot=snapshot, said=(), stage="")
    assert "3 of 8 idle: nothing to train" in as_html(page)
