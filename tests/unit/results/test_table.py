"""A search as rows and as a data frame: columns, types, and what does not exist."""

from __future__ import annotations

import pandas as pd
import pytest

from raysearch.results import Results
from raysearch.results.table import columns_of, measurement_rows, trial_rows
from tests.recorded import Recorded

FIXED = [
    "id",
    "status",
    "reason",
    "cause",
    "epochs",
    "best_epoch",
    "seconds",
    "attempts",
    "checkpoint",
    "created_at",
    "ended_at",
]


@pytest.fixture
def results(tmp_path):
    search = Recorded(
        tmp_path / "run", space={"width": {"int": [8, 16]}, "learning_rate": 0.01, "depth": 1}
    )
    search.trial(0.5, 0.6)
    search.fail(0.4, error="ValueError: width is 0")
    search.begin()
    return Results.open(search.run_dir.path)


def train(config, report):
    """Is never called here: what it would report is recorded."""


def test_all_rows_have_the_same_columns_and_those_that_are_fixed_come_first(results):
    rows = trial_rows(results)
    assert {tuple(row) for row in rows} == {tuple(columns_of(rows))}
    columns = columns_of(rows)
    assert columns[: len(FIXED)] == FIXED
    assert columns[len(FIXED) : len(FIXED) + 2] == ["train/loss", "val/accuracy"]
    assert all(name.startswith("config.") for name in columns[len(FIXED) + 2 :])


def test_a_row_is_worth_what_its_best_epoch_was(results):
    first, failed, running = trial_rows(results)
    assert (first["val/accuracy"], first["best_epoch"], first["epochs"]) == (0.6, 2, 2)
    assert (failed["status"], failed["cause"]) == ("failed", "exception")
    assert (running["val/accuracy"], running["ended_at"]) == (None, None)
    assert first["created_at"].startswith("1970-01-01T00:16:40")
    assert first["created_at"].endswith("+00:00")


def test_trials_may_be_chosen(results):
    chosen = trial_rows(results, trials=results.ranking()[:1])
    assert [row["id"] for row in chosen] == ["0000"]


def test_types_hold_what_is_missing(results):
    frame = results.to_dataframe()
    types = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert types["id"].startswith("str")
    assert (types["epochs"], types["best_epoch"], types["config.width"]) == ("Int64",) * 3
    assert (types["val/accuracy"], types["config.learning_rate"]) == ("Float64",) * 2
    assert types["ended_at"].startswith("datetime64[")
    assert types["ended_at"].endswith(", UTC]")
    assert frame["best_epoch"].isna().tolist() == [False, False, True]
    assert pd.isna(frame["val/accuracy"][2])
    assert frame["config.depth"].tolist() == [1, 1, 1]
    assert frame["val/accuracy"].max() == 0.6


def test_a_parameter_that_is_not_active_is_missing(tmp_path):
    search = Recorded(tmp_path / "run", space={})  # momentum is a parameter of sgd alone
    for _ in range(8):
        search.trial(0.5)
    frame = Results.open(search.run_dir.path).to_dataframe()
    is_sgd = frame["config.optimizer"] == "sgd"
    assert str(frame["config.momentum"].dtype) == "Float64"
    assert 0 < is_sgd.sum() < len(frame)
    assert (frame["config.momentum"].notna() == is_sgd).all()


def test_measurements_have_a_row_each(results):
    frame = results.to_dataframe(measurements=True)
    assert frame["id"].tolist() == ["0000", "0000", "0001"]
    assert frame["epoch"].tolist() == [1, 2, 1]
    assert frame["val/accuracy"].tolist() == [0.5, 0.6, 0.4]
    assert [str(frame[name].dtype) for name in ("epoch", "step")] == ["Int64", "Int64"]
    merged = frame.merge(results.to_dataframe()[["id", "config.width"]], on="id")
    assert len(merged) == 3
    assert merged["config.width"].notna().all()


def test_a_metric_that_was_never_finite_is_a_number_all_the_same(tmp_path):
    search = Recorded(tmp_path / "run")
    search.trial(None)
    results = Results.open(search.run_dir.path)
    for frame in results.to_dataframe(), results.to_dataframe(measurements=True):
        assert str(frame["val/accuracy"].dtype) == "Float64"
        assert frame["val/accuracy"].isna().all()
        assert frame["cause"].tolist() == ["not finite: val/accuracy (nan)"]


def test_a_metric_that_is_called_like_a_column_keeps_its_value_under_another_name(tmp_path):
    search = Recorded(
        tmp_path / "run",
        data=None,
        model={"function": f"{__name__}:train"},
        space={"width": {"int": [8, 16]}},
        objective={"metric": "cause", "direction": "minimize"},
    )
    search.trial(7.0)
    results = Results.open(search.run_dir.path)
    (row,) = trial_rows(results)
    assert (row["cause"], row["metric.cause"]) == (None, 7.0)
    (measured,) = measurement_rows(results)
    assert (measured["cause"], measured["metric.cause"]) == (None, 7.0)


def test_folds_count_from_one_also_while_the_first_is_trained(tmp_path):
    search = Recorded(tmp_path / "run", repeats={"folds": 2})
    search.begin(0.1, 0.2, 0.3, 0.4, keep=False)
    trial = search.engine.next_up()
    search.engine.attempt_started(trial.id, worker="here:1")
    search.measure(trial.id, 1, 0.5, keep=False)
    search.begin(0.6, keep=False)
    results = Results.open(search.run_dir.path)
    rows = [(row["id"], row["fold"], row["epoch"]) for row in measurement_rows(results)]
    assert rows == [*(("0000", 1, n) for n in (1, 2, 3, 4)), ("0000", 2, 1), ("0001", 1, 1)]
    assert str(results.to_dataframe(measurements=True)["fold"].dtype) == "Int64"


def test_a_search_without_trials_is_an_empty_table(tmp_path):
    results = Results.open(Recorded(tmp_path / "run").run_dir.path)
    assert trial_rows(results) == []
    assert len(results.to_dataframe()) == len(results.to_dataframe(measurements=True)) == 0
