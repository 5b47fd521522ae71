"""Is each text in one split, as its class, author, day or file says?"""

from __future__ import annotations

import pytest

from raysearch.data.text.module import Data
from tests.unit.data.text.conftest import reviews

PARTS = ("train", "validation", "test")
ROWS = {row["review"].lower(): row for row in reviews()}


def split(path, **arguments):
    """Return the texts of each split with their classes, read back from the symbols."""
    given = {"text": "review", "target": "label", "level": "byte", "max_length": 200, **arguments}
    data = Data(batch_size=7, path=path, **given)
    classes = data.preprocessing.target.classes
    loaders = (data.train_dataloader(), data.val_dataloader(), data.test_dataloader())
    found = {}
    for part, loader in zip(PARTS, loaders, strict=True):
        found[part] = [
            (bytes(number - 4 for number in row[:length]).decode(), classes[target])
            for inputs, lengths, targets in loader
            for row, length, target in zip(
                inputs.tolist(), lengths.tolist(), targets.tolist(), strict=True
            )
        ]
    return {part: sorted(pairs) for part, pairs in found.items()}


def assert_each_in_one_split(parts, *, sizes=(36, 12, 12)):
    assert [len(parts[part]) for part in PARTS] == list(sizes)
    everything = [pair for pairs in parts.values() for pair in pairs]
    assert sorted(everything) == sorted((text, row["label"]) for text, row in ROWS.items())


def of(pairs, column):
    return [ROWS[text][column] for text, _ in pairs]


def test_texts_are_split_with_the_same_mix_of_classes(texts):
    parts = split(texts)
    assert_each_in_one_split(parts)
    for pairs in parts.values():
        assert sum(label == "good" for _, label in pairs) == len(pairs) / 2
    assert split(texts) == parts
    other = split(texts, split_seed=1)
    assert_each_in_one_split(other)
    assert all(other[part] != parts[part] for part in PARTS)


def test_the_test_does_not_depend_on_the_share_for_validation(texts):
    few, many = (split(texts, validation=share) for share in (0.1, 0.3))
    assert few["test"] == many["test"]
    assert len(few["validation"]) < len(many["validation"])


def test_groups_are_never_parted(texts):
    parts = split(texts, group="author")
    assert_each_in_one_split(parts)
    authors = [set(of(parts[part], "author")) for part in PARTS]
    assert sum(map(len, authors)) == len(set.union(*authors)) == 15
    assert split(texts, group="author", split_seed=1) != parts


def test_the_latest_texts_are_the_test(texts):
    parts = split(texts, order_by="day")
    assert_each_in_one_split(parts)
    days = [of(parts[part], "day") for part in PARTS]
    assert max(days[0]) < min(days[1])
    assert max(days[1]) < min(days[2])


@pytest.mark.parametrize("has_validation", [True, False])
def test_a_column_may_say_the_split(write, has_validation):
    words = ("train", "val", "train", "test") if has_validation else ("train",) * 3 + ("test",)
    told = {text: words[place // 2 % 4] for place, text in enumerate(ROWS)}
    path = write([{**row, "part": told[text]} for text, row in ROWS.items()])
    parts = split(path, split="part")
    if has_validation:
        assert_each_in_one_split(parts, sizes=[30, 16, 14])
        assert {told[text] for text, _ in parts["validation"]} == {"val"}
    else:
        assert_each_in_one_split(parts, sizes=[37, 9, 14])
        assert {told[text] for text, _ in parts["validation"]} == {"train"}
    assert {told[text] for text, _ in parts["train"]} == {"train"}
    assert {told[text] for text, _ in parts["test"]} == {"test"}


def test_a_file_may_have_the_test(write):
    rows = list(ROWS.values())
    given = {"test_path": write(rows[40:], "test.jsonl")}
    parts = split(write(rows[:40]), **given)
    assert_each_in_one_split(parts, sizes=[32, 8, 20])
    assert {text for text, _ in parts["test"]} == {row["review"].lower() for row in rows[40:]}
