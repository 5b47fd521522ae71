from __future__ import annotations

import pytest


@pytest.fixture(scope="package", autouse=True)
def cache_of_its_own(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def file(tmp_path):
    """Return what writes lines to a file of a name, and returns its path."""

    def write(name, *lines):
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n")
        return str(path)

    return write
