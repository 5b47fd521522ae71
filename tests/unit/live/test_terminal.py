from __future__ import annotations

import io
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import raysearch.live
from raysearch.live.progress import Heading
from raysearch.live.terminal import TerminalView

SHOW_CURSOR = "\x1b[?25h"
HIDE_CURSOR = "\x1b[?25l"


class Screen:
    """What a terminal shows after the output so far: as much of one as the view needs."""

    def __init__(self, output: str) -> None:
        self.lines: list[str] = [""]
        self.row = 0
        for token in re.findall(r"\x1b\[[?0-9;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", output):
            self._take(token)

    def _take(self, token: str) -> None:
        if token == "\n":
            self.row += 1
            if self.row == len(self.lines):
                self.lines.append("")
        elif token.endswith("A"):
            self.row -= int(token[2:-1] or 1)
        elif token.endswith("K"):
            self.lines[self.row] = ""
        elif not token.startswith(("\x1b", "\r")):
            self.lines[self.row] += token


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def story(new_story: Any, heading: Heading, out: io.StringIO) -> Any:
    story = new_story()
    console = Console(file=out, force_terminal=True, width=80, height=40, color_system="standard")
    story.view = TerminalView(out, heading=heading, clock=story.clock, console=console)
    story.listeners.append(story.view)
    return story


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def screen(out: io.StringIO) -> list[str]:
    return Screen(out.getvalue()).lines


def test_the_view_is_drawn_in_place(story: Any, out: io.StringIO) -> None:
    with story.view:
        story.start()
        trial = story.trial({"lr": 0.1})
        for value in (0.5, 0.6, 0.7):
            story.epoch(trial, value)
            story.view._live.refresh()
        shown = screen(out)
    assert sum(line.startswith("digits") for line in map(plain, shown)) == 1
    assert any("best   0.7 (trial 0000, epoch 3)" in plain(line) for line in shown)


def test_what_stays_is_printed_once_and_the_view_is_wiped(story: Any, out: io.StringIO) -> None:
    with story.view as view:
        view.stage("starting Ray")
        story.now += 2
        view._live.refresh()
        story.start()
        trial = story.trial({"lr": 0.1})
        view.note("something to know")
        story.epoch(trial, 0.5)
        story.end(trial)
        view._live.refresh()
        story.finish("finished", "budget of 1 trial used")
        view.stage("refit on train + validation")
        story.now += 3
        view._live.refresh()
        assert "refit on train + validation  3.0s" in "\n".join(map(plain, screen(out)))
    left = [line for line in map(plain, screen(out)) if line]
    assert left == [
        "starting Ray: 2.0s",
        "something to know",
        "search finished: 1 trial, 1 epoch in 1.0s (budget of 1 trial used)",
        "refit on train + validation: 3.0s",
    ]


def test_a_stage_that_was_cut_short_says_so(story: Any, out: io.StringIO) -> None:
    with pytest.raises(KeyboardInterrupt), story.view as view:
        view.stage("starting Ray")
        story.now += 2
        raise KeyboardInterrupt
    assert [line for line in map(plain, screen(out)) if line] == [
        "starting Ray: not finished, after 2.0s"
    ]
    assert out.getvalue().count(HIDE_CURSOR) == out.getvalue().count(SHOW_CURSOR) == 1


def test_colours_have_no_background_and_suit_dark_and_light(story: Any, out: io.StringIO) -> None:
    with story.view:
        story.start()
        a, b = story.trial({"lr": 0.1}), story.trial({"lr": 0.2})
        story.epoch(a, 0.5)
        story.end(b, "failed", error="boom")
        story.view._live.refresh()
    codes = {
        c for style in re.findall(r"\x1b\[([0-9;]*)m", out.getvalue()) for c in style.split(";")
    }
    assert codes <= {"0", "1", "2", "31", "32"}  # bold, dim, red, green
    assert {"1", "2", "31", "32"} <= codes


def test_a_terminal_that_went_away_does_not_end_the_search(
    new_story: Any, heading: Heading
) -> None:
    class Gone(io.StringIO):
        is_gone = False

        def write(self, text: str) -> int:
            if self.is_gone:
                raise OSError(5, "Input/output error")
            return super().write(text)

    stream = Gone()
    console = Console(file=stream, force_terminal=True, width=80, height=40)
    story = new_story()
    with TerminalView(stream, heading=heading, clock=story.clock, console=console) as view:
        story.listeners.append(view)
        story.start()
        stream.is_gone = True
        view.stage("test")
        story.trial({"lr": 0.1})
        view.note("lost")
        story.finish()
    assert stream.is_gone


_SCRIPT = """
import sys, time
from raysearch.engine import Plan
from raysearch.live import view_for
from raysearch.trial import Objective

objective = Objective(metric="val/accuracy", direction="maximize")
plan = Plan(objective=objective, max_epochs=9, max_trials=4)
with view_for(sys.stdout, name="digits", run_dir="runs/digits-1", plan=plan) as view:
    view.stage("starting Ray")
    print("a line of some library", flush=True)
    time.sleep(30)
"""


@pytest.mark.timeout(120)  # starts an interpreter and then lets a second pass, on a busy machine
def test_ctrl_c_in_a_real_terminal_restores_the_cursor() -> None:
    ours, theirs = pty.openpty()
    environment = {
        **os.environ,
        "TERM": "xterm",
        "PYTHONPATH": str(Path(raysearch.live.__file__).parents[2]),
        "LC_ALL": "C.UTF-8",
    }
    with subprocess.Popen(
        [sys.executable, "-c", _SCRIPT],
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        output = _read(ours, until="a line of some library")
        # rich writes a line a second time if it is interrupted in the instant after the first,
        # before it has forgotten it; a second later the process sleeps
        output += _read(ours, until="starting Ray  1.")
        process.send_signal(signal.SIGINT)
        output += _read(ours, until=SHOW_CURSOR)
        process.wait(timeout=10)
    os.close(ours)
    assert HIDE_CURSOR in output
    assert output.rindex(SHOW_CURSOR) > output.rindex(HIDE_CURSOR)
    assert plain(output).count("a line of some library") == 1


def _read(descriptor: int, *, until: str) -> str:
    output = b""
    deadline = time.monotonic() + 10
    while until.encode() not in output:
        assert time.monotonic() < deadline, output
        if select.select([descriptor], [], [], 0.1)[0]:
            try:
                output += os.read(descriptor, 4096)
            except OSError:  # Linux: the other end was closed
                break
    return output.decode()
