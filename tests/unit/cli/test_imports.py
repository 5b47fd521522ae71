"""What the quick commands load: neither torch, nor Lightning, nor Ray."""

from __future__ import annotations

import subprocess
import sys

import pytest

from raysearch.forking import template
from tests.forked import LIGHT, loaded_by

HEAVY = ("torch", "ray", "pytorch_lightning", "sklearn", "hyperopt", "pandas", "tensorboard")


@pytest.fixture(scope="module")
def address():
    with template(modules=LIGHT) as found:
        yield found


@pytest.mark.skipif(sys.platform != "linux", reason="forks are safe on Linux alone")
@pytest.mark.parametrize(
    "line",
    [
        "--help",
        "run --help",
        "check wrong.yaml",
        "check small.yaml --quick",
        "run wrong.yaml",
        "list families",
        "list data",
        "list schedulers",
        "list metrics",
        "list searchers",
        "list runs",
        "results small-1",
        "results small-1 --json",
        "report small-1 --quick",
        "results small-1 --csv",
        "stop small-1",
        "trial small-1 1",
        "results nothing",
        "schema",
    ],
)
def test_a_quick_command_loads_nothing_heavy(folder, search, experiment, line, address):
    (folder / "wrong.yaml").write_text("data: digts\n")
    code = f"from raysearch.cli.main import main\nmain({line.split()!r})"
    assert loaded_by(address, code, names=HEAVY) == set()


@pytest.mark.skipif(sys.platform != "linux", reason="forks are safe on Linux alone")
def test_the_check_above_can_fail(address):
    assert loaded_by(address, "import pandas", names=HEAVY) == {"pandas"}


@pytest.mark.timeout(120)  # a fresh process, on a machine that may be busy
def test_help_needs_no_settings_and_no_tables():
    code = (
        "import sys; from raysearch.cli.main import main; main(['--help']); "
        "print([n for n in ('pydantic', 'rich', 'numpy', 'yaml') if n in sys.modules])"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout.splitlines()[-1] == "[]"
