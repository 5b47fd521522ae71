"""From a file to a trained model: what a search does with series, without the search."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from raysearch.data.series import space
from raysearch.data.series.module import Data
from raysearch.data.series.preprocessing import Preprocessing, load_preprocessing
from raysearch.errors import ConfigurationError
from raysearch.models.rnn.module import RNN
from raysearch.models.rnn.space import data_arguments, search_space
from raysearch.training.fit import train
from raysearch.training.job import TrainingJob
from raysearch.trial import Objective
from tests.waves import waves, write_waves

pytestmark = pytest.mark.filterwarnings(
    "ignore:`isinstance.treespec, LeafSpec:FutureWarning"  # Lightning's own, about torch
)


def trained(arguments, directory, *, metric, direction, max_epochs, **changes):
    """Return the values of every epoch, and the path of the last checkpoint."""
    arguments = space.check_arguments(arguments)
    data = space.data_spec(**arguments)
    configuration = {**search_space(data).default(), "hidden_size": 16, **changes}
    job = TrainingJob(
        trial="0003",
        model_class="raysearch.models.rnn.module:RNN",
        model_arguments={**data_arguments(data), **configuration},
        data_class="raysearch.data.series.module:Data",
        data_arguments={**arguments, "batch_size": 16, "seed": 5},
        objective=Objective(metric=metric, direction=direction),
        max_epochs=max_epochs,
        seed=5,
        directory=str(directory),
    )
    reports = []
    train(job, report=lambda report: reports.append(report) or True)
    checkpoints = [report.checkpoint for report in reports if report.checkpoint]
    values = [report.measurement.values for report in reports]
    return values, f"{directory}/{checkpoints[-1].path}"


def test_series_of_several_lengths_are_classified(tmp_path):
    path = write_waves(tmp_path / "waves.ts", n_series=120)
    values, checkpoint = trained(
        {"path": path},
        tmp_path,
        metric="val/accuracy",
        direction="maximize",
        max_epochs=8,
        learning_rate=0.01,
    )
    assert max(epoch["val/accuracy"] for epoch in values) > 0.9

    # what follows needs the checkpoint alone
    preprocessing = load_preprocessing(checkpoint)
    model = RNN.load_from_checkpoint(checkpoint, weights_only=True).eval()
    right = 0
    for series, label in waves(40, seed=1):
        inputs = torch.from_numpy(preprocessing.encode(series))[None]
        with torch.no_grad():
            outputs = model(inputs, torch.tensor([series.shape[1]]))
        right += preprocessing.labels(outputs) == [label]
    assert right > 34


def test_a_forecast_is_better_than_repeating_the_last_value(tmp_path):
    steps = np.arange(400)
    load = 50 + 10 * np.sin(steps / 3) + np.random.default_rng(0).normal(0, 0.5, 400)
    np.savez(tmp_path / "load.npz", X=load)
    given = {"path": str(tmp_path / "load.npz"), "horizon": 3, "window": 20}
    (note,) = [note for note in space.advice(**given) if "repeating the last" in note]
    repeated = float(note.rsplit(" ", 1)[1].rstrip("."))
    values, checkpoint = trained(
        given, tmp_path, metric="val/rmse", direction="minimize", max_epochs=6, pooling="last"
    )
    # the root mean square over the next three steps of what a sine moves in so many steps
    moves = 2 * 10 * np.sin(np.arange(1, 4) / 6) / 2**0.5
    assert repeated == pytest.approx(np.sqrt(np.square(moves).mean()), rel=0.1)
    assert min(epoch["val/rmse"] for epoch in values) < repeated / 3  # both in the data's unit
    preprocessing = load_preprocessing(checkpoint)
    model = RNN.load_from_checkpoint(checkpoint, weights_only=True).eval()
    with torch.no_grad():
        outputs = model(torch.from_numpy(preprocessing.encode(load[None, -20:]))[None])
    told, expected = preprocessing.numbers(outputs), 50 + 10 * np.sin(np.arange(400, 403) / 3)
    assert told.shape == (1, 1, 3)
    np.testing.assert_allclose(told[0, 0], expected, atol=repeated)
    with pytest.raises(ConfigurationError, match=r"shape \(1, 5\). It must be \(1, 20\)"):
        preprocessing.encode(load[None, -5:])


def test_series_are_padded_with_zeros_behind_their_ends(tmp_path):
    data = Data(path=write_waves(tmp_path / "waves.ts"), batch_size=36)
    (batch,) = data.train_dataloader()
    inputs, lengths, targets = batch
    assert data.spec.has_lengths
    assert inputs.shape == (36, 2, 20)
    assert 8 <= lengths.min() < lengths.max() <= 20
    assert targets.dtype == torch.int64
    for row, length in zip(inputs, lengths.tolist(), strict=True):
        assert not row[:, length:].any()
        assert row[:, :length].all()
    steps = torch.cat([row[:, :n] for row, n in zip(inputs, lengths.tolist(), strict=True)], dim=1)
    torch.testing.assert_close(steps.mean(1), torch.zeros(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(steps.std(1, correction=0), torch.ones(2))


def test_each_series_may_be_scaled_by_itself(tmp_path):
    data = Data(path=write_waves(tmp_path / "waves.ts"), batch_size=36, scaling="series")
    for inputs, lengths, _ in (*data.train_dataloader(), *data.test_dataloader()):
        for row, length in zip(inputs, lengths.tolist(), strict=True):
            torch.testing.assert_close(row[:, :length].mean(1), torch.zeros(2), atol=1e-5, rtol=0)


def test_a_number_is_told_in_its_own_unit(tmp_path):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(80, 6))
    np.savez(tmp_path / "a.npz", X=values, y=1000 + 50 * values.mean(1))
    data = Data(path=str(tmp_path / "a.npz"), batch_size=48)
    assert data.spec.task == "regression"
    (batch,) = data.train_dataloader()
    kept = data.preprocessing
    assert kept.stds == (data.spec.target_scale,)
    assert Preprocessing.from_json(json.loads(json.dumps(kept.to_json()))) == kept
    assert kept.numbers(batch[1]).shape == (48, 1)
    told = []
    for row in values:
        is_it = (batch[0][:, 0] == torch.from_numpy(kept.encode(row[None]))).all(1)
        told += [(number, 1000 + 50 * row.mean()) for (number,) in kept.numbers(batch[1])[is_it]]
    assert len(told) == 48
    assert all(number == pytest.approx(true, rel=1e-5) for number, true in told)
    assert kept.numbers(batch[1]).mean() == pytest.approx(1000, abs=20)
    assert batch[1].std(correction=0).item() == pytest.approx(1, abs=1e-3)


def test_a_checkpoint_of_other_scales_is_refused(tmp_path):
    path = write_waves(tmp_path / "waves.ts")
    first = Data(path=path, batch_size=8)
    Data(path=path, batch_size=9).load_state_dict(first.state_dict())
    with pytest.raises(ConfigurationError, match="prepared in another way"):
        Data(path=path, batch_size=8, split_seed=1).load_state_dict({**first.state_dict()})


def test_the_task_is_told_by_the_targets(tmp_path):
    values = np.random.default_rng(0).normal(size=(60, 6))

    def task(targets, **more):
        np.savez(tmp_path / "a.npz", X=values, y=targets)
        return space.data_spec(path=str(tmp_path / "a.npz"), **more).task

    assert task(np.arange(60) % 3) == "classification"
    assert task(np.arange(60) * 1.0) == "regression"
    assert task(np.arange(60) % 3 + 0.5) == "regression"
    assert task(np.array(["up", "down"] * 30)) == "classification"
    assert task(np.arange(60) % 3, task="regression") == "regression"
    with pytest.raises(ConfigurationError, match="too many for classes"):
        task(np.arange(60), task="classification")
