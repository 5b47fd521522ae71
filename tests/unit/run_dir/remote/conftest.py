"""A store on loopback, and a cache of this machine for each test."""

from __future__ import annotations

import uuid

import pytest

from raysearch.run_dir.remote import mirrors
from tests.object_store import BUCKET, in_environment, running_store


@pytest.fixture(scope="module")
def store():
    with running_store() as store, in_environment(store.environment):
        yield store


@pytest.fixture
def place(store):
    """The address of a run directory that nothing is in."""
    return f"s3://{BUCKET}/{uuid.uuid4().hex}/digits-1"


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Be on another machine, called by a name, as far as files go."""

    def be_on(name):
        monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path / name))
        monkeypatch.setattr(mirrors, "_mirrors", {})
        return tmp_path / name

    be_on("first")
    return be_on
