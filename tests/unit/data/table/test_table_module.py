"""From a dirty file to a prediction: what a search does with a table, without the search."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch

from raysearch.data.table import space
from raysearch.data.table.module import Data
from raysearch.data.table.preprocessing import load_preprocessing
from raysearch.errors import ConfigurationError
from raysearch.models.mlp.module import MLP
from raysearch.models.mlp.space import data_arguments, search_space
from raysearch.training.evaluating import evaluate
from raysearch.training.fit import refit, train
from raysearch.training.job import TrainingJob
from raysearch.trial import Objective


def job(path, directory, *, target, objective, max_epochs=12, **changes):
    arguments = space.check_arguments({"path": path, "target": target})
    data = space.data_spec(**arguments)
    configuration = {**search_space(data).default(), "depth": 2, "width": 32, **changes}
    return TrainingJob(
        trial="0003",
        model_class="raysearch.models.mlp.module:MLP",
        model_arguments={**data_arguments(data), **configuration},
        data_class="raysearch.data.table.module:Data",
        data_arguments={**arguments, "batch_size": 32, "seed": 5},
        objective=objective,
        max_epochs=max_epochs,
        seed=5,
        directory=str(directory),
    )


def trained(job):
    """Return the values of every epoch, and the path of the last checkpoint that was written."""
    reports = []
    train(job, report=lambda report: reports.append(report) or True)
    checkpoints = [report.checkpoint for report in reports if report.checkpoint]
    values = [report.measurement.values for report in reports]
    return values, f"{job.directory}/{checkpoints[-1].path}"


@pytest.mark.parametrize("changes", [{}, {"class_weighting": 0.5, "embedding_factor": 0.5}])
def test_a_dirty_table_is_learnt_far_below_guessing(customers, tmp_path, changes):
    objective = Objective(metric="val/auroc", direction="maximize")
    values, checkpoint = trained(
        job(customers, tmp_path, target="churn", objective=objective, **changes)
    )
    best = max(values, key=lambda epoch: epoch["val/auroc"])
    assert best["val/auroc"] > 0.8
    assert best["val/average_precision"] > 2 * 0.15  # that of guessing is the share of the class
    spec = space.data_spec(path=customers, target="churn")
    shares = np.array(spec.class_counts) / spec.n_train
    guessing = -(shares * np.log(shares)).sum()
    if not changes:  # weights move the probabilities away from the shares
        assert min(epoch["val/log_loss"] for epoch in values) < 0.85 * guessing

    # what follows needs the checkpoint alone
    preprocessing = load_preprocessing(checkpoint)
    model = MLP.load_from_checkpoint(checkpoint, weights_only=True).eval()
    rows = pd.read_csv(customers, dtype=str, keep_default_na=False).query("churn != ''")
    with torch.no_grad():
        outputs = model(torch.from_numpy(preprocessing.transform(rows)))
    labels, found = preprocessing.labels(outputs), preprocessing.probabilities(outputs)[:, 1]
    leavers = (rows["churn"] == "yes").to_numpy()
    assert set(labels) == {"no", "yes"}
    assert found[leavers].mean() > 2 * found[~leavers].mean()


def test_errors_and_predictions_of_a_number_are_in_its_unit(csv_file, tmp_path):
    rng = np.random.default_rng(0)
    area, town = rng.uniform(30, 200, 400), rng.integers(0, 3, 400)
    price = 3000 * area + 100_000 * town + rng.normal(0, 5000, 400)
    rows = zip(area, town, price, strict=True)
    path = csv_file("area;town;price", *(f"{a:.1f};t{t};{p:,.2f} €" for a, t, p in rows))
    objective = Objective(metric="val/rmse", direction="minimize")
    fit = job(path, tmp_path, target="price", objective=objective, max_epochs=25, dropout=0.0)
    values, checkpoint = trained(fit)
    assert 5000 < values[-1]["val/rmse"] < 0.3 * price.std()
    std = fit.model_arguments["target_scale"]
    assert values[-1]["val/loss"] == pytest.approx((values[-1]["val/rmse"] / std) ** 2, rel=1e-4)
    preprocessing = load_preprocessing(checkpoint)
    model = MLP.load_from_checkpoint(checkpoint, weights_only=True).eval()
    house = pd.DataFrame({"area": ["100.0"], "town": ["t1"]})
    (predicted,) = preprocessing.labels(model(torch.from_numpy(preprocessing.transform(house))))
    assert predicted == pytest.approx(400_000, rel=0.2)


def test_a_refit_learns_from_validation_rows_too_and_its_inputs_stay(customers, tmp_path):
    objective = Objective(metric="val/loss", direction="minimize")
    fit = job(customers, tmp_path, target="churn", objective=objective, max_epochs=3)
    _, checkpoint = trained(fit)
    winner = tmp_path / "winner.ckpt"
    refit(fit, epochs=2, path=winner)
    assert load_preprocessing(winner) == load_preprocessing(checkpoint)
    tested = evaluate(fit, checkpoint=str(winner), split="test")
    assert {"test/auroc", "test/average_precision", "test/log_loss"} <= set(tested)
    assert all(map(math.isfinite, tested.values()))


def test_a_checkpoint_is_refused_when_rows_are_prepared_in_another_way(customers):
    data = Data(batch_size=8, path=str(customers), target="churn")
    data.load_state_dict(data.state_dict())
    other = Data(batch_size=8, path=str(customers), target="churn", ignore=["age"])
    with pytest.raises(ConfigurationError, match=r"customers\.csv prepared in another way"):
        other.load_state_dict(data.state_dict())


def test_a_file_that_changes_during_a_search_is_refused(csv_file):
    lines = [f"{n},{n * 7 % 31},{'ab'[n % 2]}" for n in range(40)]
    path = csv_file("n,x,y", *lines)
    arguments = space.check_arguments({"path": path, "target": "y"})
    Data(batch_size=8, **arguments)
    csv_file("n,x,y", *lines[:-1], "39,5,b")
    with pytest.raises(ConfigurationError, match="the file has changed since"):
        Data(batch_size=8, **arguments)


def test_a_table_may_lie_in_a_parquet_file(customers, tmp_path):
    rows = pd.read_csv(customers, dtype=str, keep_default_na=False)
    rows.to_parquet(tmp_path / "customers.parquet")
    parquet = Data(batch_size=8, path=str(tmp_path / "customers.parquet"), target="churn")
    assert parquet.spec == Data(batch_size=8, path=str(customers), target="churn").spec
    assert parquet.preprocessing == Data(batch_size=8, path=customers, target="churn").preprocessing
