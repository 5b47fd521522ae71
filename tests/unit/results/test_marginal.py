"""Is it told what trials reached in each part of a parameter's range?"""

from __future__ import annotations

import pytest

from raysearch.results.marginal import best_part, is_active, parts
from raysearch.space import Bool, Choice, Float, Int, Space
from raysearch.trial import Measurement, Objective, Trial

ACCURACY = Objective(metric="val/accuracy", direction="maximize")


def trial(number, value, **configuration):
    measured = Measurement(epoch=1, step=1, values={"val/accuracy": value}, seconds=1.0)
    return Trial(
        id=f"{number:04d}", number=number, configuration=configuration, measurements=(measured,)
    )


def told(space, values):
    (parameter,) = space.parameters
    trials = [trial(n, reached, x=x) for n, (x, reached) in enumerate(values)]
    found = parts(parameter, trials, objective=ACCURACY)
    return [(p.low, p.high, p.n_trials, p.median) for p in found]


def test_a_range_is_cut_on_its_own_scale():
    space = Space({"x": Float(1e-5, 1.0, log=True)})
    values = [(2e-5, 0.1), (5e-5, 0.3), (0.5, 0.8)]
    assert told(space, values) == [(2e-5, 5e-5, 2, 0.2), (0.5, 0.5, 1, 0.8)]


def test_few_values_are_parts_of_their_own():
    assert told(Space({"x": Int(1, 3)}), [(1, 0.1), (3, 0.5), (3, 0.7)]) == [
        (1, 1, 1, 0.1),
        (3, 3, 2, 0.6),
    ]
    assert told(Space({"x": Bool()}), [(True, 0.5), (False, 0.1)]) == [
        (False, False, 1, 0.1),
        (True, True, 1, 0.5),
    ]


def test_quartiles_are_between_the_values():
    (parameter,) = Space({"x": Choice(["a", "b"])}).parameters
    trials = [trial(n, value, x="a") for n, value in enumerate((0.0, 0.1, 0.2, 0.3, 0.4))]
    (found,) = parts(parameter, trials, objective=ACCURACY)
    assert (found.lower, found.median, found.upper) == pytest.approx((0.1, 0.2, 0.3))


def test_what_is_inactive_outside_or_without_a_value_does_not_count():
    space = Space({"x": Choice(["a", "b"]), "y": Int(1, 3, when={"x": "a"})})
    (_, y) = space.parameters
    without = Trial(id="0009", number=9, configuration={"x": "a", "y": 1})
    trials = [
        trial(0, 0.5, x="a", y=1),
        trial(1, 0.6, x="b"),
        trial(2, 0.7, x="b", y=1),
        trial(3, 0.8, x="a", y=4),
        without,
    ]
    assert [is_active(y, t) for t in trials] == [True, False, False, False, True]
    (found,) = parts(y, trials, objective=ACCURACY)
    assert (found.n_trials, found.median) == (1, 0.5)


def test_the_best_part_has_enough_trials():
    (parameter,) = Space({"x": Choice(["a", "b", "c"])}).parameters
    values = [("a", 0.9), ("b", 0.5), ("b", 0.6), ("c", 0.4), ("c", 0.3)]
    trials = [trial(n, reached, x=x) for n, (x, reached) in enumerate(values)]
    found = parts(parameter, trials, objective=ACCURACY)
    assert best_part(found, objective=ACCURACY, at_least=2).low == "b"
    assert best_part(found, objective=ACCURACY, at_least=3) is None
