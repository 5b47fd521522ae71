from __future__ import annotations

import numpy as np
import pytest
import torch

from raysearch.data.series.module import Data
from raysearch.data.series.space import advice, data_spec
from raysearch.errors import ConfigurationError

SPLITS = ("train", "val", "test")


def numbers(data):
    """Return the series of each split, which are constant, by their values."""
    return {
        split: sorted(
            round(value)
            for batch in getattr(data, f"{split}_dataloader")()
            for value in batch[0][:, 0, 0].tolist()
        )
        for split in SPLITS
    }


def write(tmp_path, n=40, **arrays):
    path = tmp_path / "a.npz"
    values = np.arange(n, dtype=float)[:, None] * np.ones(5)
    np.savez(path, X=values, y=np.arange(n) % 2, **arrays)
    return {"path": str(path), "scaling": "none", "batch_size": 8}


def test_a_seed_draws_each_split_with_the_same_mix_of_classes(tmp_path):
    given = write(tmp_path)
    found = numbers(Data(**given))
    assert [len(found[split]) for split in SPLITS] == [24, 8, 8]
    assert sorted(n for members in found.values() for n in members) == list(range(40))
    assert all(sum(n % 2 for n in found[split]) == len(found[split]) / 2 for split in SPLITS)
    assert numbers(Data(**given, split_seed=1)) != found


def test_a_group_is_never_parted(tmp_path):
    given = write(tmp_path, group=np.repeat(list("abcdefghij"), 4))
    found = numbers(Data(**given, group="group"))
    groups = [{number // 4 for number in found[split]} for split in SPLITS]
    assert [len(group) for group in groups] == [6, 2, 2]
    assert len(set.union(*groups)) == 10
    assert numbers(Data(**given, group="group", split_seed=1)) != found


def test_the_latest_series_are_the_test(tmp_path):
    when = np.random.default_rng(0).permutation(40)
    found = numbers(Data(**write(tmp_path, when=when), order_by="when"))
    assert {when[number] for number in found["test"]} == set(range(32, 40))
    assert {when[number] for number in found["val"]} == set(range(24, 32))


def test_a_column_may_say_the_split(tmp_path):
    part = np.array(["train", "val", "Train", "TEST"] * 10)
    # both classes are in each split
    given = write(tmp_path, part=np.roll(part, 0))
    with pytest.raises(ConfigurationError, match="class '1' is missing from the training split"):
        Data(**given, split="part")
    part = np.array(["train"] * 20 + ["validation"] * 8 + ["test"] * 12)
    found = numbers(Data(**write(tmp_path, part=part), split="part"))
    assert found["test"] == list(range(28, 40))
    assert found["val"] == list(range(20, 28))


def test_where_no_series_is_told_to_be_for_validation_some_for_training_are(tmp_path):
    part = np.array(["train"] * 30 + ["test"] * 10)
    given = {**write(tmp_path, part=part), "split": "part", "validation": 0.4}
    found = numbers(Data(**given))
    assert found["test"] == list(range(30, 40))
    assert [sum(n % 2 == side for n in found["val"]) for side in (0, 1)] == [6, 6]
    del given["batch_size"]
    assert any("so 12 of the 30 training rows are" in note for note in advice(**given))


def test_a_file_may_have_the_test(tmp_path):
    given = write(tmp_path)
    other = tmp_path / "b.npz"
    np.savez(other, X=np.full((3, 5), 77.0), y=np.array([0, 1, 0]))
    found = numbers(Data(**given, test_path=str(other)))
    assert found["test"] == [77, 77, 77]
    assert len(found["val"]) == 8
    assert sorted(found["train"] + found["val"]) == list(range(40))
    assert len(numbers(Data(**given, test_path=str(other), validation=0.4))["val"]) == 16


@pytest.mark.parametrize("group", ["c", "z"])
def test_groups_that_both_files_have_are_told(tmp_path, group):
    given = write(tmp_path, group=np.repeat(list("abcdefghij"), 4))
    del given["batch_size"]
    other = tmp_path / "b.npz"
    values = 50 + np.arange(4.0)[:, None] * np.ones(5)
    np.savez(other, X=values, y=np.array([0, 1, 0, 1]), group=np.array([group, "x", "y", "x"]))
    notes = advice(**given, group="group", test_path=str(other))
    told = [
        note for note in notes if note.startswith("1 of 3 groups of group in the test are also")
    ]
    assert [("such as 'c'" in note) for note in told] == ([True] if group == "c" else [])


@pytest.mark.parametrize("path", ["test", "train"])
def test_two_files_have_the_same_classes_in_the_same_order(tmp_path, path):
    given = write(tmp_path)
    other = tmp_path / "b.npz"
    labels = np.array([1, 1, 1]) if path == "test" else np.array([1, 2, 1])
    np.savez(other, X=np.full((3, 5), 77.0), y=labels)
    if path == "train":
        with pytest.raises(ConfigurationError, match=r"class '2' is missing from .* series 1 of"):
            Data(**given, test_path=str(other))
        return
    (batch,) = Data(**given, test_path=str(other)).test_dataloader()
    assert torch.equal(batch[-1], torch.tensor([1, 1, 1]))


def test_the_training_file_says_what_the_targets_are(tmp_path):
    given = write(tmp_path)
    np.savez(given["path"], X=np.random.default_rng(0).random((40, 5)), y=np.arange(40) / 3)
    other = tmp_path / "b.npz"
    np.savez(other, X=np.full((3, 5), 77.0), y=np.array(["1.5", "many", "2"]))
    with pytest.raises(ConfigurationError) as caught:
        Data(**given, test_path=str(other))
    assert str(caught.value).startswith(
        f"test_path is {other}, where series 1 has the target 'many', which is no number"
    )
    np.savez(other, X=np.full((3, 5), 77.0), y=np.array([1, 2, 1]))  # by itself it were classes
    assert Data(**given, test_path=str(other)).spec.task == "regression"


def test_too_few_series_or_groups_are_refused(tmp_path):
    given = write(tmp_path, n=4)
    del given["batch_size"]
    with pytest.raises(ConfigurationError, match=r"4 series leave|be split"):
        data_spec(**given, validation=0.05)
    given = {**write(tmp_path, n=40, g=np.arange(40) % 2)}
    with pytest.raises(ConfigurationError, match="has 2 groups, 0, 1, and 3 splits"):
        Data(**given, group="g")
