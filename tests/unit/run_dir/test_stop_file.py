"""A request to stop is heard, and forgotten once it is withdrawn."""

from __future__ import annotations

import time

import pytest

from raysearch.run_dir import RunDir
from raysearch.run_dir.stop_file import StopFile


@pytest.mark.parametrize("is_slow", [False, True])
def test_a_request_that_was_withdrawn_is_not_remembered(tmp_path, is_slow):
    file = StopFile(RunDir(tmp_path).storage, path=tmp_path, is_slow=is_slow)
    file.write()
    while not file.is_there():  # in a store, once a thread has looked
        time.sleep(0.01)
    file.remove()
    for _ in range(20):
        assert not file.is_there()
        time.sleep(0.01)
