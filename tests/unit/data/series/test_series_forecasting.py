from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from raysearch.data.series.module import Data
from raysearch.data.series.space import advice, data_spec
from raysearch.errors import ConfigurationError

SPLITS = ("train", "val", "test")


def examples(data, split):
    batches = list(getattr(data, f"{split}_dataloader")())
    return tuple(torch.cat(parts) for parts in zip(*batches, strict=True))


def counting(tmp_path, *, n=100, n_series=1, **more):
    """Write series whose values say where they are: the step, plus 1000 for each series."""
    path = tmp_path / "a.npz"
    np.savez(path, X=np.arange(n) + 1000.0 * np.arange(n_series)[:, None], **more)
    return {"path": str(path), "scaling": "none"}


def told_steps(data, split):
    inputs, targets = examples(data, split)
    assert torch.equal(inputs[:, 0, -1] + 1, targets[:, 0])  # the next step follows the window
    return sorted({round(step) for step in targets.flatten().tolist()})


@pytest.mark.parametrize("stride", [1, 3])
def test_no_step_that_is_told_is_in_two_splits(tmp_path, stride):
    data = Data(**counting(tmp_path), horizon=2, window=5, stride=stride, batch_size=8)
    train, val, test = (told_steps(data, split) for split in SPLITS)
    assert max(train) < 60 <= min(val) and max(val) < 80 <= min(test)
    if stride == 1:
        assert (train, val, test) == (
            list(range(5, 60)),
            list(range(60, 80)),
            list(range(80, 100)),
        )
    spec = data.spec
    assert (spec.task, spec.input_shape, spec.n_outputs) == ("regression", (1, 5), 2)


def test_training_windows_read_nothing_of_later_splits(tmp_path):
    data = Data(**counting(tmp_path), horizon=2, window=5, batch_size=8)
    assert examples(data, "train")[0].max() < 60
    # what validation reads may lie before it: it is known by then
    assert examples(data, "val")[0].min() == 55


def test_several_series_are_cut_alike(tmp_path):
    data = Data(**counting(tmp_path, n_series=3), horizon=1, window=4, batch_size=8)
    for split in SPLITS:
        steps = told_steps(data, split)
        by_series = [[step % 1000 for step in steps if step // 1000 == n] for n in range(3)]
        assert by_series[0] == by_series[1] == by_series[2]


def test_series_of_their_own_times_are_cut_at_one_moment(tmp_path):
    early = pd.DataFrame({"who": "a", "day": np.arange(0, 80), "x": np.arange(0, 80) + 0.0})
    late = pd.DataFrame({"who": "b", "day": np.arange(50, 100), "x": 1000.0 + np.arange(50, 100)})
    path = tmp_path / "a.csv"
    pd.concat([late, early]).to_csv(path, index=False)
    data = Data(
        path=str(path), series="who", time="day", horizon=1, window=3, scaling="none", batch_size=8
    )
    for split, first, last in (("train", 0, 60), ("val", 60, 80), ("test", 80, 100)):
        days = [step % 1000 for step in told_steps(data, split)]
        assert first <= min(days) and max(days) < last, split


def test_whole_series_may_be_split_instead(tmp_path):
    groups = np.arange(10)
    data = Data(
        **counting(tmp_path, n_series=10, group=groups),
        horizon=1,
        window=4,
        group="group",
        batch_size=8,
    )
    owners = [{step // 1000 for step in told_steps(data, split)} for split in SPLITS]
    assert [len(owner) for owner in owners] == [6, 2, 2]
    assert len(set.union(*owners)) == 10


def test_a_test_file_is_told_from_its_first_window_on(tmp_path):
    given = counting(tmp_path)
    np.savez(tmp_path / "b.npz", X=np.arange(500.0, 520.0))
    data = Data(**given, test_path=str(tmp_path / "b.npz"), horizon=2, window=5, batch_size=8)
    assert told_steps(data, "test") == list(range(505, 520))
    assert told_steps(data, "val") == list(range(80, 100))


def walk(tmp_path, *, scales=(1.0, 100.0)):
    steps = np.random.default_rng(0).normal(size=(400, len(scales)))
    frame = pd.DataFrame(7 + steps * np.array(scales), columns=["a", "b"][: len(scales)])
    frame.to_csv(tmp_path / "walk.csv", index=False)
    return frame, {"path": str(tmp_path / "walk.csv"), "horizon": 3, "window": 6, "batch_size": 64}


def test_errors_of_one_channel_are_in_the_unit_of_the_data(tmp_path):
    frame, given = walk(tmp_path)
    data = Data(**given, target="b")
    assert data.spec.input_shape == (2, 6)
    assert data.spec.n_outputs == 3
    learnt = frame["b"][:240]
    assert data.spec.target_scale == pytest.approx(learnt.std(ddof=0))
    inputs, targets = examples(data, "test")
    told = targets * data.spec.target_scale + learnt.mean()
    assert told[-1].tolist() == pytest.approx(frame["b"][-3:].tolist(), rel=1e-4)
    for channel, name in enumerate("ab"):
        unscaled = inputs[0, channel] * frame[name][:240].std(ddof=0) + frame[name][:240].mean()
        assert unscaled.tolist() == pytest.approx(frame[name][314:320].tolist(), rel=1e-4)


def test_several_channels_are_told_one_after_the_other(tmp_path):
    frame, given = walk(tmp_path)
    data = Data(**given, scaling="none")
    _, targets = examples(data, "test")
    expected = [*frame["a"][-3:], *frame["b"][-3:]]
    assert targets[-1].tolist() == pytest.approx(expected, rel=1e-5)


def test_several_channels_have_a_unit_together_or_each_its_own(tmp_path):
    _, given = walk(tmp_path)
    by_channel, common = Data(**given), Data(**given, scaling="common")
    assert by_channel.spec.target_scale == 1.0
    assert 60 < common.spec.target_scale < 80  # the root mean square of 1 and 100
    stds = [examples(data, "train")[0].std(dim=(0, 2)) for data in (by_channel, common)]
    assert stds[0].tolist() == pytest.approx([1, 1], abs=0.1)
    assert stds[1][1] / stds[1][0] == pytest.approx(100, rel=0.2)
    del given["batch_size"]
    assert any("standard deviations of each channel" in note for note in advice(**given))


def test_the_error_of_repeating_the_last_value_is_told(tmp_path):
    given = counting(tmp_path)  # which grows by 1 with each step
    (note,) = [n for n in advice(**given, horizon=2, window=5) if "repeating the last" in n]
    assert note.endswith(f"is {(2.5) ** 0.5:.4g}.")  # the root of the mean of 1 and 4


def test_windows_with_gaps_are_dropped_if_the_policy_says_so(tmp_path):
    values = np.arange(100.0)
    values[30] = np.nan
    np.savez(tmp_path / "a.npz", X=values)
    given = {"path": str(tmp_path / "a.npz"), "horizon": 2, "window": 5, "scaling": "none"}
    with pytest.raises(ConfigurationError, match="series 0 has no finite value at step 31"):
        data_spec(**given)
    data = Data(**given, missing="drop", batch_size=8)
    assert set(range(5, 60)) - set(told_steps(data, "train")) == {*range(30, 36)}
    assert any("7 windows are left out" in note for note in advice(**given, missing="drop"))


def test_gaps_are_filled_with_nothing_that_comes_later(tmp_path):
    values = np.arange(100.0)
    values[[0, 1, 30, 31, 60]] = np.nan
    given = {"path": str(tmp_path / "a.npz"), "horizon": 1, "window": 3, "scaling": "none"}
    np.savez(given["path"], X=values)
    with pytest.raises(ConfigurationError, match="fill them with the last value before them"):
        data_spec(**given)
    given["missing"] = "interpolate"
    inputs, targets = examples(Data(**given, batch_size=8), "train")
    read = {tuple(steps) for steps in inputs[:, 0].int().tolist()}
    assert {(29, 29, 29), (28, 29, 29)} < read
    assert (2, 3, 4) in read
    assert len(read) == len(targets) == 60 - 3 - 2  # two have no value before
    notes = advice(**given)
    assert "3 missing values are filled with the last value before them." in notes
    assert any("2 windows are left out" in note for note in notes)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"horizon": 30, "window": 60}, "gives 0 windows for train: one reads 60 steps"),
        ({"horizon": 2, "target": "1"}, "no channel 1, as target says"),
        ({"horizon": 2, "series": "who"}, "series is 'who', but the series of an .npz file"),
    ],
)
def test_what_cannot_be_forecast_is_refused(tmp_path, more, said):
    with pytest.raises(ConfigurationError, match=said):
        data_spec(**counting(tmp_path), **more)


def test_a_constant_is_nothing_to_be_told(tmp_path):
    np.savez(tmp_path / "a.npz", X=np.full(100, 3.0))
    with pytest.raises(ConfigurationError, match="channel 0 has the value 3 in all training steps"):
        data_spec(path=str(tmp_path / "a.npz"), horizon=2)


def test_windows_that_read_what_training_reads_are_named(tmp_path):
    np.savez(tmp_path / "a.npz", X=np.tile(np.arange(20.0), 5))
    notes = advice(path=str(tmp_path / "a.npz"), horizon=1, window=20)
    (note,) = [n for n in notes if "test windows read the same values as a training one" in n]
    assert note.startswith("20 of 20 test windows read the same values as a training one: steps 61")
    assert f"to 80 of series 0 of {tmp_path}/a.npz as steps 1 to 20 of series 0 of" in note


def test_windows_that_would_fit_nowhere_are_refused_with_a_stride(tmp_path, memory, disk):
    memory(1000)
    disk(2000)
    with pytest.raises(ConfigurationError, match=r"93 windows take .* GiB.* stride to 3"):
        data_spec(**counting(tmp_path), horizon=2, window=4)
