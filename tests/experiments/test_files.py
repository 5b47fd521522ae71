"""Every experiment file is valid, says how it is run, and is listed; every benchmark starts."""

from __future__ import annotations

import shlex
import sys

import pytest

from raysearch.cli.main import COMMANDS, DONE, WRONG_USE, main
from raysearch.cli.parsing import parse
from raysearch.forking import template
from tests.experiments.documents import ROOT, code, links, table
from tests.forked import run_script

EXPERIMENTS = ROOT / "experiments"
BENCHMARKS = EXPERIMENTS / "benchmarks"
INDEX = (EXPERIMENTS / "README.md").read_text()

FILES = sorted(path.relative_to(ROOT).as_posix() for path in EXPERIMENTS.rglob("*.yaml"))
OWN = [file for file in FILES if not file.startswith("experiments/benchmarks/")]
OF_BENCHMARKS = [file for file in FILES if file not in OWN]
SCRIPTS = sorted(path.relative_to(ROOT).as_posix() for path in BENCHMARKS.glob("*.py"))


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch):
    """All command lines in files are typed there."""
    monkeypatch.chdir(ROOT)


def commands(file: str) -> list[list[str]]:
    """Return the command lines in the comments at the head of a file, as words."""
    head = [line for line in (ROOT / file).read_text().splitlines() if line.startswith("#")]
    lines = [line.lstrip("# ") for line in head] + [span for line in head for span in code(line)]
    return [shlex.split(line) for line in lines if line.startswith("python ")]


def test_there_is_something_to_test():
    assert "experiments/digits.yaml" in OWN
    assert OF_BENCHMARKS
    assert SCRIPTS


@pytest.mark.parametrize("file", FILES)
def test_it_is_valid(file, capsys):
    assert main(["check", file, "--quick"]) == DONE, capsys.readouterr().err
    assert f"{file}: no fault found" in capsys.readouterr().out


def test_check_can_refuse_a_file(tmp_path, capsys):
    path = tmp_path / "wrong.yaml"
    path.write_text((ROOT / OWN[0]).read_text() + "\nscheduller: none\n")
    assert main(["check", str(path)]) == WRONG_USE
    assert "scheduller" in capsys.readouterr().err


@pytest.mark.parametrize("file", OWN)
def test_it_opens_with_its_own_command_line(file):
    first = (ROOT / file).read_text().splitlines()[0]
    assert first.startswith(f"# python -m raysearch run {file}")
    assert parse(COMMANDS["run"], shlex.split(first)[5:]).experiment == file


@pytest.mark.parametrize("file", OWN)
def test_every_command_line_in_its_head_holds(file, capsys):
    found = commands(file)
    assert found
    for words in found:
        assert words[:3] == ["python", "-m", "raysearch"]
        arguments = parse(COMMANDS[words[3]], words[4:])
        assert arguments.experiment == file
        status = main(["check", "--quick", arguments.experiment, *arguments.overrides])
        assert status == DONE, capsys.readouterr().err


@pytest.mark.parametrize("file", OF_BENCHMARKS)
def test_a_file_of_a_benchmark_opens_with_the_script_that_runs_it(file):
    words = shlex.split((ROOT / file).read_text().splitlines()[0])
    assert words[:2] == ["#", "python"]
    assert words[2] in SCRIPTS
    assert file.rpartition("/")[2] in (ROOT / words[2]).read_text()


def test_the_index_lists_the_files_and_the_benchmarks():
    files = [link for row in table(INDEX, "File") for link in links(row[0])]
    scripts = [link for row in table(INDEX, "Script") for link in links(row[0])]
    assert sorted(f"experiments/{link}" for link in files) == OWN
    assert sorted(f"experiments/{link}" for link in scripts) == SCRIPTS


def test_every_row_of_the_index_asks_a_question():
    for row in [*table(INDEX, "File"), *table(INDEX, "Script")]:
        assert "?" in row[1]


@pytest.fixture(scope="module")
def address():
    """A process that has imported what benchmarks import, of which forks are made."""
    with template(modules=["pytorch_lightning", "ray.cluster_utils"]) as found:
        yield found


@pytest.mark.timeout(120)  # the first one waits for torch, Lightning and Ray to be imported
@pytest.mark.skipif(sys.platform != "linux", reason="forks are safe on Linux alone")
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_benchmark_says_what_it_does(script, address):
    status, out, err = run_script(address, script, "--help")
    assert (status, err) == (0, "")
    question = (ROOT / script).read_text().partition('"""')[2].partition("\n")[0]
    assert question in " ".join(out.split())
