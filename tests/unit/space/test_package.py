"""The package: public names, and what an import of it loads."""

from __future__ import annotations

import subprocess
import sys

import raysearch.space


def test_public_names():
    assert raysearch.space.__all__ == sorted(raysearch.space.__all__)
    assert set(raysearch.space.__all__) == {
        "Bool", "Choice", "Domain", "Fixed", "Float", "Graph", "Int", "Parameter", "Prior", "Space",
        "domain_from_settings", "domain_to_settings",
    }  # fmt: skip
    assert all(hasattr(raysearch.space, name) for name in raysearch.space.__all__)


def test_the_import_loads_nothing_heavy():
    heavy = ["torch", "lightning", "pytorch_lightning", "ray", "sklearn", "pandas", "numpy"]
    code = f"import sys, raysearch.space; print([n for n in {heavy} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
