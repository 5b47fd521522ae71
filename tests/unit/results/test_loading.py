"""Opening the winner: the model as it was trained, or a message that says what is missing."""

from __future__ import annotations

import dataclasses

import pytest

from raysearch.errors import ConfigurationError, RunDirectoryError, TrialFailed
from raysearch.results import Results, load_model
from tests.recorded import Bytes, Recorded


class Saves(Bytes):
    """Hands over an untrained model as Lightning's checkpoints hold it."""

    def refit(self, job, *, epochs, path):
        import pytorch_lightning
        import torch

        from raysearch.imports import load_object

        make = load_object(job.model_class)
        if job.kind == "builder":
            from raysearch.space.define_by_run import Replay

            model = make(Replay(job.model_arguments))
        else:
            model = make(**job.model_arguments)
        with torch.no_grad():
            next(model.parameters()).fill_(0.5)  # as training would have changed it
        path.parent.mkdir(parents=True, exist_ok=True)
        checkpoint = {
            "state_dict": model.state_dict(),
            "hyper_parameters": dict(job.model_arguments),  # saved by the model or not
            "pytorch-lightning_version": pytorch_lightning.__version__,
        }
        torch.save(checkpoint, path)


@dataclasses.dataclass
class Notes:
    """What a user's model may put in its checkpoint."""

    seen: int


NOTES = f"{__name__}:Notes"


pytestmark = pytest.mark.timeout(120)  # imports torch and Lightning


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


OWN = """\
import {lightning} as pl
import torch


class Net(pl.LightningModule):
    def __init__(self, width, extra=1):
        super().__init__()
        self.layers = torch.nn.Linear(2, width + extra)


def build(hp):
    return Net(hp.Int("width", 4, 16))


class Data(pl.LightningDataModule):
    def __init__(self, size=3):
        super().__init__()
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Write a module of one's own, and hand over the winner of a search of it."""

    def handed_over(name, *, lightning="pytorch_lightning", **settings):
        (tmp_path / f"{name}.py").write_text(OWN.format(lightning=lightning))
        monkeypatch.syspath_prepend(str(tmp_path))
        objective = {"metric": "val_loss", "direction": "minimize"}
        search = Recorded(tmp_path / name, data=f"{name}:Data", objective=objective, **settings)
        search.trial(0.5)
        search.finish()
        Results.open(search.run_dir.path).refit(executor=Saves())
        return search

    return handed_over


@pytest.mark.parametrize("lightning", ["pytorch_lightning", "lightning"])
def test_a_class_of_ones_own_needs_no_saved_hyperparameters(own, lightning):
    name = f"nets_of_{lightning}"
    model_section = {"class": f"{name}:Net", "args": {"extra": 2}}
    search = own(name, lightning=lightning, model=model_section, space={"width": {"int": [4, 9]}})
    width = search.engine.state.trials["0000"].configuration["width"]
    model = load_model(search.run_dir.path)
    assert type(model).__mro__[1].__module__.startswith(lightning)
    assert model.layers.weight.shape == (width + 2, 2)
    assert model.layers.weight.sum().item() == width + 2
    header = (search.run_dir.winner / "config.yaml").read_text().splitlines()[:2]
    assert header == [
        f"# from {name} import Net",
        '# model = Net.load_from_checkpoint("model.ckpt")',
    ]


def test_what_a_builder_builds_is_built_again_and_filled(own):
    search = own("builders", model={"builder": "builders:build"}, space={})
    width = search.engine.state.trials["0000"].configuration["width"]
    model = load_model(search.run_dir.path)
    assert model.layers.weight.shape == (width + 1, 2)
    assert model.layers.weight.sum().item() == width + 1
    assert not model.training
    header = (search.run_dir.winner / "config.yaml").read_text().splitlines()[:2]
    assert header == [
        "# import raysearch",
        '# model = raysearch.load_model("..")  # what build returns, trained',
    ]


def test_an_object_without_import_path_is_named(ended):
    Results.open(ended.run_dir.path).refit(executor=Saves())
    path = ended.run_dir.winner / "config.yaml"
    path.write_text(path.read_text().replace("raysearch.models.mlp.module:MLP", "object:Mine"))
    with pytest.raises(ConfigurationError, match="Mine was given to the search as a Python object"):
        load_model(ended.run_dir.path)


def test_a_class_that_is_not_allowed_is_refused_with_the_argument_that_allows_it(ended):
    import torch

    Results.open(ended.run_dir.path).refit(executor=Saves())
    path = ended.run_dir.winner / "model.ckpt"
    torch.save({**torch.load(path, weights_only=True), "notes": Notes(3)}, path)
    with pytest.raises(TrialFailed) as raised:
        load_model(ended.run_dir.path)
    assert f"holds a {NOTES}" in str(raised.value)
    assert str(raised.value).endswith(f"open it with load_model(..., allow=['{NOTES}'])")
    assert "experiment:" not in str(raised.value)
    assert type(load_model(ended.run_dir.path, allow=[NOTES])).__name__ == "MLP"
