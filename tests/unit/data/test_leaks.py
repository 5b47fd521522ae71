from __future__ import annotations

import numpy as np

from raysearch.data.leaks import leak_note

PARTS = {"train": np.array([0, 1, 4]), "validation": np.array([2]), "test": np.array([3, 5])}


def note(keys):
    return leak_note(keys, PARTS, what="rows are the same", place="row {}".format)


def test_what_is_in_training_and_test_is_counted_and_shown_with_its_first_twin():
    (said,) = note(["a", "b", "c", "b", "b", "a"])
    assert said.startswith("2 of 2 test rows are the same as a training one: row 3 as row 1, row 5")


def test_copies_within_a_split_or_with_validation_are_no_leak_into_the_test():
    assert note(["a", "a", "c", "c", "a", "c"]) == []
