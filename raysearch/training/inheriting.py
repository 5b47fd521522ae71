"""How does a trial begin with the weights of its parent?

The model that its constructor made is filled out of the parent's checkpoint (see `growing`), and
the optimiser's moments follow once it has been made; its numbers, such as the learning rate, are
the child's own, and so are schedule, epochs and order. A trial that goes on from a checkpoint of
its own needs its parent's no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raysearch.errors import TrialFailed
from raysearch.init_from import InitFrom
from raysearch.run_dir.remote.mirrors import local_copy
from raysearch.training.checkpoints import damage
from raysearch.training.growing import inherit
from raysearch.training.job import TrainingJob
from raysearch.training.old_weights import read
from raysearch.trial import Value

if TYPE_CHECKING:
    import pytorch_lightning as pl


class Heir:
    """Gives the optimiser the moments that a child inherits.

    To be derived from "callbacks:Callback".

    Args:
        job: What is trained, from its start.
        start: The parent and its checkpoint.
        model: The child's, as its constructor has made it; its weights become the parent's.

    Raises:
        TrialFailed: The checkpoint is missing or damaged.
        ConfigurationError: It cannot be taken over.
    """

    OBSERVES = "first batch"
    """See `raysearch.training.lean.obstacles`."""

    def __init__(self, job: TrainingJob, *, start: InitFrom, model: Any) -> None:
        fault = damage(local_copy(Path(start.checkpoint)), size_bytes=None, is_zip=True)
        if fault is not None:
            raise TrialFailed(
                f"trial {job.trial} begins with the weights of trial {start.parent}, and {fault}. "
                "Without them it would be another trial; later ones are not concerned."
            )
        found = inherit(read(start.checkpoint, job=job), model=model)
        self.inherited: Mapping[str, Value] = {"trial": start.parent, **found.to_json()}
        """What became of the parent's weights, for the journal."""
        self._states = found.optimizer_states

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the moments into the optimiser, whose numbers stay."""
        for optimizer, inherited in zip(trainer.optimizers, self._states, strict=False):
            groups = optimizer.state_dict()["param_groups"]
            optimizer.load_state_dict({"state": inherited["state"], "param_groups": groups})
        self._states = []
