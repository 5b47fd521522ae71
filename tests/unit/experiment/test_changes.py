"""What a resumed search may change: what leaves its evidence valid, and gives it more to do."""

from __future__ import annotations

import pytest

from raysearch.experiment.changes import (
    CHANGEABLE,
    REASONS,
    budget_faults,
    changed_keys,
    is_same,
    setting_faults,
)
from raysearch.experiment.settings import Settings
from raysearch.experiment.values import Budget

USED = {"trials": 64, "minutes": 10.25, "epochs": 301, "gpu_hours": 0.5}


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        (Budget(trials=63), "budget.trials is 63, and the search has used 64 already."),
        (Budget(minutes=10.0), "budget.minutes is 10, and the search has used 10.25 already."),
        (Budget(epochs=300), "budget.epochs is 300, and the search has used 301 already."),
        (Budget(gpu_hours=0.1), "budget.gpu_hours is 0.1, and the search has used 0.5 already."),
    ],
)
def test_a_budget_that_is_used_up_is_no_change(budget: Budget, message: str) -> None:
    changed = [f"budget.{key}" for key in USED]
    [fault] = budget_faults(budget, changed=changed, used=USED)
    assert fault.startswith(message)
    assert "To extend it, give more than" in fault
    assert budget_faults(budget, changed=[], used=USED) == []  # as it was when it was exceeded


def test_all_budgets_that_are_used_up_are_named_at_once() -> None:
    budget = Budget(trials=10, epochs=10)
    faults = budget_faults(budget, changed=["budget.trials", "budget.epochs"], used=USED)
    assert [fault.split()[0] for fault in faults] == ["budget.trials", "budget.epochs"]


@pytest.mark.parametrize(
    "budget",
    [
        Budget(trials=64),
        Budget(trials=128, minutes=20.0, epochs=1000, gpu_hours=2.0),
        Budget(patience=3, target=0.5),
    ],
)
def test_a_larger_budget_goes_on(budget: Budget) -> None:
    changed = [f"budget.{key}" for key in (*USED, "target", "patience")]
    assert budget_faults(budget, changed=changed, used=USED) == []


def test_changed_keys_are_dotted_one_level_deep() -> None:
    before = {"seed": 0, "budget": {"trials": 8, "minutes": None}, "old": 1}
    after = {"seed": 0, "budget": {"trials": 9, "minutes": None}, "new": 1}
    assert changed_keys(before, after) == ("budget.trials", "new", "old")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (1, 1.0, True),
        (1, True, False),
        ([0, 1], [False, True], False),
        ({"choice": [1, "a"]}, {"choice": (1, "a")}, True),
        ({"a": 1}, {"a": 1, "b": None}, False),
        ([1], [1, 2], False),
        (None, [], False),
    ],
)
def test_true_is_another_value_than_one(one: object, other: object, expected: bool) -> None:
    assert is_same(one, other) is is_same(other, one) is expected


def test_each_section_is_either_changeable_or_has_a_reason_why_not() -> None:
    assert set(CHANGEABLE).isdisjoint(REASONS)
    assert {*CHANGEABLE, *REASONS} == set(Settings.model_fields)


def test_what_searches_and_what_it_costs_may_change() -> None:
    changed = [*(f"{section}.key" for section in CHANGEABLE), *CHANGEABLE]
    assert setting_faults(changed, before={}, after={}) == []


@pytest.mark.parametrize("section", REASONS)
def test_what_the_evidence_rests_on_is_refused_with_what_it_was_and_why(section: str) -> None:
    [fault] = setting_faults([section], before={section: "before"}, after={section: "after"})
    assert fault.startswith(f"{section} cannot be changed in a search that has begun: ")
    assert "it was before, and would be after." in fault
    assert REASONS[section] in fault
    assert fault.endswith("Leave it as it was, or start a new search with it.")


def test_the_keys_of_one_section_are_refused_together_and_long_values_cut() -> None:
    before = {
        "fidelity": {"max_epochs": 4, "max_steps": None},
        "points": [{"width": n} for n in range(40)],
    }
    after = {"fidelity": {"max_epochs": None, "max_steps": 100}, "points": []}
    changed = ["budget.trials", "fidelity.max_epochs", "fidelity.max_steps", "points"]
    fidelity, points = setting_faults(changed, before=before, after=after)
    assert fidelity.startswith("fidelity.max_epochs, fidelity.max_steps cannot be changed")
    assert "it was 4, null, and would be null, 100." in fidelity
    assert "it was [{width: 0}, {width: 1}," in points
    assert " ..., and would be []." in points
