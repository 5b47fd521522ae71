from __future__ import annotations

import pytest

LABELS = ["0", "1", "2"]
LINES = [f"({n % 3} (0 {'abcdefg'[n % 7]}) (1 {'xyz'[n % 3]}{n}))" for n in range(30)]
"""Of a text file, all trees different; the second leaf of each occurs nowhere else."""


@pytest.fixture(autouse=True)
def cache_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def written(tmp_path):
    """Return a function that writes lines to a file and returns its path."""

    def write(lines, name="trees.txt"):
        path = tmp_path / name
        path.write_text("".join(f"{line}\n" for line in lines))
        return str(path)

    return write
