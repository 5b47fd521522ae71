from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import api_pb2 as api
from tensorboard.plugins.hparams import metadata

from raysearch.live import event_files
from raysearch.live.tensorboard import TensorBoardWriter
from raysearch.run_dir import events as ev
from raysearch.space import Choice, Float, Space
from raysearch.trial import Objective

SPACE = Space({"lr": Float(0.001, 1.0, log=True), "optimizer": Choice(["sgd", "adam"])})
CONFIGURATION = {"lr": 0.1, "optimizer": "sgd"}


class Warnings(list[str]):
    def __call__(self, text: str) -> None:
        self.append(text)


@pytest.fixture
def warnings() -> Warnings:
    return Warnings()


@pytest.fixture
def writer(tmp_path: Path, objective: Objective, warnings: Warnings) -> Any:
    """Makes writers, one for each session of a driver."""
    return lambda: TensorBoardWriter(tmp_path, objective=objective, space=SPACE, warn=warnings)


def read(folder: Path) -> EventAccumulator:
    found = EventAccumulator(str(folder))
    found.Reload()
    return found


def curve(folder: Path, tag: str) -> list[tuple[int, float]]:
    return [(event.step, round(event.value, 6)) for event in read(folder).Scalars(tag)]


def hparams_of(folder: Path, tag: str) -> bytes:
    content: bytes = read(folder).SummaryMetadata(tag).plugin_data.content
    return content


def test_curves_of_a_trial_while_it_runs(new_story: Any, writer: Any, tmp_path: Path) -> None:
    story = new_story(writer()).start()
    trial = story.trial(CONFIGURATION)
    applied = {"lr": 0.05, "schedule": "cosine", "frozen": None}
    for epoch, value in enumerate((0.5, 0.75, 0.25), start=1):
        story.epoch(trial, value, more={"val/loss": 1 - value}, applied=applied)
        assert curve(tmp_path / trial, "val/accuracy")[-1] == (epoch, value)
    folder = tmp_path / trial
    assert curve(folder, "val/loss") == [(1, 0.5), (2, 0.25), (3, 0.75)]
    assert curve(folder, "best/val/accuracy") == [(1, 0.5), (2, 0.75), (3, 0.75)]
    assert curve(folder, "applied/lr") == [(1, 0.05), (2, 0.05), (3, 0.05)]
    assert sorted(read(folder).Tags()["scalars"]) == [
        "applied/lr",
        "best/val/accuracy",
        "val/accuracy",
        "val/loss",
    ]
    assert [event.wall_time for event in read(folder).Scalars("val/loss")] == [1001, 1002, 1003]


def test_the_page_knows_a_trial_from_its_start_to_its_end(
    new_story: Any, writer: Any, tmp_path: Path
) -> None:
    story = new_story(writer()).start()
    trial = story.trial(CONFIGURATION, starts=False)
    start = metadata.parse_session_start_info_plugin_data(
        hparams_of(tmp_path / trial, metadata.SESSION_START_INFO_TAG)
    )
    assert start.hparams["lr"].number_value == 0.1
    assert metadata.SESSION_END_INFO_TAG not in read(tmp_path / trial).Tags()["tensors"]
    story.now += 5
    story.end(trial, "failed", error="boom")
    end = metadata.parse_session_end_info_plugin_data(
        hparams_of(tmp_path / trial, metadata.SESSION_END_INFO_TAG)
    )
    assert (end.status, end.end_time_secs) == (api.STATUS_FAILURE, 1005.0)


def test_the_columns_hold_every_metric(new_story: Any, writer: Any, tmp_path: Path) -> None:
    story = new_story(writer()).start()
    a, b = story.trial(CONFIGURATION), story.trial(CONFIGURATION)
    story.epoch(a, 0.5, more={"val/loss": 1.0})
    story.epoch(b, 0.5, more={"another": 1.0})
    page = metadata.parse_experiment_plugin_data(
        hparams_of(tmp_path / "search", metadata.EXPERIMENT_TAG)
    )
    assert [info.name.tag for info in page.metric_infos] == [
        "best/val/accuracy",
        "val/accuracy",
        "another",
        "val/loss",
    ]
    assert [info.name for info in page.hparam_infos] == ["lr", "optimizer"]


def test_trials_outside_the_space_are_on_the_page(
    new_story: Any, writer: Any, tmp_path: Path
) -> None:
    story = new_story(writer()).start()
    story.epoch(story.trial({**CONFIGURATION, "lr": 100.0}), 0.5)
    page = metadata.parse_experiment_plugin_data(
        hparams_of(tmp_path / "search", metadata.EXPERIMENT_TAG)
    )
    assert page.hparam_infos[0].domain_interval.max_value == 100.0


def test_a_trial_of_a_space_with_other_types_has_its_curves(
    new_story: Any, writer: Any, tmp_path: Path
) -> None:
    """As when `lr` could be null, and a trial with that goes on after a resume without it."""
    story = new_story().start()
    trial = story.trial({"lr": None, "optimizer": 5})
    story.epoch(trial, 0.5)
    story.now += 100
    story.listeners.append(writer())
    story.resume()
    story.attempt(trial)
    story.epoch(trial, 0.75)
    story.end(trial)
    assert curve(tmp_path / trial, "val/accuracy") == [(1, 0.5), (2, 0.75)]
    start = metadata.parse_session_start_info_plugin_data(
        hparams_of(tmp_path / trial, metadata.SESSION_START_INFO_TAG)
    )
    assert start.hparams["lr"].string_value == "null"
    page = metadata.parse_experiment_plugin_data(
        hparams_of(tmp_path / "search", metadata.EXPERIMENT_TAG)
    )
    assert [info.WhichOneof("domain") for info in page.hparam_infos] == [None, None]


def test_the_best_over_all_trials(new_story: Any, writer: Any, tmp_path: Path) -> None:
    story = new_story(writer()).start()
    a, b = story.trial(CONFIGURATION), story.trial(CONFIGURATION)
    story.epoch(a, 0.5, 0.25)
    story.epoch(b, 0.25, 0.75, 0.5)
    story.end(b)
    assert curve(tmp_path / "search", "search/val/accuracy") == [(1, 0.5), (4, 0.75), (5, 0.75)]


def test_values_that_are_not_finite(new_story: Any, writer: Any, tmp_path: Path) -> None:
    story = new_story(writer()).start()
    trial = story.trial(CONFIGURATION)
    story.epoch(trial, None)
    (first,) = read(tmp_path / trial).Scalars("val/accuracy")
    assert math.isnan(first.value)
    assert "best/val/accuracy" not in read(tmp_path / trial).Tags()["scalars"]
    story.epoch(trial, 0.5)
    assert curve(tmp_path / trial, "best/val/accuracy") == [(2, 0.5)]


def test_a_resumed_trial_has_every_point_once(new_story: Any, writer: Any, tmp_path: Path) -> None:
    story = new_story(writer()).start()
    trial, ended = story.trial(CONFIGURATION), story.trial(CONFIGURATION)
    story.epoch(ended, 0.5)
    story.end(ended)
    story.epoch(trial, 0.5, 0.75)
    story.listeners.clear()
    story.epoch(trial, 0.6)  # journalled, and the driver was killed before it wrote the point
    story.now += 100
    story.listeners.append(writer())
    story.resume()
    story.attempt(trial)
    story.epoch(trial, 0.7, 0.9)
    story.end(trial)
    folder = tmp_path / trial
    values = [(1, 0.5), (2, 0.75), (3, 0.6), (4, 0.7), (5, 0.9)]
    assert curve(folder, "val/accuracy") == values
    assert curve(folder, "best/val/accuracy")[2:] == [(3, 0.75), (4, 0.75), (5, 0.9)]
    assert len(list(folder.iterdir())) == 2
    assert len(list((tmp_path / ended).iterdir())) == 1
    steps = [step for step, _ in curve(tmp_path / "search", "search/val/accuracy")]
    assert steps == sorted(set(steps))


def test_a_record_that_was_cut_short_loses_nothing(
    new_story: Any, writer: Any, tmp_path: Path
) -> None:
    story = new_story(writer()).start()
    trial = story.trial(CONFIGURATION)
    story.epoch(trial, 0.5, 0.75)
    (file,) = (tmp_path / trial).iterdir()
    os.truncate(file, file.stat().st_size - 3)
    story.now += 100
    story.listeners[:] = [writer()]
    story.resume()
    story.attempt(trial)
    story.epoch(trial, 0.8)
    assert curve(tmp_path / trial, "val/accuracy") == [(1, 0.5), (2, 0.75), (3, 0.8)]


def test_a_trial_that_ends_at_the_resume(new_story: Any, writer: Any, tmp_path: Path) -> None:
    story = new_story().start()
    trial = story.trial(CONFIGURATION)
    story.epoch(trial, 0.5)
    story.listeners.append(writer())
    story.resume()
    story.end(trial, "stopped")
    assert curve(tmp_path / trial, "val/accuracy") == [(1, 0.5)]
    assert metadata.SESSION_END_INFO_TAG in read(tmp_path / trial).Tags()["tensors"]


def test_no_file_stays_open(new_story: Any, writer: Any) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    story = new_story(writer()).start()
    for _ in range(20):
        story.epoch(story.trial(CONFIGURATION), 0.5)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_disk_that_cannot_be_written_to_is_told_once(
    new_story: Any, writer: Any, tmp_path: Path, warnings: Warnings
) -> None:
    story = new_story(writer()).start()
    trial = story.trial(CONFIGURATION)
    (tmp_path / "0001").write_text("in the way")
    story.trial(CONFIGURATION)
    story.epoch(trial, 0.5, 0.75)
    assert len(warnings) == 1
    assert "0001" in warnings[0]
    assert "The search goes on without them" in warnings[0]
    assert "val/accuracy" not in read(tmp_path / trial).Tags()["scalars"]
    (tmp_path / "0001").unlink()
    story.now += 1
    story.listeners[:] = [writer()]
    story.resume()
    story.attempt(trial)
    story.epoch(trial, 0.8)
    assert curve(tmp_path / trial, "val/accuracy") == [(1, 0.5), (2, 0.75), (3, 0.8)]


def test_a_full_disk(
    new_story: Any, writer: Any, warnings: Warnings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, *events: Any) -> None:
        raise OSError(28, "No space left on device", str(path))

    story = new_story(writer()).start()
    trial = story.trial(CONFIGURATION)
    monkeypatch.setattr(event_files, "append", full)
    story.epoch(trial, 0.5, 0.75)
    story.end(trial)
    assert len(warnings) == 1
    assert "No space left on device" in warnings[0]


def test_the_default_warning_goes_to_standard_error(
    new_story: Any, objective: Objective, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    writer = TensorBoardWriter(tmp_path / "file", objective=objective, space=SPACE)
    new_story(writer).start().trial(CONFIGURATION)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("TensorBoard's files cannot be written")


def test_hyperparameters_follow_what_a_trial_takes_over(
    new_story: Any, writer: Any, tmp_path: Path
) -> None:
    """Each stretch has a row of its own, and its curve goes on at its epoch."""
    story = new_story(writer()).start()
    source, trial = story.trial(CONFIGURATION), story.trial({"lr": 0.9, "optimizer": "sgd"})
    story.epoch(source, 0.5, 0.6)
    story.epoch(trial, 0.1, 0.2)
    story.tell(
        ev.Exploited(
            at=story.now, trial=trial, source=source, epoch=2, path="2.ckpt", size_bytes=1,
            configuration={"lr": 0.2, "optimizer": "sgd"}, changes={"lr": [0.1, 0.2]},
        )
    )  # fmt: skip
    story.attempt(trial)
    story.epoch(trial, 0.7)
    story.end(trial)
    later = tmp_path / trial / "from-epoch-0002"
    assert curve(tmp_path / trial, "val/accuracy") == [(1, 0.1), (2, 0.2)]
    assert curve(later, "val/accuracy") == [(3, 0.7)]
    rates = [
        metadata.parse_session_start_info_plugin_data(
            hparams_of(folder, metadata.SESSION_START_INFO_TAG)
        )
        .hparams["lr"]
        .number_value
        for folder in (tmp_path / trial, later)
    ]
    assert rates == [0.9, 0.2]
    for folder in (tmp_path / trial, later):
        assert hparams_of(folder, metadata.SESSION_END_INFO_TAG)
