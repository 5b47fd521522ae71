"""Curves of a real search serve another one."""

from __future__ import annotations

import math

import pytest

from raysearch.errors import ConfigurationError
from raysearch.simulation import RecordedCurves
from raysearch.simulation.recorded import seconds_of_epoch
from raysearch.space import Choice, Float, Int, Space
from raysearch.trial import Measurement, Trial, TrialStatus

SPACE = Space(
    {
        "n": Int(1, 9),
        "optimizer": Choice(["sgd", "adam"]),
        "momentum": Float(0.0, 1.0, when={"optimizer": ["sgd"]}),
    }
)


def trial(number, configuration, values, *, seconds=2.0, status=TrialStatus.COMPLETED):
    measured = tuple(
        Measurement(epoch=n, step=n, values={"loss": value}, seconds=n * seconds)
        for n, value in enumerate(values, 1)
    )
    return Trial(
        id=f"{number:04d}",
        number=number,
        configuration=configuration,
        status=status,
        measurements=measured,
    )


ADAM = trial(0, {"n": 2, "optimizer": "adam"}, [0.9, 0.5])
SGD = trial(1, {"n": 8, "optimizer": "sgd", "momentum": 0.5}, [0.7, None, 0.6], seconds=5.0)
BROKEN = trial(2, {"n": 9, "optimizer": "adam"}, [0.8], status=TrialStatus.FAILED)


def curves(*trials):
    return RecordedCurves(trials, space=SPACE, metrics=["loss"])


def test_what_was_tried_fares_as_it_did_and_then_stays_where_it_was():
    curve = curves(ADAM, SGD).curve(ADAM.configuration, n_epochs=4)
    assert curve.values == {"loss": [0.9, 0.5, 0.5, 0.5]}
    assert curve.seconds == 2.0
    values = curves(ADAM, SGD).curve(SGD.configuration, n_epochs=4).values["loss"]
    assert (values[0], values[2:]) == (0.7, [0.6, 0.6])
    assert math.isnan(values[1])


def test_what_was_not_tried_fares_as_what_is_most_like_it():
    known = curves(ADAM, SGD)
    assert known.curve({"n": 7, "optimizer": "adam"}, n_epochs=1).seconds == 2.0
    near = {"n": 3, "optimizer": "sgd", "momentum": 0.4}
    assert known.curve(near, n_epochs=1).seconds == 5.0  # what is active counts most


def test_a_trial_that_failed_fails_again():
    curve = curves(ADAM, BROKEN).curve(BROKEN.configuration, n_epochs=5)
    assert (curve.n_epochs, curve.raises_in) == (1, 2)


def test_the_first_epoch_does_not_count_where_there_are_others():
    times = [9.0, 10.0, 11.5, 12.5]
    measured = [
        Measurement(epoch=n, step=n, values={}, seconds=at) for n, at in enumerate(times, 1)
    ]
    assert seconds_of_epoch(measured) == 1.0
    assert seconds_of_epoch(measured[:1]) == 9.0
    assert seconds_of_epoch([]) is None


def test_a_run_that_knows_nothing_is_refused():
    with pytest.raises(ConfigurationError, match="no trial of this search space"):
        curves(trial(0, {"n": 2, "optimizer": "adam"}, []))
    with pytest.raises(ConfigurationError, match="no trial of this search space"):
        curves(trial(0, {"other": 2}, [0.5]))
