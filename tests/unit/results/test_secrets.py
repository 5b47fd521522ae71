"""Does the environment reach what a search leaves behind?"""

from __future__ import annotations

from pathlib import Path

import pytest

from raysearch.errors import ConfigurationError
from raysearch.experiment import load, to_yaml
from raysearch.run_dir import RunDir
from tests.recorded import SETTINGS, Recorded

SECRET = "hunter2-4711-xyz"


def test_no_variable_is_written_unless_the_file_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", SECRET)
    recorded = Recorded(tmp_path / "run")
    recorded.trial(0.5, 0.75)
    recorded.fail(0.25, error="ValueError: no such thing")
    run = recorded.finish().run_dir
    assert not holds(run, SECRET)
    assert holds(run, "no such thing")  # the search looks where it should


def test_one_that_the_file_asks_for_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACE", "small-2")
    path = tmp_path / "asking.yaml"
    path.write_text(to_yaml(SETTINGS).replace("name: small", "name: ${env:PLACE}"), "utf-8")
    assert load(path).settings["name"] == "small-2"


@pytest.mark.parametrize("written", ["${env:HF_TOKEN}", "s-${env:HF_TOKEN}", "${env:HF_TOKEN:-x}"])
def test_one_that_is_a_secret_by_its_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", SECRET)
    path = tmp_path / "asking.yaml"
    path.write_text(to_yaml(SETTINGS).replace("name: small", f'name: "{written}"'), "utf-8")
    with pytest.raises(
        ConfigurationError, match=r"name is .*HF_TOKEN.*is a secret.*os.environ"
    ) as e:
        load(path)
    assert SECRET not in str(e.value)


def holds(run: RunDir, text: str) -> bool:
    files = [path for path in run.path.rglob("*") if path.is_file()]
    assert files
    return any(text.encode() in path.read_bytes() for path in files)
