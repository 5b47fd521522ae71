from __future__ import annotations

import re

import numpy as np
import pytest

from raysearch.data.table import space
from raysearch.data.table.arguments import TableArguments
from raysearch.data.table.joining import fingerprint_of, read_rows
from raysearch.data.table.module import Data
from raysearch.errors import ConfigurationError


@pytest.fixture
def files(tmp_path):
    """Return what writes a file of training and one of test rows, and returns their arguments."""

    def write(train, test, *, names="a,b,y", test_names=None):
        for name, head, rows in (("train", names, train), ("test", test_names or names, test)):
            (tmp_path / f"{name}.csv").write_text("\n".join([head, *rows]) + "\n")
        path, test_path = (str(tmp_path / f"{name}.csv") for name in ("train", "test"))
        return {"path": path, "test_path": test_path, "target": "y"}

    return write


def rows(n, first=0):
    return [f"{place * 7 % 23},{place * 5 % 19},{place % 2}" for place in range(first, first + n)]


def test_the_rows_of_test_path_are_the_test(files):
    data = Data(batch_size=8, **files(rows(40), rows(11, first=40)))
    sizes = [len(getattr(data, f"{part}_dataloader")().tensors[0]) for part in ("val", "test")]
    assert sizes == [8, 11]
    assert data.spec.n_train == 32


@pytest.mark.parametrize("group", ["p3", "q"])
def test_groups_that_both_files_have_are_told(files, group):
    train = [f"{row},p{place // 4}" for place, row in enumerate(rows(40))]
    test = [f"{row},{group if place else 'r'}" for place, row in enumerate(rows(11, first=40))]
    notes = space.advice(**files(train, test, names="a,b,y,who"), group="who")
    told = [note for note in notes if note.startswith("1 of 2 groups of who in the test are also")]
    assert ["such as 'p3'" in note for note in told] == ([True] if group == "p3" else [])


def test_the_share_for_validation_is_of_path_alone(files):
    data = Data(batch_size=8, validation=0.4, **files(rows(40), rows(11, first=40)))
    assert data.spec.n_train == 24


def test_columns_may_stand_in_another_order(files):
    given = files(["1,2,0"], ["1,4,3"], test_names="y,b,a")
    found = read_rows(TableArguments.read(given))
    assert found.frame.to_dict("records") == [
        {"a": "1", "b": "2", "y": "0"},
        {"a": "3", "b": "4", "y": "1"},
    ]
    assert (found.place(0), found.place(1)) == (
        f"row 1 of {given['path']}",
        f"row 1 of {given['test_path']}",
    )


def test_a_split_column_may_tell_of_the_rest(files):
    train = [f"{row},{'val' if place < 9 else 'train'}" for place, row in enumerate(rows(40))]
    given = files(train, rows(11, first=40), names="a,b,y,part", test_names="a,b,y")
    found = read_rows(TableArguments.read({**given, "split": "part"})).told()
    assert np.unique(found, return_counts=True)[1].tolist() == [11, 31, 9]


def test_the_fingerprint_is_of_both_files(files):
    first = fingerprint_of(TableArguments.read(files(rows(3), rows(3))))
    second = fingerprint_of(TableArguments.read(files(rows(3), rows(4))))
    third = fingerprint_of(TableArguments.read(files(rows(4), rows(3))))
    assert len({first, second, third}) == 3


@pytest.mark.parametrize(
    ("test", "names", "message"),
    [
        (["1,2"], "a,y", "test_path is .*, which lacks the column b of .*train.csv"),
        ([], "a,b,y", "test_path is .*, which has no rows below the names of its columns"),
        (["1,2,3,4"], "a,b,y", "test_path is .*, whose rows do not all have the 3 columns"),
    ],
)
def test_a_test_file_that_does_not_go_with_the_first_is_refused(files, test, names, message):
    with pytest.raises(ConfigurationError, match=message):
        space.check_arguments(files(rows(40), test, test_names=names))


def test_a_test_file_that_is_not_there_is_refused(files):
    given = {**files(rows(40), rows(9)), "test_path": "/no/such.csv"}
    with pytest.raises(ConfigurationError, match=r"test_path is /no/such\.csv, which cannot"):
        space.check_arguments(given)


def test_rows_of_the_test_that_were_trained_on_are_counted_and_shown(files):
    train = rows(40)
    copied = [train[3].rsplit(",", 1)[0] + ",0", train[30]]
    notes = space.advice(**files(train, [*copied, *(f"{n},99,1" for n in range(8))]))
    (note,) = [note for note in notes if "as a training one" in note]
    assert note.startswith("2 of 10 test rows have the same values in all columns to predict from")
    assert re.search(r"row 1 of \S*test.csv as row 4 of \S*train.csv, row 2 of", note)
    clean = space.advice(**files(train, [f"{n},99,{n % 2}" for n in range(8)]))
    assert not any("as a training one" in note for note in clean)


def test_a_group_is_no_feature_and_stays_together(files, tmp_path):
    path = tmp_path / "groups.csv"
    lines = [f"{n * 7 % 23},{n % 2},p{n // 4}" for n in range(80)]
    path.write_text("\n".join(["a,y,person", *lines]))
    assert space.data_spec(path=str(path), target="y", group="person").input_shape == (1,)
    with pytest.raises(ConfigurationError, match=r"group is persn. Did you mean person?"):
        space.check_arguments({"path": str(path), "target": "y", "group": "persn"})


def test_numbers_that_are_none_are_named_with_their_row(files):
    given = {**files([*rows(30), "1,2,many"] + ["1,2,few"] * 9, rows(9)), "task": "regression"}
    with pytest.raises(
        ConfigurationError, match=r"such as 'many' in row 31 of \S*train.csv, 'few' in row 32"
    ):
        space.check_arguments(given)


@pytest.mark.parametrize("argument", ["path", "test_path"])
def test_a_file_of_names_alone_is_refused_as_that(csv_file, tmp_path, argument):
    whole = csv_file("a,y", "1,2", "2,3")
    names = tmp_path / "names.csv"
    names.write_text("a,y\n")
    paths = {"path": str(whole), "test_path": str(whole), argument: str(names)}
    with pytest.raises(ConfigurationError) as caught:
        read_rows(TableArguments(**paths, target="y"))
    assert str(caught.value).startswith(f"{argument} is {names}, which has no rows below the names")
