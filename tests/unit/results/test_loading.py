"""Opening the winner: the model as it was trained, or a message that says what is missing."""

from __future__ import annotations

import pytest

from raysearch.errors import RunDirectoryError
from raysearch.results import Results, load_model
from tests.recorded import Bytes


class Saves(Bytes):
    """Hands over an untrained model as Lightning's checkpoints hold it."""

    def refit(self, job, *, epochs, path):
        import pytorch_lightning
        import torch

        from raysearch.training.classes import load_class

        model = load_class(job.model_class)(**job.model_arguments)
        path.parent.mkdir(parents=True, exist_ok=True)
        checkpoint = {
            "state_dict": model.state_dict(),
            "hyper_parameters": dict(model.hparams),
            "pytorch-lightning_version": pytorch_lightning.__version__,
        }
        torch.save(checkpoint, path)


pytestmark = pytest.mark.timeout(60)  # imports torch and Lightning


@pytest.fixture
def ended(search):
    search.trial(0.5)
    return search.finish()


def test_the_winner_is_opened_in_eval_mode(ended):
    Results.open(ended.run_dir.path).refit(executor=Saves())
    model = load_model(str(ended.run_dir.path))
    assert type(model).__name__ == "MLP"
    assert not model.training
    assert {parameter.device.type for parameter in model.parameters()} == {"cpu"}


def test_without_a_winner_the_way_to_one_is_named(ended):
    run = ended.run_dir.path
    with pytest.raises(RunDirectoryError) as raised:
        load_model(run)
    assert str(raised.value) == (
        f"There is no whole model in {run}/winner: model.ckpt is missing. "
        f"To hand it over: python -m raysearch refit {run}."
    )


@pytest.mark.parametrize("name", ["model.ckpt", "config.yaml", "metrics.json"])
def test_what_is_missing_is_named(ended, name):
    Results.open(ended.run_dir.path).refit(executor=Bytes())
    (ended.run_dir.path / "winner" / name).unlink()
    with pytest.raises(RunDirectoryError, match=f"{name} is missing"):
        load_model(ended.run_dir.path)


@pytest.mark.parametrize("text", ["", "model: MLP", "{", "trial: '0000'"])
def test_a_config_without_a_class_is_refused(ended, text):
    Results.open(ended.run_dir.path).refit(executor=Bytes())
    (ended.run_dir.path / "winner/config.yaml").write_text(text)
    with pytest.raises(RunDirectoryError, match=r"config\.yaml does not name the model's class"):
        load_model(ended.run_dir.path)
