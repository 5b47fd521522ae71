from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

import raysearch.live
from raysearch.live import view_for
from raysearch.live.plain import PlainView
from raysearch.live.progress import Heading
from raysearch.live.terminal import TerminalView


class Stream(io.TextIOWrapper):
    def __init__(self, *, encoding: str = "utf-8", is_terminal: bool = True) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


@pytest.mark.parametrize(
    ("stream", "term", "kind"),
    [
        (Stream(), "xterm-256color", TerminalView),
        (Stream(encoding="UTF8"), "screen", TerminalView),
        (Stream(is_terminal=False), "xterm", PlainView),
        (Stream(), "dumb", PlainView),
        (Stream(), "", PlainView),
        (Stream(encoding="latin-1"), "xterm", PlainView),
        (io.StringIO(), "xterm", PlainView),
    ],
)
def test_the_view_suits_the_stream(
    stream: Stream, term: str, kind: type, heading: Heading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    view = view_for(stream, name="digits", run_dir="runs/digits-1", plan=heading.plan)
    assert type(view) is kind


def test_public_names() -> None:
    for name in raysearch.live.__all__:
        assert getattr(raysearch.live, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'TensorBord'"):
        raysearch.live.TensorBord  # noqa: B018 - the access is the test


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("raysearch.live.text", ["rich", "numpy", "tensorboard"]),
        ("raysearch.live.plain", ["rich", "tensorboard"]),
        ("raysearch.live.terminal", ["tensorboard"]),
        ("raysearch.live.notebook", ["IPython", "tensorboard"]),
        ("raysearch.live.view", ["IPython", "rich", "numpy", "tensorboard"]),
        ("raysearch.live.tensorboard", ["tensorflow"]),
    ],
)
def test_imports_stay_light(module: str, unwanted: list[str]) -> None:
    heavy = {"torch", "pytorch_lightning", "lightning", "ray", "pandas", "sklearn", *unwanted}
    code = f"import sys, {module}; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(raysearch.live.__file__).parents[2],
    )
    assert done.stdout == "[]\n"
