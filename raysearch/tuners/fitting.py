"""How is one model trained in this process, on what `Tuner.search` takes as data?"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from raysearch.checks import integer_fault, raise_faults
from raysearch.errors import ConfigurationError
from raysearch.training.namespace import namespace_of
from raysearch.tuners.data import Given


def fit(
    model: Any,
    train: Any,
    val: Any,
    *,
    epochs: int,
    callbacks: Sequence[Any] = (),
    batch_size: int = 32,
    validation_data: Any = None,
    validation_split: float | None = None,
    **trainer: Any,
) -> dict[str, float]:
    """Train a LightningModule with its own Lightning; see `Tunable.fit`."""
    raise_faults(integer_fault("epochs", epochs, at_least=1))
    namespace = namespace_of(model, kind="LightningModule", path="the model")
    data = Given.of(
        train,
        val,
        validation_data=validation_data,
        validation_split=validation_split,
        batch_size=batch_size,
    ).data(namespace=namespace)
    if isinstance(data, type):
        data = data()
    if not hasattr(data, "train_dataloader"):
        raise ConfigurationError(f"train is {data!r}. Give a data module, loaders or arrays.")
    quiet = {"logger": False, "enable_checkpointing": False, "enable_model_summary": False}
    given = {**quiet, "enable_progress_bar": False, **trainer}
    made = namespace.load(":Trainer")(
        max_epochs=epochs, callbacks=[copy.deepcopy(each) for each in callbacks], **given
    )
    made.fit(model, datamodule=data)
    return {name: float(value) for name, value in made.callback_metrics.items()}
