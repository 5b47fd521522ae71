"""Are splits of the right size, mixed alike, and measured by the training split alone?"""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from raysearch.data.diabetes.module import _build as build_diabetes
from raysearch.data.splits import SplitSizes, draw_groups, draw_split, split_arrays, split_sizes
from raysearch.errors import ConfigurationError


@given(
    n_examples=st.integers(100, 10_000),
    validation=st.floats(0.05, 0.25),
    test=st.floats(0.05, 0.25),
)
def test_sizes_add_up_and_leave_half_for_training(n_examples, validation, test):
    sizes = split_sizes(n_examples, validation=validation, test=test)
    assert sizes.train + sizes.validation + sizes.test == n_examples
    assert sizes.train >= n_examples / 2 - 1
    assert abs(sizes.validation - n_examples * validation) <= 0.5
    assert abs(sizes.test - n_examples * test) <= 0.5


def test_all_faults_are_told_at_once():
    with pytest.raises(ConfigurationError) as caught:
        split_sizes(100, validation=0.9, test=float("nan"))
    assert caught.value.faults == (
        "data.validation is 0.9. It must be a number from 0.05 to 0.45.",
        "data.test is nan. It must be a number from 0.05 to 0.45.",
    )


SIZES = SplitSizes(train=60, validation=20, test=20)
CLASSES = np.repeat([0, 1], [80, 20])
PARTS = ("train", "validation", "test")


def test_each_split_has_the_same_mix_of_classes():
    arrays = split_arrays(np.arange(100), CLASSES, sizes=SIZES, seed=0, is_stratified=True)
    assert [int(arrays[f"{part}_targets"].sum()) for part in PARTS] == [12, 4, 4]


@pytest.mark.parametrize("is_stratified", [False, True])
def test_inputs_stay_with_their_targets(is_stratified):
    numbers = np.arange(100)
    arrays = split_arrays(numbers, CLASSES, sizes=SIZES, seed=0, is_stratified=is_stratified)
    for part in PARTS:
        assert np.array_equal(arrays[f"{part}_targets"], CLASSES[arrays[f"{part}_inputs"]])
    together = np.concatenate([arrays[f"{part}_inputs"] for part in PARTS])
    assert sorted(together) == list(numbers)


def test_diabetes_is_standardised_by_the_training_split_alone():
    arrays = build_diabetes(seed=0, validation=0.2, test=0.2)
    for kind in ("inputs", "targets"):
        training = arrays[f"train_{kind}"].astype(np.float64)
        assert training.mean(axis=0) == pytest.approx(0, abs=1e-6)
        assert training.std(axis=0) == pytest.approx(1, abs=1e-6)
        means = arrays[f"validation_{kind}"].mean(axis=0)
        assert np.abs(means).max() > 1e-3  # as the statistics of another split would have it


@given(
    counts=st.lists(st.integers(1, 60), min_size=2, max_size=6),
    validation=st.sampled_from([0.05, 0.2, 0.25]),
    test=st.sampled_from([0.05, 0.2, 0.25]),
    seed=st.integers(0, 9),
)
def test_drawn_splits_have_each_class_in_its_share_and_rare_ones_in_training(
    counts, validation, test, seed
):
    classes = np.repeat(np.arange(len(counts)), counts)
    sizes = split_sizes(len(classes), validation=validation, test=test)
    assume(sum(n for n in counts if n >= 5) >= 0.6 * len(classes))
    parts = draw_split(len(classes), classes=classes, sizes=sizes, seed=seed)
    assert [len(parts[part]) for part in PARTS] == [sizes.train, sizes.validation, sizes.test]
    assert sorted(np.concatenate(list(parts.values()))) == list(range(len(classes)))
    assert set(classes[parts["train"]]) == set(range(len(counts)))
    frequent = sum(n for n in counts if n >= 3)
    for n, found in zip(counts, np.bincount(classes[parts["test"]], minlength=9), strict=False):
        share = sizes.test / frequent if n >= 3 else 0
        assert abs(found - n * share) < 1


def test_drawn_splits_follow_the_seed_and_the_test_its_own_share_alone():
    sizes = [split_sizes(100, validation=share, test=0.2) for share in (0.1, 0.3)]
    few, many = (draw_split(100, classes=CLASSES, sizes=size, seed=1) for size in sizes)
    assert np.array_equal(few["test"], many["test"])
    other = draw_split(100, classes=CLASSES, sizes=sizes[0], seed=2)
    assert not np.array_equal(few["test"], other["test"])


def test_groups_are_drawn_in_a_time_that_grows_with_their_number():
    start = time.process_time()
    parts = draw_groups(
        np.arange(60_000), sizes=SplitSizes(train=36_000, validation=12_000, test=12_000), seed=0
    )
    assert time.process_time() - start < 2  # 20 and more where it grows with the square
    assert [len(parts[part]) for part in PARTS] == [36_000, 12_000, 12_000]


def test_a_split_of_nothing_but_rare_classes_is_refused():
    with pytest.raises(ConfigurationError, match=r"data\.test has 2 examples, but only 0 .* 3"):
        draw_split(
            10, classes=np.arange(10), sizes=SplitSizes(train=6, validation=2, test=2), seed=0
        )
