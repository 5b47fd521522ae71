from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raysearch.live.frame import _share, frame
from raysearch.live.progress import Heading, Progress, Snapshot

DEFAULT = {"model": "cnn", "learning_rate": 0.001, "cnn.width": 32, "cnn.block": "plain"}


def lines(
    progress: Progress, story: Any, heading: Heading, *, width: int = 80, height: int = 40
) -> list[str]:
    snapshot = progress.snapshot(at=story.now)
    assert snapshot is not None
    return [line.plain for line in frame(snapshot, heading=heading, width=width, height=height)]


def searched(new_story: Any, heading: Heading, *, running: int = 3) -> tuple[Progress, Any]:
    """A search with a default, a better trial, a failed one, and some in training."""
    progress = Progress(heading.plan)
    story = new_story(progress.update).start()
    default = story.trial(DEFAULT)
    story.epoch(default, 0.5, 0.8, 0.79)
    story.end(default)
    better = story.trial({**DEFAULT, "learning_rate": 0.0123456, "cnn.width": 48})
    story.epoch(better, 0.7, 0.91)
    story.checkpoint(better, size_bytes=12_345_678)
    story.end(better, "stopped", reason="rung 2: rank 5 of 9, cutoff 0.95")
    broken = story.trial({**DEFAULT, "cnn.block": "basic"})
    story.end(
        broken, "failed", cause="exception", error="ValueError: bad shape (nets.py, line 3)\n"
    )
    for i in range(running):
        trial = story.trial({**DEFAULT, "learning_rate": 0.01 * (i + 1)})
        story.epoch(trial, 0.4, 0.3)
    return progress, story


def test_all_that_matters_is_there(new_story: Any, heading: Heading) -> None:
    progress, story = searched(new_story, heading)
    shown = lines(progress, story, heading)
    assert shown[0] == "digits  maximize val/accuracy  runs/digits-1"
    assert shown[1].endswith("─  3/64 trials")
    assert shown[2] == (
        "11s elapsed · time left not known yet · 1 epochs/s · 12.3 MB of checkpoints"
    )
    assert shown[3:5] == [
        "best   0.91 (trial 0001, epoch 2), 0.11 better than default 0.8",
        "       learning_rate=0.01235 cnn.width=48 model=cnn cnn.block=plain",
    ]
    assert shown[5].startswith("       0.5 ▁")
    assert shown[5].endswith("█ 0.91")
    assert shown[6] == "trials 3 running, 1 completed, 1 stopped, 1 failed"
    assert shown[7:12] == [
        "",
        "trial  epoch  now  best  time  differs from the default in",
        "0003    2/27  0.3   0.4  6.0s  learning_rate=0.01",
        "0004    2/27  0.3   0.4  4.0s  learning_rate=0.02",
        "0005    2/27  0.3   0.4  2.0s  learning_rate=0.03",
    ]
    assert shown[12:] == [
        "",
        "trial  epochs  best  ended      because",
        "0002        0     -  failed     ValueError: bad shape (nets.py, line 3)",
        "0001        2  0.91  stopped    rung 2: rank 5 of 9, cutoff 0.95",
        "0000        3   0.8  completed  all epochs",
    ]


def test_before_the_first_measurement(new_story: Any, heading: Heading) -> None:
    progress = Progress(heading.plan)
    story = new_story(progress.update).start()
    assert lines(progress, story, heading)[2:] == [
        "0.0s elapsed · time left not known yet",
        "best   no val/accuracy yet",
        "trials none yet",
    ]


def test_the_default_is_named_as_such(new_story: Any, heading: Heading) -> None:
    progress = Progress(heading.plan)
    story = new_story(progress.update).start()
    story.epoch(story.trial(DEFAULT), 0.5)
    shown = lines(progress, story, heading)
    assert shown[3] == "best   0.5 (trial 0000, epoch 1), the default configuration"
    assert shown[-1].endswith("nothing")
    again = story.trial(DEFAULT, origin={"kind": "repeat", "of": "0000"})
    story.epoch(again, 0.6)
    shown = lines(progress, story, heading)
    assert shown[3] == "best   0.6 (trial 0001, epoch 1), the default configuration"


@pytest.mark.parametrize(
    ("values", "status", "phrase"),
    [
        ((0.5,), None, "0.4 better than default 0.5 so far"),
        ((), None, "the default has no value so far"),
        ((None,), "failed", "the default has no value"),
        ((0.9,), "completed", "no better than default 0.9"),
    ],
)
def test_the_default_may_not_be_finished(
    new_story: Any, heading: Heading, values: Any, status: str | None, phrase: str
) -> None:
    progress = Progress(heading.plan)
    story = new_story(progress.update).start()
    default, other = story.trial(DEFAULT), story.trial({**DEFAULT, "cnn.width": 8})
    if phrase.startswith("no better"):
        story.epoch(other, 0.9)  # the first of equals is the best
        story.epoch(default, *values)
    else:
        story.epoch(default, *values)
        story.epoch(other, 0.9)
    if status:
        story.end(default, status)
    assert lines(progress, story, heading)[3] == f"best   0.9 (trial 0001, epoch 1), {phrase}"


def test_a_budget_of_minutes(new_story: Any, heading: Heading) -> None:
    heading = replace(heading, plan=replace(heading.plan, max_seconds=600.0, max_trials=None))
    progress, story = searched(new_story, heading)
    story.now += 289
    shown = lines(progress, story, heading)
    assert shown[1].endswith("  5m 0s of 10m 0s")
    bar = shown[1].split("  ")[0]
    assert bar.count("━") == len(bar) // 2
    assert "at most 5m left" in shown[2]


def test_the_bar_is_that_of_the_budget_nearest_to_its_end(new_story: Any, heading: Heading) -> None:
    plan = replace(heading.plan, max_trials=100, max_total_epochs=20, unit="round", target=0.99)
    progress, story = searched(new_story, heading)
    n = story.state.epochs
    shown = lines(progress, story, replace(heading, plan=plan))
    assert shown[1].endswith(f"  3/100 trials, {n}/20 rounds, target 0.99")
    bar = shown[1].split("  ")[0]
    assert bar.count("━") == len(bar) * n // 20


def test_goals_alone_have_no_bar(new_story: Any, heading: Heading) -> None:
    plan = replace(heading.plan, max_trials=None, patience=20, max_gpu_hours=2.0)
    progress, story = searched(new_story, heading)
    assert lines(progress, story, replace(heading, plan=plan))[1].endswith(
        "  0 of 2 GPU hours, 1/20 trials without gain"
    )
    plan = replace(plan, max_gpu_hours=None)
    assert lines(progress, story, replace(heading, plan=plan))[1] == "1/20 trials without gain"


def test_no_budget_at_all(new_story: Any, heading: Heading) -> None:
    heading = replace(heading, plan=replace(heading.plan, max_trials=None))
    progress, story = searched(new_story, heading)
    assert lines(progress, story, heading)[1] == "3 trials ended, no budget set"


def test_what_does_not_fit_is_counted(new_story: Any, heading: Heading) -> None:
    progress, story = searched(new_story, heading, running=30)
    shown = lines(progress, story, heading, height=24)
    assert len(shown) <= 24
    rows = [line for line in shown if "/27" in line]
    assert f"and {30 - len(rows)} more in training" in shown
    assert sum("because" in line for line in shown) == 1


def test_the_best_comes_before_the_tables_where_room_is_short(
    new_story: Any, heading: Heading
) -> None:
    progress, story = searched(new_story, heading)
    shown = lines(progress, story, heading, height=5)
    assert len(shown) == 5
    assert shown[3].startswith("best   0.91")


def test_a_long_configuration_takes_three_lines(new_story: Any, heading: Heading) -> None:
    progress = Progress(heading.plan)
    story = new_story(progress.update).start()
    configuration = {f"module.parameter_{i}": i for i in range(40)}
    story.epoch(story.trial(configuration), 0.5)
    shown = lines(progress, story, heading)
    assert shown[6].endswith(" …")
    assert [line.split("=")[0].strip() for line in shown[4:7]] == [
        "module.parameter_0",
        "module.parameter_3",
        "module.parameter_6",
    ]


@pytest.fixture(scope="module")
def snapshots(new_story: Any, heading: Heading) -> list[Snapshot]:
    """Searches with 0 to 12 trials in training."""
    found = []
    for running in range(13):
        progress, story = searched(new_story, heading, running=running)
        snapshot = progress.snapshot(at=story.now)
        assert snapshot is not None
        found.append(snapshot)
    return found


@given(width=st.integers(20, 250), height=st.integers(1, 80), running=st.integers(0, 12))
def test_no_frame_is_larger_than_the_terminal(
    snapshots: list[Snapshot], heading: Heading, width: int, height: int, running: int
) -> None:
    heading = replace(heading, run_dir="runs/" + "x" * 50)
    shown = frame(snapshots[running], heading=heading, width=width, height=height)
    assert 1 <= len(shown) <= height
    assert max(line.cell_len for line in shown) <= width


@given(st.integers(-5, 100), st.integers(0, 100), st.integers(0, 100))
def test_the_tables_share_the_room(room: int, running: int, ended: int) -> None:
    shares = _share(room, running=running, ended=ended)
    assert sum(shares) <= max(0, room)
    assert all(share == 0 or share >= 3 for share in shares)
    if running and room >= 3:
        assert shares[0] >= 3
