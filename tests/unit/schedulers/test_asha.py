"""Does ASHA stop whom the paper stops, and say why?"""

from __future__ import annotations

import timeit
from collections import Counter

import numpy as np
import pytest

from raysearch.errors import ConfigurationError
from raysearch.schedulers.asha import ASHA
from raysearch.schedulers.rungs import bracket_shares
from raysearch.trial import Decision, DecisionKind, Measurement, Objective, Trial

ACCURACY = Objective(metric="val/accuracy", direction="maximize")
LOSS = Objective(metric="val/loss", direction="minimize")
CONTINUE, STOP = DecisionKind.CONTINUE, DecisionKind.STOP


def decide(
    asha: ASHA, number: int, values: dict[int, float | None], *, objective: Objective = ACCURACY
) -> Decision:
    """Report a trial with these values by epoch; return the decision about the last of them."""
    measurements = tuple(
        Measurement(epoch=epoch, step=epoch, values={objective.metric: value}, seconds=1.0)
        for epoch, value in values.items()
    )
    trial = Trial(id=f"{number:04d}", number=number, configuration={}, measurements=measurements)
    return asha.on_measurement(trial, measurements[-1])


def test_example_by_hand() -> None:
    asha = ASHA(objective=ACCURACY, max_epochs=9)  # rungs at 1 and 3
    first_rung = [decide(asha, n, {1: v}) for n, v in enumerate([0.5, 0.4, 0.6, 0.7, 0.1, 0.65])]
    assert [d.kind for d in first_rung] == [CONTINUE, STOP, CONTINUE, CONTINUE, STOP, CONTINUE]
    assert first_rung[4].reason == "rung 1: rank 5 of 5, cutoff 0.7"
    assert first_rung[5].reason == "rung 1: rank 2 of 6, cutoff 0.65"
    between = decide(asha, 0, {1: 0.5, 2: 0.1})
    assert between == Decision(kind=CONTINUE, reason="")
    second_rung = [
        decide(asha, n, {1: 0.5, 2: 0.5, 3: v}) for n, v in ((3, 0.8), (0, 0.81), (2, 0.79))
    ]
    assert [d.kind for d in second_rung] == [CONTINUE, CONTINUE, STOP]
    assert second_rung[2].reason == "rung 2: rank 3 of 3, cutoff 0.81"


def test_best_value_so_far_is_compared() -> None:
    asha = ASHA(objective=LOSS, max_epochs=9, min_epochs=3)
    decide(asha, 0, {1: 0.9, 2: 0.8, 3: 0.30}, objective=LOSS)
    fell_back = decide(asha, 1, {1: 0.9, 2: 0.25, 3: 0.5}, objective=LOSS)
    assert fell_back == Decision(kind=CONTINUE, reason="rung 1: rank 1 of 2, cutoff 0.25")


def test_no_longer_finite_stops_and_does_not_set_the_cutoff() -> None:
    asha = ASHA(objective=ACCURACY, max_epochs=9, min_epochs=3)
    diverged = decide(asha, 0, {1: 0.9, 2: 0.99, 3: None})
    assert diverged == Decision(kind=STOP, reason="rung 1: val/accuracy is not finite")
    assert decide(asha, 1, {3: 0.6}).reason == "rung 1: rank 1 of 2, cutoff 0.6"


def test_not_finite_before_the_rung_only_is_no_reason_to_stop() -> None:
    asha = ASHA(objective=ACCURACY, max_epochs=9, min_epochs=3)
    assert decide(asha, 0, {1: None}).kind is CONTINUE
    assert decide(asha, 0, {1: None, 2: 0.1, 3: 0.2}).kind is CONTINUE


def test_too_few_finite_values_to_fill_the_places() -> None:
    asha = ASHA(objective=ACCURACY, max_epochs=9, reduction_factor=2)
    for number in range(3):
        assert decide(asha, number, {1: None}).kind is STOP
    good = decide(asha, 3, {1: 0.2})
    assert good == Decision(kind=CONTINUE, reason="rung 1: rank 1 of 4, every finite value goes on")


def test_rungs_are_not_missed_by_trials_that_report_seldom() -> None:
    asha = ASHA(objective=ACCURACY, max_epochs=27)  # rungs at 1, 3, 9
    assert decide(asha, 0, {2: 0.5}).reason == "rung 1: rank 1 of 1, cutoff 0.5"
    assert decide(asha, 0, {2: 0.5, 4: 0.6}).reason == "rung 2: rank 1 of 1, cutoff 0.6"
    assert decide(asha, 0, {2: 0.5, 4: 0.6, 6: 0.6}).reason == ""
    late = decide(asha, 1, {10: 0.4})
    assert late == Decision(kind=STOP, reason="rung 1: rank 2 of 2, cutoff 0.5")
    ahead = decide(asha, 2, {10: 0.7})
    assert ahead == Decision(kind=CONTINUE, reason="rung 3: rank 1 of 1, cutoff 0.7")


def test_complete_trial_is_not_stopped() -> None:
    asha = ASHA(objective=ACCURACY, max_epochs=10)
    decide(asha, 0, {10: 0.9})
    assert decide(asha, 1, {10: 0.1}) == Decision(kind=CONTINUE, reason="")


def test_epochs_repeated_after_a_lost_worker_count_once() -> None:
    asha = ASHA(objective=ACCURACY, max_epochs=9)
    decide(asha, 0, {1: 0.5})
    assert decide(asha, 0, {1: 0.5}) == Decision(kind=CONTINUE, reason="")
    assert decide(asha, 1, {1: 0.6}).reason == "rung 1: rank 1 of 2, cutoff 0.6"


def test_later_brackets_start_later_and_keep_to_themselves() -> None:
    asha = ASHA(objective=ACCURACY, max_epochs=9, brackets=3, seed=1)
    by_bracket = {s: [n for n in range(200) if asha.bracket(n) == s] for s in range(3)}
    first, second, third = (by_bracket[s][:2] for s in range(3))
    assert decide(asha, first[0], {1: 0.9}).reason == "bracket 0, rung 1: rank 1 of 1, cutoff 0.9"
    assert decide(asha, second[0], {1: 0.1}).reason == ""
    assert decide(asha, second[0], {3: 0.1}).reason == "bracket 1, rung 1: rank 1 of 1, cutoff 0.1"
    assert decide(asha, second[1], {3: 0.05}).kind is STOP
    assert [decide(asha, n, {8: v}).kind for n, v in zip(third, (0.5, 0.1), strict=True)] == [
        CONTINUE,
        CONTINUE,
    ]


def test_the_bracket_of_a_trial_is_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asha = ASHA(objective=ACCURACY, max_epochs=27, brackets=4)
    drawn: list[int] = []
    bracket = asha.bracket

    def counted(number: int) -> int:
        drawn.append(number)
        return bracket(number)

    monkeypatch.setattr(asha, "bracket", counted)
    for epoch in range(1, 27):
        for number in (3, 4):
            decide(asha, number, {epoch: 0.5})
    assert drawn == [3, 4]


@pytest.mark.parametrize("every", [2, 4, 5])
def test_trials_that_are_measured_every_few_epochs_are_compared_all_the_same(every: int) -> None:
    asha = ASHA(objective=ACCURACY, max_epochs=27)  # rungs at 1, 3 and 9
    epochs = range(every, 27, every)
    good, bad = ({epoch: value + epoch / 1000 for epoch in epochs} for value in (0.9, 0.1))

    def decisions(number: int, values: dict[int, float]) -> dict[int, str]:
        told, found = dict[int, float | None](), dict[int, str]()
        for epoch, value in values.items():
            told[epoch] = value
            decision = decide(asha, number, told)
            if decision.reason:
                found[epoch] = decision.reason.partition(",")[0]
            if decision.kind is STOP:
                break
        return found

    firsts = {
        rung: next(e for e in epochs if e >= level) for rung, level in ((1, 1), (2, 3), (3, 9))
    }
    passed = {epoch: f"rung {rung}: rank 1 of 1" for rung, epoch in firsts.items()}
    assert decisions(0, good) == passed  # of two rungs reached at once, the later one is named
    assert decisions(1, bad) == {every: "rung 1: rank 2 of 2"}


def test_brackets_follow_from_seed_and_number() -> None:
    def brackets(seed: int) -> list[int]:
        asha = ASHA(objective=ACCURACY, max_epochs=27, brackets=4, seed=seed)
        return [asha.bracket(number) for number in range(2000)]

    drawn = brackets(0)
    assert drawn == brackets(0)
    assert drawn != brackets(1)
    # Five standard deviations of a binomial share over 2000 trials; the seed is fixed.
    shares = bracket_shares(brackets=4, n_rungs=3, reduction_factor=3)
    for bracket, count in Counter(drawn).items():
        assert abs(count / 2000 - shares[bracket]) < 5 * np.sqrt(shares[bracket] / 2000)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"min_epochs": 0}, "scheduler.min_epochs is 0. It must be an integer from 1 to 27."),
        ({"min_epochs": 28}, "scheduler.min_epochs is 28. It must be an integer from 1 to 27."),
        ({"min_epochs": 1.0}, "scheduler.min_epochs is 1.0. It must be an integer from 1 to 27."),
        (
            {"reduction_factor": 1},
            "scheduler.reduction_factor is 1. It must be an integer of at least 2.",
        ),
        ({"brackets": True}, "scheduler.brackets is True. It must be an integer of at least 1."),
        ({"brackets": 5}, "scheduler.brackets is 5. It must be an integer from 1 to 4."),
    ],
)
def test_wrong_settings(settings: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ASHA(objective=ACCURACY, max_epochs=27, **settings)
    assert caught.value.faults == (message,)


def test_wrong_settings_are_named_together() -> None:
    with pytest.raises(ConfigurationError) as caught:
        ASHA(objective=ACCURACY, max_epochs=27, min_epochs=0, reduction_factor=0, brackets=0)
    assert len(caught.value.faults) == 3


def test_a_search_trains_far_fewer_epochs_than_without_stopping() -> None:
    # 243 trials whose order never changes, in random order: each rung keeps about a third.
    asha = ASHA(objective=ACCURACY, max_epochs=81)
    levels = np.random.default_rng(0).permutation(243) / 243
    epochs = []
    for number, level in enumerate(levels.tolist()):
        for epoch in (1, 3, 9, 27, 81):
            if decide(asha, number, {epoch: level}).kind is STOP:
                break
        epochs.append(epoch)
    assert epochs[int(levels.argmax())] == 81
    assert 0.02 < sum(epochs) / (243 * 81) < 0.15


def test_decisions_are_as_quick_after_ten_thousand_trials() -> None:
    asha = ASHA(objective=ACCURACY, max_epochs=27)
    values = np.random.default_rng(0).random(11_000).tolist()

    def reports(numbers: range) -> list[tuple[Trial, Measurement]]:
        pairs = []
        for n in numbers:
            measured = Measurement(epoch=1, step=1, values={"val/accuracy": values[n]}, seconds=1.0)
            trial = Trial(id=str(n), number=n, configuration={}, measurements=(measured,))
            pairs.append((trial, measured))
        return pairs

    def seconds(pairs: list[tuple[Trial, Measurement]]) -> float:
        return timeit.timeit(lambda: [asha.on_measurement(*p) for p in pairs], number=1) / len(
            pairs
        )

    early, _, late = (
        seconds(reports(r)) for r in (range(1000), range(1000, 10_000), range(10_000, 11_000))
    )
    # Measured: 8 and 10 microseconds. The bounds leave room for a busy machine.
    assert late < 10 * early
    assert late < 200e-6


# ---- promotion


def promote(asha: ASHA, paused: dict[str, Trial], *, more_to_come: bool = True) -> str | None:
    """Return whom the policy promotes, with its reason."""
    verdict = asha.decide_paused(paused, n_begun=99, more_to_come=more_to_come)
    if verdict is None:
        return None
    assert verdict.decision.kind is CONTINUE
    return f"{verdict.trial} {verdict.decision.reason}"


def standing_at(epoch: int, *numbers: int) -> dict[str, Trial]:
    """Return paused trials by id."""
    ids = [f"{number:04d}" for number in numbers]
    return {id: Trial(id=id, number=int(id), configuration={}) for id in ids}


def test_promotion_by_hand() -> None:
    """Li et al. 2020, algorithm 2: one in three of those at a rung, from the highest rung down."""
    asha = ASHA(objective=ACCURACY, max_epochs=9, form="promotion")  # rungs at 1 and 3
    values = [0.5, 0.4, 0.6, 0.3, 0.55, 0.45]
    decisions = [decide(asha, n, {1: v}) for n, v in enumerate(values)]
    kinds = [d.kind for d in decisions]
    assert kinds == [DecisionKind.PAUSE, DecisionKind.PAUSE, CONTINUE, *[DecisionKind.PAUSE] * 3]
    assert decisions[0].reason == "rung 1: rank 1 of 1, 3 must come before one goes on"
    assert decisions[4].reason == "rung 1: rank 2 of 5, cutoff 0.6"
    paused = standing_at(1, 0, 1, 3, 4, 5)
    promoted = "0004 promoted from rung 1: rank 2 of 6, cutoff 0.55"
    assert promote(asha, paused) == promoted
    assert promote(asha, paused) == promoted  # to ask changes nothing
    del paused["0004"]
    assert promote(asha, paused) is None
    # three at the second rung: its best goes on, before any of the first
    for number, value in ((2, 0.7), (4, 0.8)):
        assert decide(asha, number, {1: 0.5, 3: value}).kind is DecisionKind.PAUSE
    for number in (6, 7, 8):
        decide(asha, number, {1: 0.1})
    paused |= standing_at(1, 2, 4, 6, 7, 8)
    assert promote(asha, paused) == "0000 promoted from rung 1: rank 3 of 9, cutoff 0.5"
    assert decide(asha, 0, {1: 0.5, 3: 0.6}).kind is DecisionKind.PAUSE
    assert promote(asha, paused) == "0004 promoted from rung 2: rank 1 of 3, cutoff 0.8"


def test_when_no_more_come_one_is_promoted_from_each_rung() -> None:
    asha = ASHA(objective=ACCURACY, max_epochs=9, form="promotion")
    for number, value in enumerate([0.5, 0.6]):
        decide(asha, number, {1: value})
    paused = standing_at(1, 0, 1)
    assert promote(asha, paused) is None
    promoted = promote(asha, paused, more_to_come=False)
    assert promoted == "0001 promoted from rung 1: rank 1 of 2, cutoff 0.6"
    decide(asha, 1, {1: 0.6, 3: 0.2})
    again = promote(asha, standing_at(3, 0, 1), more_to_come=False)
    assert again == "0001 promoted from rung 2: rank 1 of 1, cutoff 0.6"
    assert promote(asha, standing_at(1, 0), more_to_come=False) is None


def test_a_promoted_trial_that_ends_is_not_promoted_again() -> None:
    asha = ASHA(objective=ACCURACY, max_epochs=9, form="promotion")
    for number, value in enumerate([0.5, 0.4, 0.3]):
        decide(asha, number, {1: value})
    paused = standing_at(1, 0, 1, 2)
    assert promote(asha, paused) is not None
    asha.on_end(paused["0000"])
    assert promote(asha, paused) is None


def test_it_pauses_at_the_rungs_of_its_bracket() -> None:
    asha = ASHA(objective=ACCURACY, max_epochs=27, form="promotion", brackets=3, seed=1)
    trials = [Trial(id=str(n), number=n, configuration={}) for n in range(30)]
    assert {asha.pauses_at(trial) for trial in trials} == {(1, 3, 9), (3, 9), (9,)}
    stopping = ASHA(objective=ACCURACY, max_epochs=27)
    assert stopping.pauses_at(trials[0]) == ()
