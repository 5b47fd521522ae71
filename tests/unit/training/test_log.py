"""Does what a trial prints reach its log, and nothing else?"""

# ruff: noqa: T201 - what is printed is what is tested

from __future__ import annotations

import sys
import threading

import pytest

from raysearch.training.log import LazyLog, printed_to


def test_what_is_printed_goes_to_the_file(tmp_path, capsys):
    path = tmp_path / "trials" / "0007" / "log.txt"
    with printed_to(path):
        print("hello")
        print("trouble", file=sys.stderr)
    print("afterwards")
    assert path.read_text() == "hello\ntrouble\n"
    assert capsys.readouterr().out == "afterwards\n"


def test_a_silent_trial_leaves_no_file(tmp_path):
    with printed_to(tmp_path / "0007" / "log.txt"):
        sys.stdout.flush()
    assert list(tmp_path.iterdir()) == []


def test_a_second_attempt_appends(tmp_path):
    path = tmp_path / "log.txt"
    for attempt in (1, 2):
        with printed_to(path):
            print("attempt", attempt)
    assert path.read_text() == "attempt 1\nattempt 2\n"


def test_other_threads_of_the_trial_are_heard_too(tmp_path):
    with printed_to(tmp_path / "log.txt"):
        thread = threading.Thread(target=print, args=("from a thread",), daemon=True)
        thread.start()
        thread.join()
    assert (tmp_path / "log.txt").read_text() == "from a thread\n"


def test_lines_can_be_followed_while_the_trial_runs(tmp_path):
    with printed_to(tmp_path / "log.txt"):
        print("so far")
        seen = (tmp_path / "log.txt").read_text()
    assert seen == "so far\n"


def test_what_was_printed_before_an_exception_is_kept(tmp_path, capsys):
    with pytest.raises(KeyError), printed_to(tmp_path / "log.txt"):
        print("before")
        raise KeyError
    print("visible again")
    assert (tmp_path / "log.txt").read_text() == "before\n"
    assert capsys.readouterr().out == "visible again\n"


def test_any_text_can_be_written(tmp_path):
    log = LazyLog(tmp_path / "log.txt")
    assert log.writable()
    assert log.write("\u2713 \ud800 done\n") == 9  # a lone surrogate cannot be encoded
    log.flush()
    log.close()
    assert "done" in (tmp_path / "log.txt").read_text(encoding="utf-8")
