from __future__ import annotations

import io
import re
import time
from dataclasses import replace
from typing import Any

import pytest

from raysearch.live.plain import PlainView, one_in
from raysearch.live.progress import Heading
from raysearch.run_dir import events as ev


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def watched(new_story: Any, heading: Heading, out: io.StringIO) -> Any:
    """A search with its plain view, of which no heartbeat comes in between."""
    story = new_story()
    story.listeners.append(PlainView(out, heading=heading, clock=story.clock))
    return story.start()


def told(out: io.StringIO) -> list[str]:
    """The lines without their time of day."""
    lines = out.getvalue().splitlines()
    assert all(re.match(r"\d\d:\d\d:\d\d ", line) for line in lines)
    return [line[9:] for line in lines]


def test_a_line_for_each_end_and_each_new_best(watched: Any, out: io.StringIO) -> None:
    a, b = watched.trial({"lr": 0.1, "width": 8}), watched.trial({"lr": 0.25, "width": 8})
    watched.epoch(a, 0.5)
    watched.now += 5
    watched.epoch(b, 0.75)
    watched.end(a, reason="")
    watched.end(b, "failed", error="ValueError: no\nTraceback")
    watched.finish("finished", "budget of 2 trials used")
    assert told(out) == [
        "best 0.5 in trial 0000, epoch 1, the default configuration: lr=0.1 width=8",
        "best 0.75 in trial 0001, epoch 1, 0.25 better than default 0.5 so far: lr=0.25 width=8",
        "trial 0000 completed after 1 epoch, reached 0.5: all epochs",
        "trial 0001 failed after 1 epoch, reached 0.75: ValueError: no",
        "search finished: 2 trials, 2 epochs in 7.0s (budget of 2 trials used)",
    ]


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        ({}, "64 trials of up to 27 epochs"),
        ({"max_seconds": 600.0}, "64 trials of up to 27 epochs, for 10m 0s"),
        (
            {"max_trials": None, "max_total_epochs": 1000, "max_gpu_hours": 0.5, "unit": "round"},
            "trials of up to 27 rounds, 1000 rounds in all, 0.5 GPU hours",
        ),
        (
            {"target": 0.99, "patience": 20},
            "64 trials of up to 27 epochs, until 0.99 is reached, "
            "until 20 trials in a row bring no gain",
        ),
    ],
)
def test_the_first_line_says_what_ends_the_search(
    heading: Heading, out: io.StringIO, budget: Any, words: str
) -> None:
    told_of = replace(heading, plan=replace(heading.plan, **budget))
    with PlainView(out, heading=told_of):
        pass
    assert told(out) == [f"digits: maximize val/accuracy, {words}; runs/digits-1"]


def test_rounds_are_called_rounds(new_story: Any, heading: Heading, out: io.StringIO) -> None:
    story = new_story()
    told_of = replace(heading, plan=replace(heading.plan, unit="round"))
    story.listeners.append(PlainView(out, heading=told_of, clock=story.clock))
    story.start()
    trial = story.trial({"lr": 0.1})
    story.epoch(trial, 0.5, 0.4)
    story.end(trial, "stopped", reason="rung 1")
    story.finish("stopped", "`stop` asked for it")
    assert told(out) == [
        "best 0.5 in trial 0000, round 1, the default configuration: lr=0.1",
        "trial 0000 stopped after 2 rounds, reached 0.5: rung 1",
        "search stopped: 1 trial, 2 rounds in 2.0s (`stop` asked for it)",
    ]


def test_new_bests_in_a_row_are_told_together(watched: Any, out: io.StringIO) -> None:
    trial = watched.trial({"lr": 0.1})
    watched.epoch(trial, *[i / 10 for i in range(1, 8)])
    values = [line.split()[1] for line in told(out)]
    assert values == ["0.1", "0.3", "0.5", "0.7"]  # a second apart, told every other second


def test_the_last_best_is_told_at_the_end(watched: Any, out: io.StringIO) -> None:
    trial = watched.trial({"lr": 0.1})
    watched.epoch(trial, 0.1, 0.2)
    assert told(out)[-1].startswith("best 0.1 ")
    watched.finish()
    assert [line.split(" in ")[0] for line in told(out)[-2:]] == [
        "best 0.2",
        "search finished: 1 trial, 2 epochs",
    ]


def test_the_end_counts_the_trials_that_are_paused(watched: Any, out: io.StringIO) -> None:
    a, b = watched.trial({"lr": 0.1}), watched.trial({"lr": 0.2})
    watched.epoch(a, 0.5)
    watched.end(a)
    watched.epoch(b, 0.25)
    watched.tell(ev.Decided(at=watched.now, trial=b, epoch=1, kind="pause", reason="rung 1"))
    watched.finish()
    assert told(out)[-1].startswith("search finished: 2 trials (1 paused), 2 epochs in ")


def test_ten_thousand_trials_do_not_flood(watched: Any, out: io.StringIO) -> None:
    for i in range(10_000):
        trial = watched.trial({"lr": i}, starts=False)
        if i % 100 == 7:
            watched.end(trial, "failed", error="boom")
        else:
            watched.end(trial, "stopped", reason="rung 1")
    lines = told(out)
    assert len(lines) <= 280 + 100
    assert sum("failed" in line for line in lines) == 100
    assert lines[99].startswith("trial 0099 ")
    assert lines[-1].endswith("rung 1 [1 trial in 100 is printed]")


def test_how_many_ends_are_told() -> None:
    assert sum(n % one_in(n) == 0 for n in range(1, 100_001)) == 100 + 3 * 90


def test_stages_and_notes(watched: Any, out: io.StringIO) -> None:
    view = watched.listeners[0]
    view.stage("refit on train + validation")
    view.note("TensorBoard's files cannot be written")
    assert told(out) == ["refit on train + validation", "TensorBoard's files cannot be written"]


def test_a_heartbeat_while_nothing_happens(
    new_story: Any, heading: Heading, out: io.StringIO
) -> None:
    story = new_story()
    with PlainView(out, heading=heading, clock=story.clock, heartbeat_s=0.02) as view:
        story.listeners.append(view)
        view.stage("starting Ray")
        time.sleep(0.06)
        assert "now" not in out.getvalue()  # it is said a moment ago
        story.now += 7
        _wait_for(lambda: "for 7.0s now" in out.getvalue())
        story.start()
        a = story.trial({"lr": 0.1})
        story.epoch(a, 0.5)
        _wait_for(lambda: "time left" in out.getvalue())
    lines = told(out)
    assert lines[0] == "digits: maximize val/accuracy, 64 trials of up to 27 epochs; runs/digits-1"
    assert "starting Ray: for 7.0s now" in lines
    assert (
        "0/64 trials; 1.0s elapsed; time left not known yet; 1 epochs/s; 1 running; "
        "best 0.5 in trial 0000"
    ) in lines
    length = len(lines)
    time.sleep(0.06)
    assert len(told(out)) == length  # the thread has ended with the view


def test_a_closed_pipe_ends_the_view_and_not_the_search(new_story: Any, heading: Heading) -> None:
    class Broken(io.StringIO):
        writes = 0

        def write(self, text: str) -> int:
            self.writes += 1
            raise BrokenPipeError(32, "Broken pipe")

    stream = Broken()
    story = new_story()
    with PlainView(stream, heading=heading, clock=story.clock) as view:
        story.listeners.append(view)
        story.start()
        story.epoch(story.trial({"lr": 0.1}), 0.5)
        story.finish()
    assert stream.writes == 1
    assert story.state.reason == ""


def test_names_that_the_stream_cannot_spell(new_story: Any, heading: Heading) -> None:
    binary = io.BytesIO()
    stream = io.TextIOWrapper(binary, encoding="ascii", newline="\n")
    view = PlainView(stream, heading=heading)
    view.note("grün\x1b[31m")
    assert binary.getvalue()[9:] == b"gr\\xfcn?[31m\n"


def _wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 3
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_trial_that_is_tried_again_has_a_line(watched: Any, out: io.StringIO) -> None:
    trial = watched.trial({"lr": 0.1, "width": 8})
    watched.epoch(trial, 0.5)
    ended = {"at": watched.now, "trial": trial, "attempt": 1}
    watched.tell(ev.AttemptEnded(**ended, cause="interrupted"))
    watched.tell(ev.AttemptEnded(**ended, cause="worker lost", error="its node went away\nfar"))
    watched.end(trial)
    watched.tell(ev.AttemptEnded(**ended, cause="worker lost", error="too late"))
    retry = "trial 0000: worker lost, tried again, 1 of 3 attempts lost: its node went away"
    assert [line for line in told(out) if "again" in line] == [retry]
