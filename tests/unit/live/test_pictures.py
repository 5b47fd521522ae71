"""Does TensorBoard show what the winner drew?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from raysearch.live.pictures import FILE, show_pictures
from raysearch.live.tensorboard import TensorBoardWriter
from raysearch.run_dir import events as ev
from raysearch.space import Float, Space
from raysearch.training.drawing import png
from raysearch.trial import Objective


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "winner" / "pictures"
    folder.mkdir(parents=True)
    return folder


def shown(tmp_path: Path) -> dict[str, tuple[int, int, bytes]]:
    found = EventAccumulator(str(tmp_path / "tensorboard" / "winner"))
    found.Reload()
    images = {tag: found.Images(tag)[-1] for tag in found.Tags()["images"]}
    return {tag: (i.width, i.height, i.encoded_image_string) for tag, i in images.items()}


def test_pictures_are_shown_by_their_names(tmp_path: Path, pictures: Path) -> None:
    image = png(torch.rand(1, 4, 6))
    (pictures / "samples.png").write_bytes(image)
    (pictures / "traversals.png").write_bytes(png(torch.rand(3, 9, 2)))
    show_pictures(tmp_path)
    found = shown(tmp_path)
    assert found["samples"] == (6, 4, image)
    assert found["traversals"][:2] == (2, 9)


def test_those_of_an_earlier_winner_are_replaced(tmp_path: Path, pictures: Path) -> None:
    (pictures / "old.png").write_bytes(png(torch.rand(1, 4, 6)))
    show_pictures(tmp_path)
    (pictures / "old.png").unlink()
    (pictures / "new.png").write_bytes(png(torch.rand(1, 4, 6)))
    show_pictures(tmp_path)
    assert set(shown(tmp_path)) == {"new"}
    (pictures / "new.png").unlink()
    show_pictures(tmp_path)
    assert not (tmp_path / "tensorboard" / "winner" / FILE).exists()


@pytest.mark.parametrize(
    "data", [b"", b"\x89PNG", b"no picture at all, but long enough for a head"]
)
def test_what_is_no_picture_is_left_out(tmp_path: Path, pictures: Path, data: bytes) -> None:
    (pictures / "wrong.png").write_bytes(data)
    (pictures / "right.png").write_bytes(png(torch.rand(1, 4, 6)))
    (pictures / "notes.txt").write_bytes(b"x")
    show_pictures(tmp_path)
    assert set(shown(tmp_path)) == {"right"}


def test_a_winner_without_pictures_leaves_no_files(tmp_path: Path) -> None:
    show_pictures(tmp_path)
    assert list(tmp_path.iterdir()) == []


def refitted(at: float) -> ev.Refitted:
    return ev.Refitted(
        at=at, trial="0000", epochs=1, path="winner/model.ckpt", size_bytes=1, seconds=1.0
    )


def test_they_appear_as_the_winner_is_handed_over(
    new_story: Any, tmp_path: Path, pictures: Path, objective: Objective
) -> None:
    space = Space({"lr": Float(0.001, 1.0, log=True)})
    writer = TensorBoardWriter(tmp_path / "tensorboard", objective=objective, space=space)
    story = new_story(writer).start()
    trial = story.trial({"lr": 0.1})
    story.epoch(trial, 0.5)
    (pictures / "samples.png").write_bytes(png(torch.rand(1, 4, 6)))
    story.tell(refitted(story.now))
    assert set(shown(tmp_path)) == {"samples"}


def test_a_link_that_leads_out_is_not_followed(
    new_story: Any, tmp_path: Path, objective: Objective
) -> None:
    run, outside, warnings = tmp_path / "run", tmp_path / "outside", []
    outside.mkdir()
    (outside / "secret.png").write_bytes(png(torch.rand(1, 4, 6)))
    (run / "winner").mkdir(parents=True)
    (run / "winner" / "pictures").symlink_to(outside)
    space = Space({"lr": Float(0.001, 1.0, log=True)})
    writer = TensorBoardWriter(
        run / "tensorboard", objective=objective, space=space, warn=warnings.append
    )
    story = new_story(writer).start()
    story.trial({"lr": 0.1})
    story.tell(refitted(story.now))
    assert not (run / "tensorboard" / "winner").exists()
    assert "leads out of the run directory" in warnings[0]
