from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from raysearch.data.images.arguments import ImagesArguments
from raysearch.data.images.listing import list_images, numbered
from raysearch.errors import ConfigurationError
from tests.pictures import picture, save, write_folders


def listing(path, **arguments):
    return list_images(ImagesArguments.read({"path": str(path), **arguments}))


def test_a_folder_for_each_class(folders):
    found = listing(folders)
    assert found.frame["class"].value_counts().to_dict() == {"across": 20, "down": 20}
    assert found.names[0] == "across/0.png"
    assert found.told is None
    assert all(Path(files[0]).is_file() for files in found.files)


def test_folders_of_splits_may_stand_above(tmp_path):
    for part, first in (("train", 0), ("val", 10), ("test", 20)):
        write_folders(tmp_path / part, n=3, first=first)
    found = listing(tmp_path)
    assert set(found.frame["class"]) == {"across", "down"}
    told = {str(one): name for one, name in zip(found.told, found.names, strict=True)}
    assert told == {
        "train": "train/down/2.png",
        "validation": "val/down/12.png",
        "test": "test/down/22.png",
    }


def test_a_class_may_be_called_as_a_split_is(tmp_path):
    for kind in ("test", "zebra"):
        save(picture("down", 0), tmp_path / kind / "a.png")
    assert listing(tmp_path).frame["class"].tolist() == ["test", "zebra"]


def test_images_of_test_path_are_the_test(tmp_path):
    write_folders(tmp_path / "a", n=2)
    write_folders(tmp_path / "b", n=3)
    found = listing(tmp_path / "a", test_path=str(tmp_path / "b"))
    assert np.unique(found.told, return_counts=True)[1].tolist() == [6, 4]


def test_test_path_is_the_test_of_folders_for_training_and_validation(tmp_path):
    for part, n in (("a/train", 4), ("a/val", 2), ("b", 3)):
        write_folders(tmp_path / part, n=n)
    found = listing(tmp_path / "a", test_path=str(tmp_path / "b"))
    counts = dict(zip(*np.unique(found.told, return_counts=True), strict=True))
    assert counts == {"train": 8, "validation": 4, "test": 6}


def test_what_is_no_image_or_hidden_is_left_out_and_said(tmp_path):
    write_folders(tmp_path, n=2)
    save(picture("down", 0), tmp_path / "down" / ".thumbnails" / "a.png")
    save(picture("down", 0), tmp_path / ".hidden" / "a.png")
    (tmp_path / "down" / "readme.txt").write_text("stripes")
    save(picture("down", 0), tmp_path / "down" / "LARGE.JPG")
    found = listing(tmp_path)
    assert len(found.files) == 5
    assert len(found.notes) == 1
    assert found.notes[0].startswith("1 file is left out, since its name does not end as")


def test_folders_inside_a_class_are_said(tmp_path):
    write_folders(tmp_path, n=2)
    for number in range(3):
        save(picture("down", number), tmp_path / "down" / "clip" / f"{number}.png")
    found = listing(tmp_path)
    assert len(found.files) == 7
    assert "3 images lie in folders inside that of their class" in found.notes[0]
    assert "frames: N" in found.notes[0]


def test_clips_are_folders_of_numbered_frames(tmp_path):
    for kind in ("up", "left"):
        for number in (10, 9, 1):
            save(picture("down", number), tmp_path / kind / "clip1" / f"f{number}.png")
    found = listing(tmp_path, frames=2)
    assert found.names == ("left/clip1", "up/clip1")
    assert [Path(file).name for file in found.files[0]] == ["f1.png", "f9.png", "f10.png"]


def test_numbers_in_names_are_numbers():
    assert numbered(["a10", "a2", "b1", "2a", "a", "a02"]) == ["2a", "a", "a02", "a2", "a10", "b1"]


def test_a_table_of_paths(table):
    found = listing(table, image="file", target="kind")
    assert found.names[2] == "files/2.png in row 3"
    assert found.files[2] == (str(Path(table).parent / "files/2.png"),)
    assert found.frame["kind"].tolist()[:2] == ["across", "down"]


def test_a_table_of_clips(tmp_path):
    for clip in ("a", "b"):
        for number in range(3):
            save(picture("down", number), tmp_path / clip / f"{number}.png")
    (tmp_path / "t.csv").write_text("clip,speed\na,1\nb,2\nnone,3\n")
    found = listing(tmp_path / "t.csv", image="clip", target="speed", frames=3)
    assert [len(files) for files in found.files] == [3, 3, 0]


FAULTS = {
    "nothing there": ({"path": "none"}, "path is .*none, which is not there"),
    "empty folder": ({"path": "empty"}, "path is .*empty, which has no folders"),
    "no classes": ({"path": "a/down"}, "path is .*down, which has images, but no folders"),
    "empty class": ({"path": "c"}, "whose folder down has no PNG or JPEG image. It has x.gif"),
    "target": ({"path": "a", "target": "y"}, "target is y, but path is a folder, whose folders"),
    "no image": ({"path": "t.csv", "target": "y"}, "image is missing. path is no folder"),
    "column": ({"path": "t.csv", "image": "fil", "target": "y"}, "image is fil. Did you mean file"),
    "no rows": ({"path": "u.csv", "image": "file", "target": "y"}, "which has no rows"),
    "of another kind": ({"path": "a", "test_path": "t.csv"}, "test_path is .*t.csv. It must be a"),
    "no test": ({"path": "s"}, "named after splits, but test has no folder"),
    "two tests": ({"path": "b", "test_path": "a"}, "test_path is .*a, but path is .*b, which has"),
    "no clips": ({"path": "a", "frames": 3}, "folder across has no folder of images, one for each"),
}


@pytest.fixture(scope="module")
def wrong(tmp_path_factory):
    root = tmp_path_factory.mktemp("wrong")
    write_folders(root / "a", n=1)
    shutil.copytree(root / "a" / "across", root / "c" / "across")
    (root / "c" / "down").mkdir()
    (root / "c" / "down" / "x.gif").write_bytes(b"GIF89a")
    (root / "empty").mkdir()
    (root / "t.csv").write_text("file,y\na.png,1\n")
    (root / "u.csv").write_text("file,y\n")
    write_folders(root / "s" / "train", n=1)
    write_folders(root / "s" / "val", n=1)
    shutil.copytree(root / "s" / "train", root / "b" / "train")
    shutil.copytree(root / "s" / "val", root / "b" / "test")
    return root


@pytest.mark.parametrize(("given", "message"), FAULTS.values(), ids=FAULTS)
def test_what_cannot_be_listed_is_refused(wrong, given, message, monkeypatch):
    monkeypatch.chdir(wrong)
    with pytest.raises(ConfigurationError, match=message) as caught:
        listing(**given)
    assert all(fault.split()[0] in ("image", *given) for fault in caught.value.faults)
