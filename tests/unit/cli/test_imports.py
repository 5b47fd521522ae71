"""What the quick commands load: neither torch, nor Lightning, nor Ray."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "ray", "pytorch_lightning", "sklearn", "hyperopt", "pandas", "tensorboard")

SCRIPT = """
import sys
from raysearch.cli.main import main
main(sys.argv[1:])
print("loaded:", *[name for name in {heavy!r} if name in sys.modules], file=sys.stderr)
"""


@pytest.mark.timeout(120)  # a fresh process, on a machine that may be busy
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
def test_a_quick_command_loads_nothing_heavy(folder, search, experiment, line):
    (folder / "wrong.yaml").write_text("data: digts\n")
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(heavy=HEAVY), *line.split()],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stderr.splitlines()[-1].split() == ["loaded:"]


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
