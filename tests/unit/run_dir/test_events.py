"""An event that cannot be is not made, whoever makes it."""

from __future__ import annotations

from typing import get_args

import pytest

from raysearch.run_dir import events as ev


def test_every_kind_of_event_has_a_name_in_the_journal():
    assert set(ev.TYPES.values()) == set(get_args(ev.Event))


def test_a_status_that_is_no_end_is_refused():
    with pytest.raises(ValueError, match="running"):
        ev.TrialEnded(at=1.0, trial="0001", status="running")
    with pytest.raises(ValueError, match="not running"):
        ev.SearchEnded(at=1.0, status="running")


@pytest.mark.parametrize("objective", [{"metric": "val/loss", "direction": "down"}, "val/loss"])
def test_an_objective_that_is_none_is_refused(objective):
    settings = {"objective": objective}
    with pytest.raises((ValueError, TypeError), match=r"no direction|mapping"):
        ev.SearchResumed(at=1.0, settings=settings)
    with pytest.raises((ValueError, TypeError), match=r"no direction|mapping"):
        ev.SearchStarted(at=1.0, settings=settings, space={}, versions={})
