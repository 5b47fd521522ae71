"""What do `search`, `as_search` and `hypermodel.fit` take beside training and validation data?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from raysearch.checks import raise_faults
from raysearch.errors import unknown_name


class Further(TypedDict, total=False):
    """Keyword arguments beside the data, in Keras's words."""

    epochs: int | None
    """Epochs of a trial that is never stopped. Methods with `max_epochs` do not need it."""
    callbacks: Sequence[Any]
    """Lightning's, such as EarlyStopping; each trial has copies of its own."""
    batch_size: int
    """Examples of a batch, of arrays and data sets; 32 by default."""
    validation_data: Any
    """Validation data, for those who have the targets in the second place."""
    validation_split: float | None
    """Share of the arrays that is taken for validation from their end."""


_LOADERS = "Give DataLoaders, which have it, in place of arrays."
_MODULE = "A LightningModule has it in its training_step, a plain network in the tuner's loss."
_TRAINER = "Say it of Lightning's Trainer, in the tuner's trainer={...}"
_ELSEWHERE = {
    "class_weight": _MODULE,
    "initial_epoch": "A search that was stopped goes on by itself; see project_name.",
    "max_epochs": "Say epochs here; Hyperband, ASHA and PBT take max_epochs themselves.",
    "sample_weight": _MODULE,
    "shuffle": f"Training data are shuffled. {_LOADERS}",
    "steps_per_epoch": f"{_TRAINER}: limit_train_batches.",
    "validation_batch_size": _LOADERS,
    "validation_freq": f"{_TRAINER}: check_val_every_n_epoch.",
    "validation_steps": f"{_TRAINER}: limit_val_batches.",
    "verbose": "Whether the search is shown is progress=True or False.",
}
"""Argument of Keras -> what there is instead."""


def refuse_unknown(given: Mapping[str, Any]) -> None:
    """Check the names of keyword arguments.

    Raises:
        ConfigurationError: With all that are none.
    """
    valid = tuple(Further.__annotations__)
    raise_faults(
        *(
            f"{name} is no argument of search here. {_ELSEWHERE[name]}"
            if name in _ELSEWHERE
            else unknown_name(name, kind="an argument of search", valid=(*valid, "progress"))
            for name in given
            if name not in valid
        )
    )
