"""The incumbent is the best value so far, with what was spent when it was found."""

from __future__ import annotations

from raysearch.run_dir import events as ev
from raysearch.simulation import Incumbent, incumbents
from raysearch.simulation.incumbents import latest
from tests.lab import ACCURACY

STARTED = ev.SearchStarted(at=100.0, settings={}, space={}, versions={})


def measured(at, trial, epoch, value):
    return ev.Measured(
        at=at,
        trial=trial,
        attempt=1,
        epoch=epoch,
        step=epoch,
        values={"val/accuracy": value},
        seconds=1.0,
    )


def found(*events):
    return incumbents([STARTED, *events], objective=ACCURACY)


def test_only_what_is_strictly_better_counts():
    events = [
        measured(101.0, "a", 1, 0.5),
        measured(102.0, "b", 1, 0.5),
        measured(103.0, "a", 2, 0.4),
        measured(104.0, "b", 2, 0.7),
    ]
    assert found(*events) == (
        Incumbent(seconds=1.0, epochs=1, trial="a", value=0.5),
        Incumbent(seconds=4.0, epochs=4, trial="b", value=0.7),
    )


def test_what_is_not_finite_never_leads():
    assert found(measured(101.0, "a", 1, None)) == ()
    [only] = found(measured(101.0, "a", 1, None), measured(102.0, "a", 2, 0.1))
    assert (only.epochs, only.value) == (2, 0.1)


def test_epochs_between_reports_are_counted():
    [first, second] = found(measured(101.0, "a", 3, 0.1), measured(102.0, "a", 5, 0.2))
    assert (first.epochs, second.epochs) == (3, 5)


def test_the_incumbent_of_a_budget():
    both = found(measured(101.0, "a", 1, 0.5), measured(104.0, "b", 1, 0.7))
    at = [latest(both, spent=lambda i: i.epochs, budget=budget) for budget in (0, 1, 2, 99)]
    assert at == [None, both[0], both[1], both[1]]
