"""Does the lean loop do what Lightning's does, bit by bit, and leave what it does not know?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from raysearch.data import DATA
from raysearch.data.table.space import data_spec
from raysearch.errors import ConfigurationError
from raysearch.models import FAMILIES
from raysearch.models.mlp import space as mlp_space
from raysearch.training.fit import refit, train
from tests import nets, other_nets, zoo
from tests.contracts.test_training import assert_equal, family_job, without_time

EPOCHS = 3
PYTORCH_LIGHTNING, LIGHTNING = zoo.PYTORCH_LIGHTNING, zoo.LIGHTNING


def zoo_job(directory, module, **settings):
    return nets.make_job(
        directory,
        model=module,
        **{"max_epochs": EPOCHS, "checkpoint_every_epochs": 1} | settings,
    )


def trained(job, *, loop, directory):
    """Return how a training ended, what it measured, and all that its checkpoints hold."""
    listener = nets.Listener()
    ending = train(replace(job, loop=loop, directory=str(directory)), report=listener)
    return ending, without_time(listener.measurements), contents(directory)


def contents(directory):
    files = sorted(Path(directory).rglob("*.ckpt"))
    return {file.name: torch.load(file, weights_only=False) for file in files}


def assert_same(job, tmp_path, *, lean="lean"):
    expected = trained(job, loop="trainer", directory=tmp_path / "trainer")
    found = trained(job, loop=lean, directory=tmp_path / "lean")
    assert found[:2] == expected[:2]
    assert found[1]
    assert found[2].keys() == expected[2].keys() != set()
    for name, checkpoint in expected[2].items():
        assert_equal(found[2][name], checkpoint)


SERVED = [
    "Base",
    "Logs",
    "Watches",
    "Returns",
    "Skips",
    "Measures",
    "Hooked",
    "Schedules",
    "Plateau",
    "Searches",
    "Idle",
    "Single",
    "Ends",
    "Stops",
    "Trains",
]

OF_LIGHTNING = (
    "ignore:.*training_step. returned .None:UserWarning",
    "ignore:.*configure_optimizers. returned .None:UserWarning",
    "ignore:.*Detected call of .lr_scheduler.step:UserWarning",
    "ignore:.*have no .validation_step:UserWarning",
    "ignore:.*dataloader_iter:UserWarning",
    "ignore:.*on_after_batch_transfer:UserWarning",
)
"""Warnings that these modules earn, from either loop."""


@pytest.mark.filterwarnings(*OF_LIGHTNING)
@pytest.mark.parametrize("name", SERVED)
@pytest.mark.parametrize("namespace", [PYTORCH_LIGHTNING, LIGHTNING], ids=["old", "new"])
def test_it_equals_lightning_for_all_that_it_serves(tmp_path, namespace, name):
    assert_same(zoo_job(tmp_path, getattr(namespace, name)), tmp_path)


STOPPING = {"class": "EarlyStopping", "args": {"monitor": "val/loss", "patience": 1}}

SETTINGS = {
    "loader of torch": {"data_arguments": {"loader": "dataloader"}},
    "two loaders": {"model": nets.TwoLoaderNet, "data_arguments": {"loader": "several"}},
    "one cycle": {"model": nets.Net, "model_arguments": {"schedule": "one_cycle"}},
    "cosine": {"model": nets.Net, "model_arguments": {"schedule": "cosine"}},
    "plateau by the step": {
        "model_arguments": {"interval": "step", "monitor": "train/loss"},
        "model": PYTORCH_LIGHTNING.Plateau,
    },
    "several validation loaders": {
        "model": nets.SeveralValidationsNet,
        "data": nets.SeveralValidations,
        "objective": replace(nets.LOSS, metric="val/loss/dataloader_idx_0"),
    },
    "validation every other epoch": {"trainer_arguments": {"check_val_every_n_epoch": 2}},
    "several validations in an epoch": {"trainer_arguments": {"val_check_interval": 0.5}},
    "validation by batches": {
        "trainer_arguments": {"val_check_interval": 3, "check_val_every_n_epoch": None}
    },
    "validation by the clock": {"trainer_arguments": {"val_check_interval": "00:00:00:00"}},
    "few batches": {"trainer_arguments": {"limit_train_batches": 3, "limit_val_batches": 1}},
    "the same batches": {"trainer_arguments": {"overfit_batches": 2}},
    "early stopping": {"trainer_arguments": {"callbacks": [STOPPING]}, "max_epochs": 12},
    "anomalies": {"trainer_arguments": {"detect_anomaly": True}},
    "an end by steps": {"trainer_arguments": {"min_steps": 6}, "model": PYTORCH_LIGHTNING.Ends},
    "the other Lightning": {"model": other_nets.Net, "model_arguments": {"width": 8}},
}


@pytest.mark.filterwarnings("ignore:Anomaly Detection:UserWarning")
@pytest.mark.parametrize("setting", SETTINGS)
def test_it_equals_lightning_whatever_the_user_sets(tmp_path, setting):
    settings = {"model": PYTORCH_LIGHTNING.Logs} | SETTINGS[setting]
    model = settings.pop("model")
    assert_same(zoo_job(tmp_path, model, **settings), tmp_path)


def test_a_logger_is_told_the_same(tmp_path):
    told = []
    for loop in ("trainer", "lean"):
        logger = {"class": "CSVLogger", "args": {"save_dir": str(tmp_path), "name": loop}}
        arguments = {"log_every_n_steps": 3, "logger": logger}
        job = zoo_job(tmp_path, PYTORCH_LIGHTNING.Logs, trainer_arguments=arguments)
        trained(job, loop=loop, directory=tmp_path / f"trial-{loop}")
        told.append((tmp_path / loop / "version_0" / "metrics.csv").read_text())
    assert told[0] == told[1]
    assert len(told[0].splitlines()) > EPOCHS * 2


@pytest.mark.timeout(90)  # fits of real networks
@pytest.mark.parametrize(
    ("family", "data"), [*((family, None) for family in FAMILIES), ("mlp", "diabetes")]
)
def test_it_equals_lightning_for_the_built_in_families(tmp_path, family, data):
    assert_same(family_job(tmp_path, family=family, data=data), tmp_path)


def test_it_equals_lightning_for_a_table_with_categories(tmp_path):
    rows = [f"{n % 7 / 3:.2f},{'abc'[n % 3]},{n % 5},{'yes' if n % 4 else 'no'}" for n in range(90)]
    path = tmp_path / "table.csv"
    path.write_text("\n".join(["size,kind,grade,bought", *rows]))
    spec = data_spec(path=str(path), target="bought", categorical=["kind", "grade"])
    arguments = mlp_space.data_arguments(spec)
    assert arguments["cardinalities"]
    job = replace(
        family_job(tmp_path, family="mlp", data="digits"),
        model_arguments={**mlp_space.search_space(spec).default(), **arguments, "dropout": 0.2},
        data_class=f"{DATA['table']}.module:Data",
        data_arguments={
            "path": str(path),
            "target": "bought",
            "categorical": ["kind", "grade"],
            "batch_size": 16,
        },
    )
    assert_same(job, tmp_path)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
@pytest.mark.parametrize("name", ["Base", "Logs", "Measures", "Schedules"])
def test_it_equals_lightning_on_a_gpu(tmp_path, name):
    model = getattr(PYTORCH_LIGHTNING, name)
    assert_same(zoo_job(tmp_path, model, accelerator="gpu"), tmp_path)


AVERAGING = {"swa_lrs": 0.01, "annealing_epochs": 1}

LEFT_TO_LIGHTNING = {
    "OwnStep": "OwnStep overrides optimizer_step",
    "OwnClipping": "OwnClipping overrides configure_gradient_clipping",
    "OwnBackward": "OwnBackward overrides backward",
    "OwnZero": "OwnZero overrides optimizer_zero_grad",
    "OwnTransfer": "OwnTransfer overrides on_after_batch_transfer",
    "OwnLog": "OwnLog overrides log",
    "AfterBatch": "AfterBatch overrides on_train_batch_end",
    "AtFirst": "AtFirst overrides on_after_backward",
    "Attributes": "Attributes overrides __setattr__",
    "Manual": r"Manual optimises by itself \(automatic_optimization is False\)",
    "Iterates": "training_step takes a dataloader_iter",
    "Brings": "the callback LambdaCallback has on_before_zero_grad",
}


@pytest.mark.filterwarnings(*OF_LIGHTNING)
@pytest.mark.parametrize("name", LEFT_TO_LIGHTNING)
def test_it_leaves_alone_what_it_does_not_know(tmp_path, name):
    module = getattr(LIGHTNING if len(name) % 2 else PYTORCH_LIGHTNING, name)
    job = zoo_job(tmp_path, module, max_epochs=2)
    assert_same(job, tmp_path, lean="auto")
    with pytest.raises(ConfigurationError, match=rf"^loop is lean, .*{LEFT_TO_LIGHTNING[name]}"):
        trained(job, loop="lean", directory=tmp_path / "refused")


def callback(name, **arguments):
    return {"callbacks": [{"class": name, "args": arguments}]}


SETTINGS_LEFT_TO_LIGHTNING = {
    "accumulate_grad_batches is 2": {"accumulate_grad_batches": 2},
    "accumulate_grad_batches is 3": callback("GradientAccumulationScheduler", scheduling={0: 3}),
    "gradient_clip_val is 0.5": {"gradient_clip_val": 0.5},
    "the precision is MixedPrecision": {"precision": "bf16-mixed"},
    "the precision is DoublePrecision": {"precision": "64-true"},
    "a callback has switched backward off": callback("StochasticWeightAveraging", **AVERAGING),
}


@pytest.mark.parametrize("reason", SETTINGS_LEFT_TO_LIGHTNING)
def test_it_leaves_alone_settings_that_it_does_not_know(tmp_path, reason):
    arguments = SETTINGS_LEFT_TO_LIGHTNING[reason]
    model = PYTORCH_LIGHTNING.Base
    job = zoo_job(tmp_path, model, trainer_arguments=arguments, max_epochs=2)
    assert_same(job, tmp_path, lean="auto")
    with pytest.raises(ConfigurationError, match=reason):
        trained(job, loop="lean", directory=tmp_path / "refused")


WITH_TIMES_OR_PATHS = {
    "the callback Timer has on_train_batch_end": {"max_time": {"hours": 1}},
    "the callback ModelCheckpoint has on_train_batch_end": callback("ModelCheckpoint"),
    "the profiler is SimpleProfiler": {"profiler": "simple"},
}


@pytest.mark.parametrize("reason", WITH_TIMES_OR_PATHS)
def test_it_leaves_alone_what_keeps_times_or_paths(tmp_path, reason):
    arguments = WITH_TIMES_OR_PATHS[reason]
    job = zoo_job(tmp_path, PYTORCH_LIGHTNING.Base, trainer_arguments=arguments, max_epochs=1)
    ending, measured, _ = trained(job, loop="auto", directory=tmp_path / "auto")
    assert (ending, len(measured)) == ("completed", 1)
    with pytest.raises(ConfigurationError, match=reason):
        trained(job, loop="lean", directory=tmp_path / "refused")


CHANGING = [
    "Changes", "Clips", "Accumulates", "Unfreezes", "WrapsStep", "WrapsStrategy",
    "PatchesItsClass", "RunsDry", "LimitsItself",
]  # fmt: skip


@pytest.mark.filterwarnings(*OF_LIGHTNING)
@pytest.mark.parametrize("name", CHANGING)
def test_it_follows_what_changes_as_it_goes(tmp_path, name):
    module = getattr(LIGHTNING if len(name) % 2 else PYTORCH_LIGHTNING, name)
    assert_same(zoo_job(tmp_path, module), tmp_path, lean="auto")


class Loader:
    """Yields some batches, and may promise more."""

    def __init__(self, batches, *, n_promised):
        self.batches, self.n_promised = batches, n_promised

    def __iter__(self):
        return iter(self.batches)

    def __len__(self):
        return self.n_promised


class ShortData(nets.Data):
    def train_dataloader(self):
        return Loader(list(super().train_dataloader()), n_promised=6)


class EmptyBatches(nets.Data):
    def train_dataloader(self):
        first, *others = super().train_dataloader()
        return Loader([first, None, *others], n_promised=5)


@pytest.mark.filterwarnings("ignore:train_dataloader yielded None", *OF_LIGHTNING)
@pytest.mark.parametrize(("data", "name"), [(ShortData, "Trains"), (EmptyBatches, "Logs")])
def test_it_copes_with_odd_loaders_as_lightning_does(tmp_path, data, name):
    assert_same(zoo_job(tmp_path, getattr(PYTORCH_LIGHTNING, name), data=data), tmp_path)


def test_steps_are_counted_by_lightning(tmp_path):
    job = zoo_job(tmp_path, nets.Net, max_epochs=2, max_steps=6, every_steps=3)
    assert_same(job, tmp_path, lean="auto")
    with pytest.raises(ConfigurationError, match="steps are counted, not epochs"):
        trained(job, loop="lean", directory=tmp_path / "refused")


@pytest.mark.parametrize(("first", "second"), [("lean", "trainer"), ("trainer", "lean")])
def test_one_goes_on_where_the_other_stopped(tmp_path, first, second):
    job = zoo_job(tmp_path, PYTORCH_LIGHTNING.Schedules)
    _, measured, whole = trained(job, loop=first, directory=tmp_path / "whole")
    rest = replace(job, resume_from=str(tmp_path / "whole" / "epoch-0001.ckpt"))
    _, again, found = trained(rest, loop=second, directory=tmp_path / "rest")
    assert again == measured[1:]
    for name, checkpoint in found.items():
        assert_equal(checkpoint, whole[name])


def test_a_refit_is_the_same(tmp_path):
    job = zoo_job(tmp_path, nets.Net, model_arguments={"schedule": "cosine"})
    for loop in ("trainer", "lean"):
        refit(replace(job, loop=loop), epochs=2, path=tmp_path / f"{loop}.ckpt")
    assert_equal(*(torch.load(tmp_path / f"{loop}.ckpt") for loop in ("trainer", "lean")))


def test_what_a_module_raises_is_the_same_and_leaves_nothing(tmp_path, monkeypatch):
    class Fails(PYTORCH_LIGHTNING.Base):
        def training_step(self, batch, batch_idx):
            if self.global_step == 6:
                self.log("loss", batch[0])  # not a single number
            return super().training_step(batch, batch_idx)

    monkeypatch.setattr(zoo, "Fails", Fails, raising=False)
    job = replace(zoo_job(tmp_path, nets.Net), model_class="tests.zoo:Fails")
    texts = []
    for loop in ("trainer", "lean"):
        with pytest.raises(ValueError, match="single element") as raised:
            trained(job, loop=loop, directory=tmp_path / loop)
        texts.append(str(raised.value))
    assert texts[0] == texts[1]
