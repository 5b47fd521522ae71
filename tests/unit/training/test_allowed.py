"""Is nothing read back from a checkpoint but plain values and what the user named?"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from raysearch.errors import ConfigurationError, TrialFailed
from raysearch.training.allowed import allowed_only
from raysearch.training.evaluating import evaluate
from raysearch.training.fit import train
from tests import nets
from tests.nets import Listener, make_job

HERE = f"{__name__}:Notes"
LINE = f'checkpoint: {{allow: ["{HERE}"]}}'


@dataclasses.dataclass
class Notes:
    """What a user's model may put in its checkpoint."""

    seen: int


class Noting(nets.Net):
    """Counts its epochs in a dataclass, which its checkpoints hold."""

    notes = Notes(0)

    def on_train_epoch_end(self):
        self.notes = Notes(self.notes.seen + 1)

    def on_save_checkpoint(self, checkpoint):
        checkpoint["notes"] = self.notes

    def on_load_checkpoint(self, checkpoint):
        self.notes = checkpoint["notes"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train for an epoch; return the checkpoint."""
    folder = tmp_path_factory.mktemp("noting")
    listener = Listener(stop_after=1)
    train(make_job(folder, model=Noting), report=listener)
    return Path(folder) / listener.reports[-1].checkpoint.path


def job_from(checkpoint: Path, folder: Path, **settings: object):
    return make_job(
        folder,
        model=Noting,
        resume_from=str(checkpoint),
        epochs_before=1,
        **settings,
    )


def test_a_class_that_is_allowed_is_read_back(trained: Path, tmp_path: Path) -> None:
    listener = Listener()
    train(job_from(trained, tmp_path, allow=(HERE,)), report=listener)
    assert listener.reports[0].measurement.epoch == 2
    assert evaluate(
        job_from(trained, tmp_path, allow=(HERE,)), checkpoint=str(trained), split="validation"
    )


def test_another_is_refused_with_its_name_and_the_line_to_add(
    trained: Path, tmp_path: Path
) -> None:
    with pytest.raises(TrialFailed) as caught:
        train(job_from(trained, tmp_path), report=Listener())
    assert f"holds a {HERE}" in str(caught.value)
    assert str(caught.value).endswith(LINE)
    with pytest.raises(TrialFailed, match="was not read"):
        evaluate(job_from(trained, tmp_path), checkpoint=str(trained), split="validation")


def test_what_was_allowed_for_one_training_is_not_for_the_next(
    trained: Path, tmp_path: Path
) -> None:
    train(job_from(trained, tmp_path, allow=(HERE,)), report=Listener())
    with pytest.raises(TrialFailed, match="holds a"):
        train(job_from(trained, tmp_path), report=Listener())


def test_only_classes_can_be_allowed() -> None:
    with (
        pytest.raises(ConfigurationError, match="os:system is no class"),
        allowed_only("a.ckpt", allow=["os:system"]),
    ):
        pytest.fail("it was read")  # pragma: no cover
