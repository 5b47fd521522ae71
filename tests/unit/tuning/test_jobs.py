"""What is written of a log that is sent again from its beginning; none of this needs a Ray."""

from __future__ import annotations

from raysearch.tuning.jobs import _Told


def test_a_log_that_begins_again_is_not_written_twice():
    written = []
    told = _Told(written.append)
    told.begin()
    told.tell("one\n")
    told.tell("two\n")
    told.begin()
    told.tell("one\ntw")
    told.tell("o\nthree\n")
    told.tell("four\n")
    assert "".join(written) == "one\ntwo\nthree\nfour\n"
    assert written[2] == "three\n"
