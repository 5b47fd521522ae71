"""Are checkpoints written when they can matter, and whole or not at all?"""

from __future__ import annotations

import math

import pytest

from raysearch.training.checkpoints import CheckpointRule, add_checkpoint, write_whole
from raysearch.trial import Checkpoint, Measurement, Objective
from tests.nets import make_job


def epochs_saved(losses, *, seconds_per_epoch=1.0, max_epochs=None, **settings):
    """Return after which epochs a trial with these losses is saved."""
    job = make_job("unused", max_epochs=max_epochs or len(losses) + 100, **settings)
    rule = CheckpointRule(job, now_s=0.0)
    saved = []
    for epoch, loss in enumerate(losses, start=1):
        values = {} if loss is None else {"val/loss": loss if math.isfinite(loss) else None}
        measurement = Measurement(epoch=epoch, step=epoch, values=values, seconds=0.0)
        is_last = epoch == max_epochs
        if rule.is_due(measurement, is_last=is_last, now_s=epoch * seconds_per_epoch):
            saved.append(epoch)
    return saved


def test_new_bests_are_saved():
    assert epochs_saved([3.0, 2.0, 2.0, 2.5, 1.0]) == [1, 2, 5]


def test_a_best_of_an_earlier_attempt_counts():
    assert epochs_saved([3.0, 2.0, 1.0], best_before=2.0) == [3]


def test_values_that_are_missing_or_not_finite_are_never_best():
    assert epochs_saved([math.nan, None, 5.0]) == [3]


def test_more_is_better_when_maximised():
    objective = Objective(metric="val/loss", direction="maximize")
    assert epochs_saved([1.0, 3.0, 2.0], objective=objective) == [1, 2]


def test_the_last_epoch_is_saved():
    assert epochs_saved([1.0, 2.0, 3.0], max_epochs=3) == [1, 3]


def test_epochs_at_which_it_may_be_paused_are_saved():
    losses = [1.0, 2.0, 3.0, 4.0, 5.0]
    assert epochs_saved(losses, checkpoint_at=(3, 4)) == [1, 3, 4]
    assert epochs_saved(losses, checkpoint_at=(1, 3), epochs_before=1) == [1, 3]


def test_the_first_measurement_after_such_an_epoch_is_saved():
    rule = CheckpointRule(make_job("unused", checkpoint_at=(1, 3, 9), best_before=0.0), now_s=0.0)
    asked = {}
    for epoch in (2, 4, 6, 8, 10):
        measured = Measurement(epoch=epoch, step=epoch, values={"val/loss": 5.0}, seconds=0.0)
        asked[epoch] = rule.is_due(measured, is_last=False, now_s=0.0)
    assert asked == {2: True, 4: True, 6: False, 8: False, 10: True}


def test_an_interval_in_epochs():
    assert epochs_saved([1.0, 2.0, 3.0, 4.0, 5.0], checkpoint_every_epochs=2) == [1, 2, 4]


def test_an_interval_in_seconds_counts_from_the_last_one_written():
    losses = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert epochs_saved(losses, seconds_per_epoch=2.0, checkpoint_every_s=4.0) == [1, 3, 5]


def write_text(text):
    return lambda path: path.write_text(text)


def test_a_checkpoint_is_named_by_its_epoch(tmp_path):
    directory = tmp_path / "trials" / "0007"
    written = add_checkpoint(write_text("abc"), directory=directory, epoch=9)
    assert written == Checkpoint(epoch=9, path="epoch-0009.ckpt", size_bytes=3)
    assert (directory / "epoch-0009.ckpt").read_text() == "abc"


def test_what_is_there_is_never_overwritten(tmp_path):
    names = [add_checkpoint(write_text(str(n)), directory=tmp_path, epoch=9).path for n in range(3)]
    assert names == ["epoch-0009.ckpt", "epoch-0009-2.ckpt", "epoch-0009-3.ckpt"]
    assert [(tmp_path / name).read_text() for name in names] == ["0", "1", "2"]


def test_a_write_that_fails_leaves_nothing(tmp_path):
    def fail(path):
        path.write_text("half")
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        write_whole(fail, path=tmp_path / "model.ckpt")
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_keeps_what_was_there(tmp_path):
    path = tmp_path / "model.ckpt"
    write_whole(write_text("old"), path=path)

    def fail(temporary):
        temporary.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(fail, path=path)
    write_whole(lambda temporary: temporary.write_text(path.read_text() + " new"), path=path)
    assert path.read_text() == "old new"
    assert [p.name for p in tmp_path.iterdir()] == ["model.ckpt"]


def test_the_file_is_not_seen_before_it_is_whole(tmp_path):
    path = tmp_path / "model.ckpt"
    seen = []

    def save(temporary):
        temporary.write_text("whole")
        seen.append(path.exists())

    write_whole(save, path=path)
    assert seen == [False]
