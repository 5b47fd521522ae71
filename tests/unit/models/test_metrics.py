from __future__ import annotations

import pytest

from raysearch.models.metrics import LOGGED, logged_metrics


@pytest.mark.parametrize("task", LOGGED)
def test_training_logs_the_loss_and_the_other_splits_everything(task):
    logged = logged_metrics(task)
    for split, names in (
        ("train", {"loss"}),
        ("val", set(LOGGED[task])),
        ("test", set(LOGGED[task])),
    ):
        assert {name for name in logged if name.startswith(split)} == {
            f"{split}/{n}" for n in names
        }


def test_errors_are_minimized_and_scores_maximized():
    minimized = {
        name
        for task in LOGGED
        for name, direction in LOGGED[task].items()
        if direction == "minimize"
    }
    assert minimized == {"loss", "log_loss", "rmse", "mae", "perplexity", "bits_per_dim"}


def test_the_table_cannot_be_changed():
    with pytest.raises(TypeError):
        LOGGED["classification"]["top5"] = "maximize"
