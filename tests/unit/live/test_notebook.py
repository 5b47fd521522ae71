"""A shell of IPython whose display publisher keeps what a frontend would get."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from raysearch.live import view_for
from raysearch.live.notebook import NotebookView
from raysearch.live.plain import PlainView
from raysearch.live.progress import Heading
from raysearch.live.view import in_notebook

NASTY = "<script>alert('x')</script>&"


class Recorder(DisplayPublisher):
    """Keeps every message; shows outputs as a frontend does: an update replaces what it names."""

    is_gone = False

    def publish(self, data: Any, metadata: Any = None, **others: Any) -> None:
        if self.is_gone:
            raise OSError("the kernel's sockets are closed")
        self.messages.append((data, others.get("update", False)))
        self.outputs[others["transient"]["display_id"]] = data

    @property
    def messages(self) -> list[tuple[dict[str, str], bool]]:
        return self.__dict__.setdefault("_messages", [])

    @property
    def outputs(self) -> dict[str, dict[str, str]]:
        return self.__dict__.setdefault("_outputs", {})

    def shown(self, kind: str = "text/plain") -> str:
        """What the only output of the cell shows."""
        (output,) = self.outputs.values()
        return output[kind]


class ZMQInteractiveShell(InteractiveShell):
    """Named as the shell of ipykernel, of which Colab's is a subclass."""


@pytest.fixture
def shells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[type], InteractiveShell]]:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    made = []

    def make(kind: type[InteractiveShell]) -> InteractiveShell:
        config = Config({"HistoryManager": {"enabled": False}})
        made.append(kind.instance(display_pub_class=Recorder, config=config))
        return made[-1]

    yield make
    for shell in made:
        shell.restore_sys_module_state()
        shell.clear_instance()


@pytest.fixture
def cell(shells: Callable[[type], InteractiveShell]) -> Recorder:
    return shells(ZMQInteractiveShell).display_pub


@pytest.fixture
def story(new_story: Any, heading: Heading) -> Any:
    """A search before a view whose own updates are so far apart that there are none."""
    story = new_story()
    story.view = NotebookView(heading=heading, clock=story.clock, refresh_s=3600)
    story.listeners.append(story.view)
    return story


class Tags(HTMLParser):
    """Checks that tags are closed in order; keeps their names and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.text = ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)
        self.names.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_notebook_gets_a_view_of_its_own(
    shells: Callable[[type], InteractiveShell], heading: Heading, capsys: Any
) -> None:
    def kind(stream: Any) -> type:
        return type(view_for(stream, name="digits", run_dir="runs/digits-1", plan=heading.plan))

    assert kind(sys.stdout) is PlainView  # IPython is loaded, but there is no shell
    shells(type("Shell", (ZMQInteractiveShell,), {}))
    assert kind(sys.stdout) is kind(sys.stderr) is NotebookView
    assert kind(io.StringIO()) is PlainView  # a file of one's own


def test_ipython_at_a_terminal_is_no_notebook(
    shells: Callable[[type], InteractiveShell], capsys: Any
) -> None:
    shells(InteractiveShell)
    assert not in_notebook(sys.stdout)


def test_there_is_one_output_that_is_updated_in_place(story: Any, cell: Recorder) -> None:
    with story.view as view:
        view.stage("starting Ray")
        view._show()
        assert cell.shown() == "digits\nstarting Ray: 0.0s ..."
        story.start()
        trial = story.trial({"lr": 0.1})
        for value in (0.5, 0.6, 0.7):
            story.epoch(trial, value)
            view._show()
            view._show()  # nothing is new
    assert [update for _, update in cell.messages] == [False] + [True] * (len(cell.messages) - 1)
    assert len(cell.messages) == 1 + 1 + 3
    assert "best   0.7 (trial 0000, epoch 3)" in cell.shown()
    for data, _ in cell.messages:
        assert set(data) == {"text/html", "text/plain"}
        Tags(data["text/html"])


def test_the_html_says_what_the_terminal_says(story: Any, cell: Recorder) -> None:
    with story.view as view:
        story.start()
        default = story.trial({"lr": 0.1, "width": 32})
        story.epoch(default, 0.5)
        story.end(default)
        broken = story.trial({"lr": 9.0, "width": 32})
        story.end(broken, "failed", error=f"ValueError: {NASTY}")
        for _ in range(20):
            story.epoch(story.trial({"lr": 0.2, "width": 32}), 0.6)
        view._show()
        tags = Tags(cell.shown("text/html"))
    for words in (
        "digits maximize val/accuracy runs/digits-1",
        "2/64 trials · 21s elapsed",
        "0.6 (trial 0002, epoch 1), 0.1 better than default 0.5",
        "lr=0.2 width=32",
        "20 running, 1 completed, 1 failed",
        "differs from the default in",
        f"ValueError: {NASTY}",
        "all epochs",
        "and 4 more in training",
        "▁",
    ):
        assert words in tags.text, words
    assert tags.names == {"div", "b", "span", "table", "tr", "td", "th"}  # no script


def test_names_and_notes_are_escaped(new_story: Any, heading: Heading, cell: Recorder) -> None:
    strange = Heading(name=NASTY, run_dir=f"runs/{NASTY}", plan=heading.plan)
    with NotebookView(heading=strange, refresh_s=3600) as view:
        story = new_story(view).start()
        story.epoch(story.trial({NASTY: NASTY}), 0.5)
        view.note(NASTY)
        view.stage(NASTY)
        view._show()
        tags = Tags(cell.shown("text/html"))
    assert "script" not in tags.names
    assert tags.text.count(NASTY) == 6  # name, folder, key, value, note, stage


def test_the_last_state_is_left_standing(story: Any, cell: Recorder, capsys: Any) -> None:
    with story.view as view:
        view.stage("starting Ray")
        story.now += 2
        story.start()
        trial = story.trial({"lr": 0.1})
        view.note("something to know")
        story.epoch(trial, 0.5)
        story.end(trial)
        story.finish("finished", "budget of 1 trial used")
        view.stage("refit on train + validation")
        story.now += 3
    assert cell.shown().splitlines() == [
        "digits  maximize val/accuracy  runs/digits-1",
        "search finished: 1 trial, 1 epoch in 1.0s (budget of 1 trial used)",
        "best   0.5 (trial 0000, epoch 1), the default configuration",
        "       lr=0.1",
        "trials 1 completed",
        "",
        "trial  epochs  best  ended      because",
        "0000        1   0.5  completed  all epochs",
        "starting Ray: 2.0s",
        "something to know",
        "refit on train + validation: 3.0s",
    ]
    html = Tags(cell.shown("text/html")).text
    assert "search finished: 1 trial, 1 epoch in 1.0s (budget of 1 trial used)" in html
    assert "elapsed" not in html
    assert capsys.readouterr() == ("", "")


def test_an_interrupt_is_shown(story: Any, cell: Recorder) -> None:
    with pytest.raises(KeyboardInterrupt), story.view as view:
        view.stage("starting Ray")
        story.now += 2
        raise KeyboardInterrupt
    assert cell.shown() == "digits\nstarting Ray: not finished, after 2.0s"


def test_updates_come_from_a_thread_and_not_too_often(
    new_story: Any, heading: Heading, cell: Recorder
) -> None:
    with NotebookView(heading=heading, refresh_s=0.2) as view:
        story = new_story(view).start()
        trial = story.trial({"lr": 0.1})
        end = time.monotonic() + 0.7
        while time.monotonic() < end:
            story.epoch(trial, 0.5)
            time.sleep(0.001)
    assert 3 <= len(cell.messages) <= 2 + 4  # the first, the last, and one in 0.2 s at most
    assert f"{story.state.epochs}/27" in cell.shown()


def test_a_frontend_that_went_away_does_not_end_the_search(story: Any, cell: Recorder) -> None:
    with story.view as view:
        story.start()
        cell.is_gone = True
        view.note("lost")
        view._show()
        cell.is_gone = False
        story.trial({"lr": 0.1})
        view.stage("test")
    assert len(cell.messages) == 1
