"""`stop` is heard while Ray still starts, whatever is under way meanwhile. Without Ray."""

from __future__ import annotations

import signal
import socket
import threading
import time

import pytest

from raysearch.driving.stopping import listening
from raysearch.notices import Stopped
from raysearch.run_dir import RunDir
from raysearch.search import Search

LONG_S = 600.0
"""What a test would wait if it failed; `pytest-timeout` ends it before."""


@pytest.fixture
def handler():
    before = signal.getsignal(signal.SIGINT)
    yield before
    assert signal.getsignal(signal.SIGINT) is before


def test_a_request_ends_what_is_under_way(tmp_path, handler):
    run_dir = RunDir(tmp_path)
    with (
        pytest.raises(Stopped),
        run_dir.writing(),
        listening(run_dir.is_stop_requested, every_s=0.01),
    ):
        RunDir(tmp_path).request_stop()
        time.sleep(LONG_S)
    assert not run_dir.is_stop_requested()
    assert list(tmp_path.iterdir()) == []


def test_a_request_is_heard_where_interrupts_are_ignored_as_in_a_batch_script(handler):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(Stopped), listening(lambda: True, every_s=0.01):
            time.sleep(LONG_S)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        with listening(lambda: False, every_s=0.01):
            signal.raise_signal(signal.SIGINT)  # which is still nobody's
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_lock_that_another_thread_holds_is_not_waited_for(handler):
    with pytest.raises(Stopped), listening(lambda: True, every_s=0.01):
        threading.Event().wait()


def test_what_is_not_asked_for_is_not_heard(handler):
    looked = threading.Event()

    def look():
        looked.set()
        return False

    with listening(look, every_s=0.01) as ear:
        assert looked.wait(60)
        ear.close()
        ear.close()  # safe to repeat


def test_after_its_end_nothing_is_interrupted(handler):
    asked = threading.Event()
    with listening(asked.is_set, every_s=0.01) as ear:
        ear.close()
        assert signal.getsignal(signal.SIGINT) is handler
        asked.set()
        threading.Event().wait(0.05)  # long enough for five looks


def test_an_interrupt_is_one_still(handler):
    with pytest.raises(KeyboardInterrupt) as caught, listening(lambda: False):
        signal.raise_signal(signal.SIGINT)
    assert type(caught.value) is KeyboardInterrupt


def test_off_the_main_thread_it_is_heard_at_the_end():
    raised, heard = [], threading.Event()

    def look():
        heard.set()
        return True

    def begin():
        try:
            with listening(look, every_s=0.01) as ear:
                heard.wait()
                ear.close()
        except Stopped as error:
            raised.append(type(error))

    thread = threading.Thread(target=begin)
    thread.start()
    thread.join()
    assert raised == [Stopped]


@pytest.mark.timeout(240)  # the import of ray.tune
def test_a_search_whose_cluster_does_not_answer_yet_hears_it(tmp_path, handler, monkeypatch):
    monkeypatch.setattr("raysearch.tuning.addresses.ANSWER_WITHIN_S", LONG_S)
    run_dir = tmp_path / "run"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        search = Search(
            model="mlp",
            data="digits",
            objective="val/accuracy",
            fidelity={"max_epochs": 2},
            run_dir=run_dir,
            address=f"127.0.0.1:{silent.getsockname()[1]}",
        )

        def stop():
            connection, _ = silent.accept()  # the search waits for an answer
            with connection:
                RunDir(run_dir).request_stop()
                over.wait()

        over = threading.Event()
        thread = threading.Thread(target=stop)
        thread.start()
        with pytest.raises(Stopped):
            search.run(listeners=[])
        over.set()
        thread.join()
    assert not run_dir.exists()
