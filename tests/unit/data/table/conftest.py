from __future__ import annotations

import pytest

from tests.dirty_table import write_dirty_table


@pytest.fixture(scope="package", autouse=True)
def cache_of_its_own(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="package")
def customers(tmp_path_factory):
    """Return the path of a dirty table, whose target is `churn`."""
    return write_dirty_table(tmp_path_factory.mktemp("files") / "customers.csv")


@pytest.fixture
def csv_file(tmp_path):
    """Return what writes lines, or bytes, to a file, and returns its path."""

    def write(*lines, encoding="utf-8", content=None):
        path = tmp_path / "table.csv"
        path.write_bytes("\n".join(lines).encode(encoding) if content is None else content)
        return str(path)

    return write
