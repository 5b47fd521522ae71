from __future__ import annotations

import pytest

from tests.pictures import write_folders, write_table


@pytest.fixture(scope="package", autouse=True)
def cache_of_its_own(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="package")
def folders(tmp_path_factory):
    """Return the path of a folder with two classes of 20 grey images of 8 x 8 pixels."""
    return str(write_folders(tmp_path_factory.mktemp("pictures")))


@pytest.fixture(scope="package")
def table(tmp_path_factory):
    """Return the path of a table of 40 such images, with classes, numbers, days and persons."""
    return str(write_table(tmp_path_factory.mktemp("table")))
