"""Every file that a newcomer may get wrong is refused with the words that help him.

Each file of `tests/wrong_files` says at its head what its refusal must say: `# expect: WORDS`, on
as many lines as needed, all of them in one fault; `# line: N`, where that fault is; `# faults: N`,
how many faults there may be at most if more than one.
"""

from __future__ import annotations

import functools
import re
import subprocess
import sys

import pytest

from raysearch.cli.main import WRONG_USE
from raysearch.errors import ConfigurationError
from raysearch.experiment import load
from tests.experiments.documents import ROOT

FOLDER = ROOT / "tests" / "wrong_files"
FILES = sorted(path.name for path in FOLDER.glob("*.yaml"))
LONGEST = 1000
"""Characters of a fault: more than that nobody reads."""
LEAKS = ("Traceback", "pydantic", "Input should be", "validation error", "object at 0x", "<class ")
"""What no person should have to read."""
SAMPLE = (
    "empty_file.yaml",
    "misspelt_section.yaml",
    "own_class_missing.yaml",
    "range_log_from_zero.yaml",
    "include_missing.yaml",
    "variable_not_set.yaml",
)


@pytest.fixture(autouse=True)
def _beside_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user works in the folder of his experiment, where his modules are."""
    monkeypatch.chdir(FOLDER)
    monkeypatch.syspath_prepend(FOLDER)
    for name in ("RAYSEARCH_NOT_SET", "RAYSEARCH_NOT_SET_EITHER"):
        monkeypatch.delenv(name, raising=False)


def text(file: str) -> str:
    return (FOLDER / file).read_text(encoding="utf-8", errors="replace")


def notes(file: str, kind: str) -> list[str]:
    """What the head of a file says after `# kind: `."""
    head = f"# {kind}: "
    return [line.removeprefix(head) for line in text(file).split("\n") if line.startswith(head)]


@functools.cache
def refusal(file: str) -> list[str]:
    """The faults that are found in a file, and the last line."""
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    return str(caught.value).splitlines()


def test_there_are_many_and_each_says_what_it_expects():
    assert len(FILES) >= 80
    assert set(SAMPLE) <= set(FILES)
    assert all(notes(file, "expect") for file in FILES)


@pytest.mark.parametrize("file", FILES)
def test_it_is_refused_with_place_and_remedy(file):
    words, lines = notes(file, "expect"), notes(file, "line")
    *faults, last = refusal(file)
    assert last == "Nothing was started."
    about = [fault for fault in faults if all(word in fault for word in words)]
    assert about, "\n".join(faults)
    if lines:
        assert about[0].startswith(f"{file}, line {lines[0]}: ")


@pytest.mark.parametrize("file", FILES)
def test_every_fault_has_its_place_and_none_is_made_up(file):
    *faults, _ = refusal(file)
    assert len(faults) <= int(notes(file, "faults")[0] if notes(file, "faults") else 1), faults
    for fault in faults:
        assert re.match(rf"({re.escape(file)}|parts/\w+\.yaml)(, line \d+)?(: | is empty)", fault)
        assert len(fault) <= LONGEST
        assert not any(leak in fault for leak in LEAKS), fault


@pytest.mark.timeout(60)  # starts an interpreter on a machine that may be busy
@pytest.mark.parametrize("file", SAMPLE)
def test_the_command_line_says_the_same(file):
    done = subprocess.run(
        [sys.executable, "-m", "raysearch", "check", file],
        capture_output=True,
        text=True,
        check=False,
        cwd=FOLDER,
    )
    assert done.returncode == WRONG_USE
    assert done.stdout == ""
    said = done.stderr.removeprefix("ConfigurationError: ")
    assert said.splitlines() == refusal(file)


def test_the_parts_that_are_included_are_those_that_are_there():
    included = {name for file in FILES for name in re.findall(r"parts/\w+\.\w+", text(file))}
    there = {path.relative_to(FOLDER).as_posix() for path in (FOLDER / "parts").iterdir()}
    assert there <= included
