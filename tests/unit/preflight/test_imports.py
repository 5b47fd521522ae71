"""What importing the parts that a driver needs loads: neither torch, nor Lightning, nor Ray."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.timeout(120)  # a fresh process, on a machine that may be busy
def test_nothing_heavy_is_loaded_before_something_is_tried():
    code = (
        "import sys, raysearch.preflight; "
        "print([n for n in ('torch', 'lightning', 'pytorch_lightning', 'ray') if n in sys.modules])"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout.splitlines()[-1] == "[]"
