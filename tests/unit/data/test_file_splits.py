"""Are the examples of a file drawn into the splits that have no file of their own?"""

from __future__ import annotations

import numpy as np
import pytest

from raysearch.data.file_splits import split_files
from raysearch.errors import ConfigurationError

SHARES = {"validation": 0.2, "test": 0.1}


def split(*, seed=0, classes=None, n=40, shares=SHARES, **files):
    return split_files(
        {"path": list(range(n)), **files},
        what="numbers",
        path="/a.txt",
        shares=shares,
        seed=seed,
        classes=classes,
    )


@pytest.mark.parametrize(
    ("files", "sizes"),
    [
        ({}, [28, 8, 4]),
        ({"test_path": [90]}, [32, 8, 1]),
        ({"validation_path": [90, 91]}, [36, 2, 4]),
        ({"validation_path": [90, 91], "test_path": [92]}, [40, 2, 1]),
    ],
)
def test_each_example_is_in_one_split_and_files_are_kept_whole(files, sizes):
    parts = split(**files)
    assert [len(parts[part]) for part in ("train", "validation", "test")] == sizes
    everything = sorted(number for part in parts.values() for number in part)
    assert everything == sorted([*range(40), *(n for file in files.values() for n in file)])
    for name, numbers in files.items():
        assert parts[name.removesuffix("_path")] == numbers


def test_the_seed_draws_and_each_split_has_the_same_mix_of_classes():
    classes = np.arange(40) % 2
    first, again, other = (split(seed=seed, classes=classes) for seed in (0, 0, 1))
    assert first == again
    assert first["test"] != other["test"]
    for parts in (first, other):
        assert [sum(n % 2 for n in part) for part in parts.values()] == [14, 4, 2]


def test_too_few_to_draw_from_are_refused_but_not_where_nothing_is_drawn():
    with pytest.raises(ConfigurationError, match=r"path is /a\.txt, with 9 numbers. At least 10"):
        split(n=9)
    assert len(split(n=3, validation_path=[9], test_path=[9])["train"]) == 3
    with pytest.raises(ConfigurationError, match=r"test is 0\.05, which is not one of 10 numbers"):
        split(n=10, shares={"validation": 0.2, "test": 0.04 + 0.01})
    with pytest.raises(ConfigurationError, match=r"^test has 1 examples, but only 0 are of"):
        split(n=12, classes=np.arange(12))
