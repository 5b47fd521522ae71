"""Is TensorBoard told what belongs together, and who won?"""

from __future__ import annotations

from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.custom_scalar import layout_pb2

from raysearch.live.board import winner_words
from raysearch.live.tensorboard import TensorBoardWriter
from raysearch.run_dir import events as ev
from raysearch.space import Float, Space

SPACE = Space({"lr": Float(0.001, 1.0, log=True)})


@pytest.fixture
def story(new_story: Any, tmp_path: Any, objective: Any) -> Any:
    writer = TensorBoardWriter(tmp_path / "tensorboard", objective=objective, space=SPACE)
    return new_story(writer).start()


def tensor(folder: Any, tag: str) -> bytes:
    found = EventAccumulator(str(folder))
    found.Reload()
    content: bytes = found.Tensors(tag)[-1].tensor_proto.string_val[0]
    return content


def hand_over(story: Any, trial: str) -> None:
    story.tell(
        ev.Refitted(
            at=story.now,
            trial=trial,
            epochs=2,
            path="winner/model.ckpt",
            size_bytes=10,
            refit=True,
            seconds=1.0,
        )
    )


def test_charts_show_the_objective_and_losses_beside_each_other(story, tmp_path):
    trial = story.trial({"lr": 0.1})
    story.epoch(trial, 0.5, more={"val/loss": 1.0, "train/loss": 2.0})
    layout = layout_pb2.Layout()
    layout.ParseFromString(tensor(tmp_path / "tensorboard" / "search", "custom_scalars__config__"))
    charts = {
        chart.title: list(chart.multiline.tag)
        for category in layout.category
        for chart in category.chart
    }
    assert charts == {
        "val/accuracy": ["^val/accuracy$"],
        "best so far": ["^best/val/accuracy$"],
        "search": ["^search/val/accuracy$"],
        "loss": ["^train/loss$", "^val/loss$"],
        "hyperparameters": ["^applied/"],
    }


def test_the_winner_is_told_in_words_once_it_is_handed_over(story, tmp_path):
    story.epoch(story.trial({"lr": 0.1}), 0.5)
    best = story.trial({"lr": 0.01})
    story.epoch(best, 0.75)
    assert winner_words(story.state) == ""
    hand_over(story, best)
    words = tensor(tmp_path / "tensorboard" / "winner", "winner").decode()
    assert "| trial | 0001 |" in words
    assert "| val/accuracy | 0.75 at epoch 1, 0.25 better than the default (0.5) |" in words
    assert "| lr | 0.01 |" in words


def test_another_training_of_the_default_is_not_compared_with_it(story, tmp_path):
    story.epoch(story.trial({"lr": 0.1}), 0.5)
    again = story.trial({"lr": 0.1}, origin={"kind": "repeat", "of": "0000"})
    story.epoch(again, 0.75)
    hand_over(story, again)
    assert "| val/accuracy | 0.75 at epoch 1 |" in winner_words(story.state)


def test_its_test_is_told_when_it_is_known(story, tmp_path):
    trial = story.trial({"lr": 0.1})
    story.epoch(trial, 0.5)
    hand_over(story, trial)
    story.tell(ev.TestOpened(at=story.now, trial=trial))
    story.tell(ev.Tested(at=story.now, trial=trial, values={"test/accuracy": 0.625}))
    words = tensor(tmp_path / "tensorboard" / "winner", "winner").decode()
    assert "| test/accuracy | 0.625 |" in words
