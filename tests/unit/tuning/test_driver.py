"""Which signals end a session, and which are left alone? Without Ray being started."""

from __future__ import annotations

import signal
import threading

import pytest

from raysearch.experiment import Resources
from raysearch.notices import NOTICES
from raysearch.tuning import driver
from raysearch.tuning.driver import _stop_on_signals, bundles
from raysearch.tuning.session import SessionEnd

pytestmark = pytest.mark.timeout(120)  # the import of ray.tune


class Course:
    """As much of a session as signals know of."""

    end = SessionEnd.DONE
    on_first_step = None


@pytest.fixture
def hangup():
    """Set what SIGHUP does, and put it back."""
    before = signal.getsignal(signal.SIGHUP)
    yield lambda handler: signal.signal(signal.SIGHUP, handler)
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGINT, *NOTICES])
def test_the_first_signal_asks_for_the_end_and_the_second_ends_at_once(number, hangup, monkeypatch):
    hangup(signal.SIG_DFL)
    monkeypatch.setattr(driver, "TOGETHER_S", -1.0)
    before, course = signal.getsignal(number), Course()
    with pytest.raises(KeyboardInterrupt), _stop_on_signals(course):
        signal.raise_signal(number)
        assert course.end is SessionEnd.INTERRUPTED
        signal.raise_signal(number)
    assert signal.getsignal(number) is before


def test_a_notice_that_is_sent_to_the_process_and_to_its_group_is_one(hangup):
    hangup(signal.SIG_DFL)
    course = Course()
    with _stop_on_signals(course):
        for number in NOTICES:
            signal.raise_signal(number)
    assert course.end is SessionEnd.INTERRUPTED


def test_a_handler_that_ray_tune_sets_as_it_starts_is_replaced(hangup):
    hangup(signal.SIG_DFL)
    course = Course()
    with _stop_on_signals(course):
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        course.on_first_step()
        signal.raise_signal(signal.SIGUSR1)
        assert course.end is SessionEnd.INTERRUPTED


def test_under_nohup_the_end_of_the_terminal_does_not_end_the_search(hangup):
    hangup(signal.SIG_IGN)
    course = Course()
    with _stop_on_signals(course):
        signal.raise_signal(signal.SIGHUP)
        assert course.end is SessionEnd.DONE
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_off_the_main_thread_signals_are_left_alone():
    before, seen = signal.getsignal(signal.SIGINT), []

    def run():
        with _stop_on_signals(Course()):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join()
    assert seen == [before]


def test_ray_is_asked_for_a_bundle_for_each_worker_of_a_trial():
    found = bundles(Resources(cpus=2, gpus=1, workers=2, accelerator_type="A100"))
    assert found == [{"CPU": 2, "GPU": 1, "accelerator_type:A100": 0.001}] * 2
    assert bundles(Resources(gpus=0.25)) == [{"CPU": 1, "GPU": 0.25}]
