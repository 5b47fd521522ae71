"""Each configuration several times: which one comes next, and what the method is told."""

from __future__ import annotations

import numpy as np
import pytest

from raysearch.errors import ConfigurationError
from raysearch.searchers.repeated import Repeated
from raysearch.space import Int, Space
from raysearch.trial import Measurement, TrialStatus
from tests.unit.searchers.histories import LOSS, trial

SPACE = Space({"x": Int(1, 50)})


class Told:
    """The other searcher's part that the tests look at."""

    def __init__(self, repeated):
        self.trials = []
        self.pending = []
        inner = repeated._searcher
        observe, suggest = inner.observe, inner.suggest

        def note(one):
            self.trials.append(one)
            observe(one)

        def look(*, number, pending):
            self.pending = list(pending)
            return suggest(number=number, pending=pending)

        inner.observe, inner.suggest = note, look


def repeated(times=3):
    made = Repeated(SPACE, objective=LOSS, times=times, searcher={"name": "random"})
    return made, Told(made)


def running(number, x):
    return trial(number, {"x": x}, None, status=TrialStatus.RUNNING)


def test_a_configuration_is_suggested_until_it_has_its_executions():
    made, _ = repeated(times=3)
    pending = [running(0, 25)]
    for number in (1, 2):
        found = made.suggest(number=number, pending=pending)
        assert found.configuration == {"x": 25}
        assert found.origin == {"kind": "repeat", "of": "0000"}
        pending.append(running(number, 25))
    assert made.suggest(number=3, pending=pending).configuration != {"x": 25}


def test_the_method_is_told_once_with_the_mean():
    made, told = repeated(times=3)
    for number, loss in ((0, 1.0), (1, 2.0)):
        made.observe(trial(number, {"x": 25}, loss))
    assert told.trials == []
    assert made.suggest(number=3, pending=[running(2, 25)]).configuration != {"x": 25}
    assert [one.number for one in told.pending] == [0]
    made.observe(trial(2, {"x": 25}, 6.0))
    (one,) = told.trials
    assert (one.number, one.value(LOSS)) == (0, 3.0)
    made.suggest(number=4, pending=[])
    assert told.pending == []


def test_the_method_trains_no_leader_again_by_itself():
    rng = np.random.default_rng(0)
    made = Repeated(SPACE, objective=LOSS, times=1, searcher={"name": "auto"})
    for number in range(40):
        found = made.suggest(number=number, pending=[])
        lucky = (found.configuration["x"] - 20) ** 2 / 400 + 0.3 * rng.standard_normal()
        assert found.origin["kind"] != "repeat"
        made.observe(trial(number, found.configuration, lucky))


def test_epochs_that_not_all_reached_are_left_out():
    made, told = repeated(times=2)

    def of(number, *losses):
        measured = tuple(
            Measurement(epoch=e, step=e, values={"loss": loss}, seconds=e)
            for e, loss in enumerate(losses, start=1)
        )
        begun = trial(number, {"x": 3}, 0.0)
        return type(begun)(
            id=begun.id,
            number=number,
            configuration=begun.configuration,
            status=TrialStatus.COMPLETED,
            measurements=measured,
        )

    made.observe(of(1, 4.0, 3.0, 2.0))
    made.observe(of(2, 2.0, None))
    measured = told.trials[0].measurements
    assert [(m.epoch, m.values["loss"]) for m in measured] == [(1, 3.0), (2, None)]


def test_what_failed_is_not_repeated():
    made, told = repeated(times=3)
    made.observe(trial(0, {"x": 25}, None, status=TrialStatus.FAILED))
    assert told.trials[0].status is TrialStatus.FAILED
    assert made.suggest(number=2, pending=[running(1, 25)]).configuration != {"x": 25}
    made.observe(trial(1, {"x": 25}, 1.0))
    assert len(told.trials) == 1


def test_trials_of_earlier_runs_pass_through():
    made, told = repeated(times=3)
    made.observe(trial(-1, {"x": 2}, 1.0))
    assert [one.number for one in told.trials] == [-1]


def test_the_best_mean_is_recommended_and_not_the_best_value():
    made, _ = repeated(times=2)
    trials = [
        trial(0, {"x": 1}, 0.1),
        trial(1, {"x": 1}, 0.9),
        trial(2, {"x": 2}, 0.4),
        trial(3, {"x": 2}, 0.2),
        trial(4, {"x": 3}, 0.0),
    ]
    for one in trials:
        made.observe(one)
    found = made.recommend(trials)
    assert (found.number, found.reason) == (3, "best mean 0.3 of 2 executions")
    assert made.recommend(trials[:2]).number == 0
    assert repeated()[0].recommend(trials) is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"times": 0, "searcher": {"name": "random"}}, "searcher.times is 0"),
        ({"searcher": {"name": "randm"}}, "randm is not a searcher. Did you mean random?"),
        ({"searcher": {"name": "hyperopt", "gamma": -1.0}}, "searcher.gamma is -1.0"),
    ],
)
def test_what_cannot_be_repeated(given, message):
    with pytest.raises(ConfigurationError, match=message):
        Repeated(SPACE, objective=LOSS, **given)
