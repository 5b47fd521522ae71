"""What is said about images before a search starts."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from raysearch.data.images import preparing, space
from raysearch.errors import ConfigurationError
from tests.pictures import picture, save, write_folders


def check(path, **arguments):
    return space.check_arguments({"path": str(path), **arguments})


def advice(path, **arguments):
    return "\n".join(space.advice(path=str(path), **arguments))


def test_checked_arguments_are_complete_plain_and_stable(folders, monkeypatch):
    monkeypatch.chdir(Path(folders).parent)
    checked = check(Path(folders).name, size=8)
    assert json.loads(json.dumps(checked)) == checked
    assert checked["path"] == folders
    assert checked["size"] == [8, 8]
    assert len(checked["fingerprint"]) == 16
    assert {name: checked[name] for name in space.ARGUMENTS} == {
        name: domain.default_value() for name, domain in space.ARGUMENTS.items()
    }
    assert space.check_arguments(checked) == checked


def test_the_spec_says_what_a_family_needs(folders, table):
    spec = space.data_spec(path=folders)
    assert (spec.task, spec.input_shape, spec.n_outputs, spec.n_train) == (
        "classification",
        (1, 8, 8),
        2,
        24,
    )
    assert spec.class_counts == (12, 12)
    number = space.data_spec(path=table, image="file", target="brightness", channels=3, size=[4, 6])
    assert (number.task, number.input_shape, number.n_outputs) == ("regression", (3, 4, 6), 1)
    assert 0 < number.target_scale < 3


def test_clips_have_a_dimension_for_frames(tmp_path):
    for kind in ("across", "down"):
        for clip in range(12):
            for frame in range(3):
                save(
                    picture(kind, 10 * clip + frame), tmp_path / kind / f"c{clip}" / f"{frame}.png"
                )
    assert space.data_spec(path=str(tmp_path), frames=2).input_shape == (1, 2, 8, 8)


def test_images_of_several_sizes_are_brought_to_one_that_is_said(tmp_path):
    write_folders(tmp_path, n=6, side=100)
    write_folders(tmp_path, n=7, first=6, side=200)
    assert space.data_spec(path=str(tmp_path)).input_shape == (1, 64, 64)
    assert "size is [64, 64]: the images have several sizes, the median is 200x200" in advice(
        tmp_path
    )
    assert "size is" not in advice(tmp_path, size=20)


def test_the_same_picture_in_training_and_test_is_said(tmp_path):
    for part, first in (("train", 0), ("val", 20), ("test", 40)):
        write_folders(tmp_path / part, n=6, first=first)
    assert "same picture" not in advice(tmp_path)
    shutil.copy(tmp_path / "train/down/2.png", tmp_path / "test/down/copy.png")
    pixels = np.asarray(Image.open(tmp_path / "train/down/3.png"))
    Image.fromarray(pixels).convert("RGB").save(tmp_path / "test/down/again.png")  # other bytes
    assert (
        "2 of 14 test images are the same picture as a training one: test/down/again.png as "
        "train/down/3.png, test/down/copy.png as train/down/2.png." in advice(tmp_path, channels=1)
    )


def test_the_same_picture_of_two_classes_is_said(tmp_path):
    write_folders(tmp_path, n=8)
    shutil.copy(tmp_path / "across/2.png", tmp_path / "down/wrong.png")
    assert (
        "1 image is the same picture as one with another target: across/2.png and down/wrong.png"
        in advice(tmp_path)
    )


def test_a_split_without_a_class_is_said_or_refused(tmp_path):
    for part, first in (("train", 0), ("val", 20), ("test", 40)):
        write_folders(tmp_path / part, n=3, first=first)
    shutil.rmtree(tmp_path / "val/across")
    assert "The validation split has no example of the class across." in advice(tmp_path)
    save(picture("down", 1), tmp_path / "test" / "spots" / "s.png")
    with pytest.raises(
        ConfigurationError,
        match=r"no training example has the class spots, such as test/spots/s.png has",
    ):
        check(tmp_path)


def damaged(root):
    """Write folders in which one image is cut off and one is no image."""
    write_folders(root, n=10)
    cut = root / "down/3.png"
    cut.write_bytes(cut.read_bytes()[:60])
    (root / "across/4.png").write_text("none")
    return root


def test_unreadable_images_are_refused_by_name_or_dropped_and_said(tmp_path):
    root = damaged(tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        check(root, size=8)
    (fault,) = caught.value.faults
    assert "where 2 of 20 images cannot be read: across/4.png (" in fault
    assert "), down/3.png (" in fault  # whose header is whole: all are told at once
    assert "Only headers" not in fault
    assert "write `unreadable: drop`" in fault
    (root / "across/4.png").unlink()
    with pytest.raises(ConfigurationError, match=r"where 1 of 19 images cannot .*: down/3.png \("):
        check(root, size=8)
    (root / "across/4.png").write_text("none")
    assert space.data_spec(path=str(root), unreadable="drop").n_train == 10
    said = advice(root, unreadable="drop")
    assert "2 images that cannot be read are left out: across/4.png, down/3.png." in said


def test_of_many_images_it_is_said_that_pixels_were_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(preparing, "_FEW", 10)
    with pytest.raises(
        ConfigurationError, match=r"1 of 20 images cannot .* Only headers were read"
    ):
        check(damaged(tmp_path), size=8)


def test_a_link_to_nowhere_is_an_image_that_cannot_be_read(tmp_path):
    write_folders(tmp_path, n=10)
    (tmp_path / "down" / "lost.png").symlink_to(tmp_path / "nowhere.png")
    with pytest.raises(ConfigurationError, match=r"1 of 21 images cannot be read: down/lost.png"):
        check(tmp_path)


def test_images_that_are_not_there_are_named_with_their_row(tmp_path):
    write_folders(tmp_path, n=8)
    rows = [f"{kind}/{n}.png,{kind}" for n in range(8) for kind in ("down", "across")]
    rows[5] = "down/none.png,down"
    rows[6] = ",down"
    (tmp_path / "t.csv").write_text("\n".join(["file,kind", *rows]))
    given = {"path": str(tmp_path / "t.csv"), "image": "file", "target": "kind"}
    with pytest.raises(ConfigurationError) as caught:
        space.check_arguments(given)
    (fault,) = caught.value.faults
    assert f"2 of 16 images cannot be read: down/none.png in row 6 of {given['path']} (" in fault
    assert "none.png: no such file), no path in row 7 of " in fault
    assert space.data_spec(**given, unreadable="drop").n_train == 8


def test_a_wrong_folder_is_not_dropped_image_by_image(tmp_path):
    (tmp_path / "t.csv").write_text("file,kind\n" + "a.png,x\nb.png,y\n" * 9)
    with pytest.raises(ConfigurationError, match=r"too many to drop: is the path right?"):
        check(tmp_path / "t.csv", image="file", target="kind", unreadable="drop")


def test_files_that_change_are_refused(tmp_path):
    root = write_folders(tmp_path, n=6)
    checked = check(root)
    os.utime(root / "down/3.png", ns=(1, 1))  # the same bytes at another time are the same
    assert check(root)["fingerprint"] == checked["fingerprint"]
    save(picture("down", 77), root / "down/3.png")
    with pytest.raises(ConfigurationError, match=r"fingerprint is .*the file has changed since"):
        check(root, fingerprint=checked["fingerprint"])
    shutil.move(root / "down/3.png", root / "down/4b.png")
    assert check(root)["fingerprint"] != checked["fingerprint"]


def test_folders_whose_files_are_alike_but_for_their_bytes_are_told_apart(tmp_path):
    first, second = (write_folders(tmp_path / name, n=6) for name in ("first", "second"))
    for root, shade in ((first, 60), (second, 190)):
        pixels = np.full((8, 8), shade, dtype=np.uint8)
        # not compressed, so of equal size
        Image.fromarray(pixels).save(root / "down" / "3.png", compress_level=0)
        for file in root.rglob("*.png"):
            os.utime(file, ns=(1, 1))
    kept = check(first)["fingerprint"]
    assert check(second)["fingerprint"] != kept
    shutil.copytree(first, tmp_path / "copy")
    assert check(tmp_path / "copy")["fingerprint"] == kept


def test_classes_may_look_like_numbers_or_like_nothing(tmp_path):
    for place, name in enumerate(("0", "1", "nan", "none")):
        for number in range(5):
            save(picture("down", 10 * place + number), tmp_path / name / f"{number}.png")
    spec = space.data_spec(path=str(tmp_path))
    assert (spec.task, spec.n_outputs) == ("classification", 4)


FAULTS = {
    "no path": ({"path": None}, "path is missing. Give a folder"),
    "unknown argument": ({"pth": "a"}, "pth is not an argument of images. Did you mean path?"),
    "parameter": ({"flip": "both"}, "flip is a parameter that may be searched. Set it under space"),
    "size": ({"size": 0}, "size is 0. It must be pixels, 1 to 4096"),
    "sides": ({"size": [4, 5, 6]}, "size is [4, 5, 6]. It must be pixels"),
    "channels": ({"channels": 2}, "channels is 2. It must be 1 (grey) or 3"),
    "frames": ({"frames": True}, "frames is True. It must be the frames of a clip"),
    "resize": ({"resize": "squeeze"}, "resize is 'squeeze'. It must be stretch, crop, pad"),
    "scaling": ({"scaling": "none"}, "scaling is 'none'. It must be unit, standard"),
    "unreadable": ({"unreadable": "skip"}, "unreadable is 'skip'. It must be refuse, drop"),
    "share": ({"test": 0.9}, "test is 0.9. It must be 0.05 to 0.45"),
    "memory": ({"memory_gb": -1}, "memory_gb is -1. It must be 0.0 to"),
    "of a table": ({"group": "person"}, "group is person, but path is a folder, whose folders"),
    "positive": ({"positive": "up"}, "positive is 'up', and the classes of class are 'across'"),
}


@pytest.mark.parametrize(("wrong", "message"), FAULTS.values(), ids=FAULTS)
def test_each_fault_begins_with_its_argument_and_says_what_is_right(folders, wrong, message):
    with pytest.raises(ConfigurationError) as caught:
        space.check_arguments({"path": folders, **wrong})
    (fault,) = caught.value.faults
    assert fault.startswith(message)
    assert fault.endswith(".")


def test_one_class_and_one_value_are_refused(tmp_path):
    root = write_folders(tmp_path, n=12)
    shutil.rmtree(root / "across")
    with pytest.raises(ConfigurationError, match=r"path is .*, which has 'down' as its only class"):
        check(root)
    (root / "t.csv").write_text("f,y\n" + "".join(f"down/{n}.png,1\n" for n in range(12)))
    with pytest.raises(ConfigurationError, match="target is y, and all 12 rows have the value '1'"):
        check(root / "t.csv", image="f", target="y")


def test_a_number_that_is_none_is_named_with_its_image(tmp_path):
    write_folders(tmp_path, n=12)
    rows = [f"down/{n}.png,{n if n < 9 else 'many'}" for n in range(12)]
    (tmp_path / "t.csv").write_text("\n".join(["f,y", *rows]))
    with pytest.raises(ConfigurationError, match=r"such as 'many' in down/9.png in row 10 of"):
        check(tmp_path / "t.csv", image="f", target="y", task="regression")


def test_small_shifts_are_the_default_and_nothing_else(folders):
    default = space.search_space(space.data_spec(path=folders)).default()
    assert (default["data.flip"], default["data.crop"]) == ("none", 0.1)
    assert (default["data.cutout"], default["data.mixup"]) == (0.0, 0.0)
