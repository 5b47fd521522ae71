"""Is each image in one split, as its class, group, day, table or folder says?"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from raysearch.data.images.module import Data
from tests.pictures import write_folders

PARTS = ("train", "validation", "test")
SIZES = [24, 8, 8]


def images(data):
    """Return the images of each split with their targets, told by their pixels alone."""
    loaders = (data.train_dataloader(), data.val_dataloader(), data.test_dataloader())
    found = {}
    for part, loader in zip(PARTS, loaders, strict=True):
        batches = list(loader)
        pixels = np.concatenate([(batch[0] * 255).round().byte().numpy() for batch in batches])
        targets = np.concatenate([batch[1].numpy() for batch in batches]).tolist()
        found[part] = [(one.tobytes(), t) for one, t in zip(pixels, targets, strict=True)]
    return found


def split(path, **arguments):
    """Return the files of each split with their classes, relative to a folder or its table."""
    root = Path(path) if Path(path).is_dir() else Path(path).parent
    files = {np.asarray(Image.open(file)).tobytes(): file for file in root.rglob("*.png")}
    data = Data(batch_size=7, path=str(path), crop=0.0, **arguments)
    classes = data.preprocessing.target.classes
    return {
        part: {str(files[pixels].relative_to(root)): classes[target] for pixels, target in found}
        for part, found in images(data).items()
    }


def assert_each_in_one_split(parts, *, files, sizes=SIZES):
    assert [len(parts[part]) for part in PARTS] == sizes
    assert sorted(name for names in parts.values() for name in names) == sorted(files)


@pytest.fixture
def rows(table):
    """Return the rows of the table by the file that they name."""
    return pd.read_csv(table).set_index("file")


def test_folders_are_split_with_the_same_mix_of_classes(folders):
    parts = split(folders)
    files = [str(file.relative_to(folders)) for file in Path(folders).rglob("*.png")]
    assert_each_in_one_split(parts, files=files)
    for names in parts.values():
        assert all(name.startswith(f"{kind}/") for name, kind in names.items())
        assert sum(kind == "down" for kind in names.values()) == len(names) / 2
    assert split(folders) == parts
    other = split(folders, split_seed=1)
    assert_each_in_one_split(other, files=files)
    assert all(other[part] != parts[part] for part in PARTS)


def test_the_test_does_not_depend_on_the_share_for_validation(folders):
    few, many = (split(folders, validation=share) for share in (0.1, 0.3))
    assert few["test"] == many["test"]
    assert len(few["validation"]) < len(many["validation"])


def test_groups_of_a_table_are_never_parted(table, rows):
    given = {"image": "file", "target": "kind", "group": "person"}
    parts = split(table, **given)
    assert_each_in_one_split(parts, files=rows.index)
    assert all(rows.kind[name] == kind for names in parts.values() for name, kind in names.items())
    persons = [set(rows.person[list(parts[part])]) for part in PARTS]
    assert sum(map(len, persons)) == len(set.union(*persons)) == 10
    assert split(table, **given, split_seed=1) != parts


def test_the_latest_images_of_a_table_are_the_test(table, rows):
    parts = split(table, image="file", target="kind", order_by="day")
    assert_each_in_one_split(parts, files=rows.index)
    days = [rows.day[list(parts[part])] for part in PARTS]
    assert days[0].max() <= days[1].min()
    assert days[1].max() <= days[2].min()


def test_folders_above_the_classes_say_the_split(tmp_path):
    for part, first in (("train", 0), ("val", 20), ("test", 40)):
        write_folders(tmp_path / part, n=6, first=first)
    parts = split(tmp_path)
    files = [str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*.png")]
    assert_each_in_one_split(parts, files=files, sizes=[12, 12, 12])
    for part, folder in zip(PARTS, ("train", "val", "test"), strict=True):
        assert all(name.startswith(f"{folder}/") for name in parts[part])
    shutil.rmtree(tmp_path / "val")  # some of those for training are then for validation
    parts = split(tmp_path)
    assert [len(parts[part]) for part in PARTS] == [10, 2, 12]
    assert all(name.startswith("train/") for name in (*parts["train"], *parts["validation"]))


def test_a_column_of_a_table_says_the_split(table, rows, tmp_path):
    shutil.copytree(Path(table).parent / "files", tmp_path / "files")
    told = rows.assign(part=["train", "train", "val", "TEST", "test"] * 8).reset_index()
    told.to_csv(tmp_path / "told.csv", index=False)
    parts = split(tmp_path / "told.csv", image="file", target="kind", split="part")
    wanted = told.set_index("file").part.str.lower().replace("val", "validation")
    assert_each_in_one_split(parts, files=rows.index, sizes=[16, 8, 16])
    assert all(wanted[name] == part for part, names in parts.items() for name in names)


def test_the_same_picture_in_two_folders_is_told_with_both(tmp_path):
    path = write_folders(tmp_path / "a", n=8)
    other = write_folders(tmp_path / "b", n=2, first=50)
    shutil.copy(path / "down" / "3.png", other / "down" / "3.png")
    from raysearch.data.images.space import advice

    given = {"path": str(path), "test_path": str(other), "validation": 0.05}
    assert (
        "1 of 5 test images are the same picture as a training one: "
        f"{other}/down/3.png as down/3.png. What" in "\n".join(advice(**given))
    )
