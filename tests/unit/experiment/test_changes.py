"""What a resumed search may change: what leaves its evidence valid, and gives it more to do."""

from __future__ import annotations

import pytest

from raysearch.errors import ConfigurationError
from raysearch.experiment.changes import changed_keys, check_budget, check_changes
from raysearch.experiment.values import Budget

USED = {"trials": 64, "minutes": 10.25, "epochs": 301, "gpu_hours": 0.5}


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        (Budget(trials=63), r"budget\.trials is 63, and the search has used 64 already"),
        (Budget(minutes=10.0), r"budget\.minutes is 10, .*used 10\.25 already.*more than 10\.25"),
        (Budget(epochs=300), r"budget\.epochs is 300, .* used 301 already"),
        (Budget(gpu_hours=0.1), r"budget\.gpu_hours is 0\.1, .* used 0\.5 already"),
    ],
)
def test_a_budget_that_is_used_up_is_no_change(budget: Budget, message: str) -> None:
    changed = [f"budget.{key}" for key in USED]
    with pytest.raises(ConfigurationError, match=message):
        check_budget(budget, changed=changed, used=USED)
    check_budget(budget, changed=[], used=USED)  # as it was when the search went beyond it


def test_all_budgets_that_are_used_up_are_named_at_once() -> None:
    budget = Budget(trials=10, epochs=10)
    with pytest.raises(ConfigurationError, match=r"(?s)budget\.trials.*budget\.epochs"):
        check_budget(budget, changed=["budget.trials", "budget.epochs"], used=USED)


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
    check_budget(budget, changed=changed, used=USED)


def test_changed_keys_are_dotted_one_level_deep() -> None:
    before = {"seed": 0, "budget": {"trials": 8, "minutes": None}, "old": 1}
    after = {"seed": 0, "budget": {"trials": 9, "minutes": None}, "new": 1}
    assert changed_keys(before, after) == ("budget.trials", "new", "old")


def test_what_the_evidence_rests_on_is_not_changed() -> None:
    check_changes(["budget.patience", "parallel", "resources.gpus"])
    with pytest.raises(ConfigurationError, match=r"seed, searcher\.name cannot be changed"):
        check_changes(["budget.patience", "seed", "searcher.name"])
