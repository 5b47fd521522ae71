from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from raysearch.errors import ConfigurationError
from raysearch.experiment import Experiment, load

BASE = {
    "data": "data: digits",
    "model": "model: [cnn, mlp]",
    "objective": "objective: val/accuracy",
    "fidelity": "fidelity: {max_epochs: 9}",
}
"""A sound file, line by line; what a test adds begins in line 5."""

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write wrong.yaml: the sound file with lines replaced (by their key) or added."""
    monkeypatch.chdir(tmp_path)

    def write(edit: str) -> Path:
        key = edit.partition(":")[0]
        lines = {**BASE, key: edit} if key in BASE else {**BASE, "more": edit}
        path = Path("wrong.yaml")
        path.write_text("\n".join(lines.values()) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def loaded(write: Write) -> Callable[..., Experiment]:
    """Load the sound file with an edit and overrides."""
    return lambda edit="", *overrides: load(write(edit), overrides)


@pytest.fixture
def refused(write: Write) -> Callable[..., list[str]]:
    """Load the sound file with an edit and overrides; return the lines of the refusal."""

    def refused(edit: str, *overrides: str) -> list[str]:
        with pytest.raises(ConfigurationError) as caught:
            load(write(edit), overrides)
        return str(caught.value).splitlines()

    return refused
