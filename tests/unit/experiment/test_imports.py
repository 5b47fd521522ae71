from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "pytorch_lightning", "lightning", "ray", "hyperopt", "sklearn", "scipy", "pandas")


@pytest.mark.timeout(120)  # a fresh process, on a machine that may be busy
@pytest.mark.parametrize(
    "code",
    [
        "import raysearch.experiment",
        "from raysearch.experiment import json_schema; json_schema()",
        "from raysearch.experiment import from_settings\n"
        "from_settings(dict(data='digits', model=['cnn', 'mlp'], objective='val/accuracy',"
        " fidelity={'max_epochs': 3}))",
    ],
)
def test_neither_import_nor_loading_brings_in_anything_heavy(code):
    script = f"{code}\nimport sys; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert process.stderr == ""
    assert process.stdout.split() == []
