"""Does the median rule stop whom the paper stops?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from raysearch.errors import ConfigurationError
from raysearch.schedulers.median import Median
from raysearch.trial import Decision, DecisionKind, Measurement, Objective, Trial, TrialStatus

ACCURACY = Objective(metric="val/accuracy", direction="maximize")


def trial_of(number: int, values: list[float | None]) -> Trial:
    measurements = tuple(
        Measurement(epoch=epoch, step=epoch, values={"val/accuracy": value}, seconds=1.0)
        for epoch, value in enumerate(values, start=1)
    )
    return Trial(id=f"{number:04d}", number=number, configuration={}, measurements=measurements)


def decide(median: Median, number: int, values: list[float | None]) -> Decision:
    trial = trial_of(number, values)
    assert trial.last is not None
    return median.on_measurement(trial, trial.last)


def end(
    median: Median, *curves: list[float | None], status: TrialStatus = TrialStatus.COMPLETED
) -> None:
    for number, values in enumerate(curves):
        median.on_end(replace(trial_of(number, values), status=status))


def test_example_by_hand() -> None:
    """Running averages at epoch 2 are 0.3, 0.5 and 0.6; the best value so far is compared."""
    median = Median(objective=ACCURACY, max_epochs=9, min_trials=3)
    end(median, [0.2, 0.4], [0.4, 0.6], [0.5, 0.7])
    assert decide(median, 3, [0.4]).kind is DecisionKind.CONTINUE  # as good as the median
    stopped = decide(median, 3, [0.4, 0.49])
    assert stopped == Decision(
        kind=DecisionKind.STOP,
        reason="epoch 2: 0.49 is worse than 0.5, the median of 3 trials",
    )
    assert decide(median, 4, [0.55, 0.1]).kind is DecisionKind.CONTINUE


def test_the_median_of_an_even_number_lies_between_two() -> None:
    median = Median(objective=ACCURACY, max_epochs=9, min_trials=2)
    end(median, [0.25], [0.5])
    assert decide(median, 2, [0.375]).kind is DecisionKind.CONTINUE
    assert decide(median, 2, [0.37]).kind is DecisionKind.STOP


def test_nobody_is_stopped_before_enough_trials_went_as_far() -> None:
    median = Median(objective=ACCURACY, max_epochs=9, min_trials=3)
    end(median, [0.9, 0.9], [0.9, 0.9], [0.9])
    assert decide(median, 3, [0.1]).kind is DecisionKind.STOP
    assert decide(median, 4, [0.9, 0.1]).kind is DecisionKind.CONTINUE  # two went so far


def test_failed_trials_do_not_count_and_stopped_ones_do() -> None:
    median = Median(objective=ACCURACY, max_epochs=9, min_trials=2)
    end(median, [0.9], [0.9], [0.9], status=TrialStatus.FAILED)
    assert decide(median, 3, [0.1]).kind is DecisionKind.CONTINUE
    end(median, [0.9], [0.9], status=TrialStatus.STOPPED)
    assert decide(median, 3, [0.1]).kind is DecisionKind.STOP


def test_what_is_not_finite_is_the_worst() -> None:
    median = Median(objective=ACCURACY, max_epochs=9, min_trials=1)
    end(median, [0.1, 0.1])
    stopped = decide(median, 1, [0.9, None])
    assert stopped.reason == (
        "epoch 2: val/accuracy is not finite, worse than 0.1, the median of 1 trial"
    )
    end(median, [None, 0.9], [None, 0.9])  # their averages are not finite either
    assert decide(median, 2, [0.01]).kind is DecisionKind.CONTINUE


def test_not_before_min_epochs_and_not_at_the_last() -> None:
    median = Median(objective=ACCURACY, max_epochs=3, min_epochs=2, min_trials=1)
    end(median, [0.9, 0.9, 0.9])
    kinds = [decide(median, 1, [0.1] * n).kind for n in (1, 2, 3)]
    assert kinds == [DecisionKind.CONTINUE, DecisionKind.STOP, DecisionKind.CONTINUE]


def test_settings_out_of_range_are_named_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Median(objective=ACCURACY, max_epochs=9, min_epochs=10, min_trials=0)
    assert [fault.split(" is ")[0] for fault in caught.value.faults] == [
        "scheduler.min_epochs",
        "scheduler.min_trials",
    ]
