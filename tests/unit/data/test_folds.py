"""Folds are even, and keep groups together; what has no folds says so."""

from __future__ import annotations

import numpy as np
import pytest

from raysearch.data.fold_faults import fold_fault
from raysearch.data.folds import fold_of_each
from raysearch.data.table.module import Data
from raysearch.errors import ConfigurationError


def test_folds_are_even_and_so_is_each_class_however_rare():
    classes = np.repeat([0, 1, 2], [60, 33, 4])
    folds = fold_of_each(97, n_folds=5, seed=3, classes=classes)
    for members in (folds, *(folds[classes == label] for label in range(3))):
        counts = np.bincount(members, minlength=5)
        assert counts.max() - counts.min() <= 1


def test_folds_follow_from_the_seed():
    first, again, other = (fold_of_each(50, n_folds=5, seed=seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_groups_stay_together_and_folds_are_alike_all_the_same():
    rng = np.random.default_rng(0)
    groups = rng.integers(40, size=400)
    classes = (groups % 4 == 0).astype(np.int64)
    folds = fold_of_each(400, n_folds=5, seed=0, classes=classes, groups=groups)
    assert all(len(set(folds[groups == group])) == 1 for group in range(40))
    for members in (folds, folds[classes == 1]):
        counts = np.bincount(members, minlength=5)
        assert counts.min() > 0.7 * len(members) / 5
        assert counts.max() < 1.3 * len(members) / 5


def test_each_fold_has_a_group_though_one_holds_nearly_all():
    groups = np.repeat([0, 1, 2], [90, 5, 5])
    folds = fold_of_each(100, n_folds=3, seed=0, groups=groups)
    assert sorted(np.bincount(folds)) == [5, 5, 90]


def test_more_folds_than_there_can_be_are_refused():
    with pytest.raises(ConfigurationError, match=r"repeats\.folds is 4, and there are 3 groups"):
        fold_of_each(9, n_folds=4, seed=0, groups=np.repeat([0, 1, 2], 3))
    with pytest.raises(ConfigurationError, match=r"there are 3 examples .* Write at most 3\."):
        fold_of_each(3, n_folds=5, seed=0)


def test_a_table_keeps_its_groups_together(tmp_path, monkeypatch):
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "patients.csv"
    lines = [f"{n % 30},{n * 7919 % 10007},{n % 2}" for n in range(300)]
    path.write_text("\n".join(["patient,x,target", *lines]))
    data = Data(batch_size=50, path=str(path), target="target", group="patient", numeric=["x"])
    splits = data._splits()
    assert len(splits.groups) == len(splits.train[0]) + len(splits.validation[0])
    inputs = [row for part in (splits.train, splits.validation) for row in part[0].flatten()]
    group_of = dict(zip(map(float, inputs), splits.groups.tolist(), strict=True))
    seen = []
    for number in range(3):
        _, validation = data.fold_dataloaders(number=number, of=3, seed=0)
        seen.append({group_of[float(x)] for batch in validation for x in batch[0].flatten()})
    assert not (seen[0] & seen[1] or seen[0] & seen[2] or seen[1] & seen[2])
    assert set.union(*seen) == set(splits.groups.tolist())


@pytest.mark.parametrize(
    ("data", "arguments", "begin"),
    [
        ("cbf", {"validation_from": "formula"}, "data.validation_from is formula"),
        ("scan", {"split": "add_jump"}, "data.split is add_jump"),
        ("scenes", {}, "data.name is scenes"),
    ],
)
def test_data_without_folds_say_why_and_what_to_do(data, arguments, begin):
    text = fold_fault(data, arguments)
    assert text.startswith(begin)
    assert "`select: {top: 5, seeds: 3}`" in text
