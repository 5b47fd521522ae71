"""How is one model trained in this process, on what `Tuner.search` takes as data?"""

from __future__ import annotations

import copy
from typing import Any

from raysearch.checks import integer_fault, raise_faults
from raysearch.errors import ConfigurationError
from raysearch.training.namespace import namespace_of
from raysearch.tuners.arguments import Further
from raysearch.tuners.data import Given


def fit(model: Any, train: Any, val: Any, *, epochs: int, **given: Any) -> dict[str, float]:
    """Train a LightningModule with its own Lightning; see `Tunable.fit`."""
    raise_faults(integer_fault("epochs", epochs, at_least=1))
    namespace = namespace_of(model, kind="LightningModule", path="the model")
    further: Any = {name: given.pop(name) for name in Further.__annotations__ if name in given}
    data = Given.of(train, val, **further).data(namespace=namespace)
    if isinstance(data, type):
        data = data()
    if not hasattr(data, "train_dataloader"):
        raise ConfigurationError(f"train is {data!r}. Give a data module, loaders or arrays.")
    quiet = {"logger": False, "enable_checkpointing": False, "enable_model_summary": False}
    callbacks = [copy.deepcopy(each) for each in further.get("callbacks", ())]
    made = namespace.load(":Trainer")(
        max_epochs=epochs,
        callbacks=callbacks,
        **{**quiet, "enable_progress_bar": False, **given},
    )
    made.fit(model, datamodule=data)
    return {name: float(value) for name, value in made.callback_metrics.items()}
