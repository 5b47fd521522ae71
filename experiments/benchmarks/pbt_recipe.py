"""What does Ray Tune's own PBT make of experiments/pbt.yaml, with the usual recipe for Lightning?

    python experiments/benchmarks/pbt_recipe.py [KEY=VALUE ...]

Each trial builds its module with the configuration that it is given, and goes on by
`trainer.fit(ckpt_path=...)`, as tutorials have it. KEY=VALUE changes the experiment: its seed,
`budget.trials`, `fidelity.max_epochs`, `scheduler.interval` and ranges. Prints one JSON line: the
best validation accuracy, the epochs, in how many epochs after a mutation the learning rate was
another one than asked for, and in how many the dropout had left its range.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import ray
from ray import tune
from ray.tune.schedulers import PopulationBasedTraining

from raysearch.data.digits.module import Data
from raysearch.experiment import Experiment, load
from raysearch.models.cnn.module import CNN

EXPERIMENT = Path(__file__).parents[1] / "pbt.yaml"
SEARCHED = ("learning_rate", "weight_decay", "dropout")


class _Report(pl.Callback):
    """Reports each epoch with a checkpoint, as the recipe does."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save and report."""
        used = trainer.optimizers[0].param_groups[0]["lr"]
        with tempfile.TemporaryDirectory() as folder:
            trainer.save_checkpoint(Path(folder) / "last.ckpt")
            metrics = {
                "accuracy": float(trainer.callback_metrics["val/accuracy"]),
                "asked": self._config["learning_rate"],
                "used": used,
                "dropout": self._config["dropout"],
            }
            tune.report(metrics, checkpoint=tune.Checkpoint.from_directory(folder))


def _train(config: dict[str, Any]) -> None:
    """Train one member, from its checkpoint if Ray Tune has one for it."""
    searched = {name: config[name] for name in SEARCHED}
    model = CNN(
        input_shape=[1, 8, 8], n_outputs=10, width=8, stages=2, schedule="constant", **searched
    )
    trainer = pl.Trainer(
        max_epochs=config["epochs"],
        accelerator="cpu",
        callbacks=[_Report(config)],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    checkpoint = tune.get_checkpoint()
    data = Data(batch_size=int(config["batch_size"]))
    if checkpoint is None:
        trainer.fit(model, data)
        return
    with checkpoint.as_directory() as folder:
        trainer.fit(model, data, ckpt_path=Path(folder) / "last.ckpt")


def recipe(changes: Sequence[str]) -> dict[str, Any]:
    """Return what Ray Tune's PBT reached, and with which numbers it really trained.

    Args:
        changes: Of the experiment, as KEY=VALUE.

    Side effects:
        Starts a Ray with two CPUs for this process, if there is none; it ends with the process.
    """
    if not ray.is_initialized():
        ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = _tuner(load(EXPERIMENT, overrides=changes), folder=folder).fit()
        frames = [result.metrics_dataframe for result in found]
    rows = [row for frame in frames if frame is not None for row in frame.to_dict("records")]
    return {
        "best": max(row["accuracy"] for row in rows),
        "epochs": len(rows),
        "epochs_with_another_rate": sum(row["asked"] != row["used"] for row in rows),
        "epochs_outside_the_space": sum(not 0 <= row["dropout"] <= 0.5 for row in rows),
        "seconds": round(time.monotonic() - began_s, 1),
    }


def _tuner(experiment: Experiment, *, folder: str) -> tune.Tuner:
    domains = {p.key: p.domain for p in experiment.space}
    settings, seed = experiment.settings, experiment.seed
    rng = np.random.default_rng(seed)
    random.seed(seed)  # Ray's scheduler draws from the global generators
    np.random.seed(seed)  # noqa: NPY002

    def drawn(key: str) -> Any:
        return tune.sample_from(lambda _: domains[key].sample(rng))

    rate = domains["learning_rate"]
    return tune.Tuner(
        _train,
        param_space={
            **{name: drawn(name) for name in SEARCHED},
            "batch_size": drawn("data.batch_size"),
            "epochs": experiment.fidelity.epochs,
        },
        tune_config=tune.TuneConfig(
            num_samples=settings["budget"]["trials"],
            reuse_actors=True,
            scheduler=PopulationBasedTraining(
                time_attr="training_iteration",
                metric="accuracy",
                mode="max",
                perturbation_interval=settings["scheduler"]["interval"],
                hyperparam_mutations={
                    "learning_rate": tune.loguniform(rate.low, rate.high),
                    "weight_decay": tune.loguniform(1e-4, 0.3),
                    "dropout": tune.uniform(0.0, 0.5),
                    "batch_size": list(domains["data.batch_size"].grid()),
                },
            ),
        ),
        run_config=tune.RunConfig(storage_path=folder, verbose=0),
    )


def main() -> None:
    """Run it, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("changes", nargs="*", metavar="KEY=VALUE")
    print(json.dumps(recipe(parser.parse_args().changes)), flush=True)


if __name__ == "__main__":
    main()
