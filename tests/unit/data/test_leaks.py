from __future__ import annotations

import numpy as np

from raysearch.data.leaks import leak_note

PARTS = {"train": np.array([0, 1, 4]), "validation": np.array([2]), "test": np.array([3, 5])}


def note(keys, **more):
    return leak_note(keys, PARTS, what="rows are the same", place="row {}".format, **more)


def test_what_is_in_training_and_test_is_counted_and_shown_with_its_first_twin():
    (said,) = note(["a", "b", "c", "b", "b", "a"])
    assert said.startswith("2 of 2 test rows are the same as a training one: row 3 as row 1, row 5")


def test_copies_within_a_split_or_with_validation_are_no_leak_into_the_test():
    assert note(["a", "a", "c", "c", "a", "c"]) == []


def test_other_splits_may_be_compared():
    keys = ["a", "b", "a", "a", "b", "d"]
    (said,) = note(keys, part="validation", remedy="Mend it.")
    assert said == (
        "1 of 1 validation rows are the same as a training one: row 2 as row 0. What is measured "
        "on them is memory. Mend it."
    )
    (said,) = note(keys, part="test", among="validation")
    assert said.startswith("1 of 2 test rows are the same as a validation one: row 3 as row 2.")
