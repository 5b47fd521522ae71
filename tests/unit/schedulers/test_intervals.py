"""Which stretches of training does a model of the objective's change get to see?"""

from __future__ import annotations

import math
from dataclasses import replace

from raysearch.schedulers.intervals import Intervals
from raysearch.trial import Checkpoint, Measurement, Objective, Takeover, Trial

LOSS = Objective(metric="loss", direction="minimize")
GAIN = Objective(metric="loss", direction="maximize")


def trial_of(number, **configuration):
    return Trial(id=f"{number:04d}", number=number, configuration=configuration)


class Told:
    """Intervals that end at epochs 3, 6 and 8, and the trials that report."""

    def __init__(self, objective=LOSS):
        self.intervals = Intervals(objective=objective, ends=(3, 6, 8))

    def report(self, trial, *values, every=1):
        for value in values:
            measured = Measurement(
                epoch=trial.epochs + every, step=1, values={"loss": value}, seconds=1.0
            )
            trial = replace(trial, measurements=(*trial.measurements, measured))
            self.intervals.measured(trial, measured)
        return trial

    def take_over(self, trial, source, *, epoch, **configuration):
        checkpoint = Checkpoint(epoch=epoch, path="x", size_bytes=1)
        taken = Takeover(source=source, checkpoint=checkpoint, before=trial.configuration)
        trial = replace(trial, takeovers=(*trial.takeovers, taken), configuration=configuration)
        self.intervals.taken_over(trial)
        return trial

    @property
    def known(self):
        return [
            (i.beginning.configuration, i.beginning.epoch, i.beginning.loss, round(i.change, 9))
            for i in self.intervals.known
        ]


def test_the_change_is_for_each_epoch_since_the_last_comparison():
    told = Told()
    trial = told.report(trial_of(1, rate=0.1), 1.0, 0.7, 0.5)
    assert told.known == [({"rate": 0.1}, 1, 1.0, -0.25)]  # nothing is known before epoch 1
    told.report(trial, 0.4, 0.3, 0.2, 0.1, 0.1)
    assert told.known[1:] == [({"rate": 0.1}, 3, 0.5, -0.1), ({"rate": 0.1}, 6, 0.2, -0.05)]


def test_smaller_is_better_whatever_the_direction():
    told = Told(GAIN)
    told.report(trial_of(1), 0.1, 0.2, 0.5)
    assert told.known == [({}, 1, -0.1, -0.2)]


def test_who_takes_over_weights_begins_with_the_loss_of_their_owner():
    told = Told()
    told.report(trial_of(1, rate=0.1), 1.0, 0.7, 0.5)
    bad = told.report(trial_of(2, rate=0.9), 1.0, 1.0, 1.0)
    heir = told.take_over(bad, "0001", epoch=3, rate=0.2)
    assert [b.configuration for b in told.intervals.under_way()] == [{"rate": 0.2}]
    told.report(heir, 0.5, 0.3, 0.2)
    assert told.known[2:] == [({"rate": 0.2}, 3, 0.5, -0.1)]


def test_weights_of_no_known_loss_say_nothing_until_they_are_measured():
    told = Told()
    heir = told.take_over(told.report(trial_of(2), 1.0), "0009", epoch=3, rate=0.2)
    assert told.intervals.under_way() == []
    told.report(heir, 0.5, 0.3, 0.2)
    assert told.known == [({"rate": 0.2}, 4, 0.5, -0.15)]


def test_a_loss_that_is_not_finite_is_an_infinite_change():
    told = Told()
    trial = told.report(trial_of(1), 1.0, None)
    assert told.known == [({}, 1, 1.0, math.inf)]
    assert told.intervals.under_way() == []
    told.report(trial, 1.0, 0.4)  # it recovered, and epoch 3 is its new beginning
    assert len(told.known) == 1
    assert [b.epoch for b in told.intervals.under_way()] == [3]


def test_epochs_that_were_not_measured_are_bridged():
    told = Told()
    told.report(trial_of(1), 1.0, 0.2, every=2)  # epochs 2 and 4, beyond the comparison at 3
    assert told.known == [({}, 2, 1.0, -0.4)]


def test_what_has_paused_or_ended_is_not_under_way():
    told = Told()
    first = told.report(trial_of(1), 1.0, 0.7)
    told.report(trial_of(2), 1.0, 0.7, 0.5)  # it pauses to be compared
    assert [b.loss for b in told.intervals.under_way()] == [1.0]
    told.intervals.ended(first)
    assert told.intervals.under_way() == []
