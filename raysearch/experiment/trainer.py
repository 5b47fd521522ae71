"""Which arguments of Lightning's Trainer may an experiment set, and which does raysearch own?

Spelled out here so that a wrong one is refused without importing Lightning. Every argument of the
Trainer is in one of the two tables, which a test compares with the Trainer itself.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from raysearch.experiment.values import FORM

Count = Annotated[int, Field(ge=1, strict=True)]
Share = Count | Annotated[float, Field(gt=0, le=1, strict=True)]
Switch = Annotated[bool, Field(strict=True)]


class TrainerSection(BaseModel):
    """Arguments of Lightning's Trainer; those left out are chosen by raysearch."""

    model_config = FORM

    precision: (
        Literal["32-true", "16-mixed", "bf16-mixed", "16-true", "bf16-true", "64-true"] | None
    ) = None
    """Number format of training."""
    accumulate_grad_batches: Count | None = None
    """Batches whose gradients are added up before each step of the optimiser."""
    gradient_clip_val: Annotated[float, Field(gt=0, strict=True)] | None = None
    """Largest norm (or value) of the gradient; what exceeds it is scaled down."""
    gradient_clip_algorithm: Literal["norm", "value"] | None = None
    """Whether the gradient's norm is clipped, or each of its values."""
    deterministic: Switch | Literal["warn"] | None = None
    """Whether operations must be deterministic, as torch.use_deterministic_algorithms has it."""
    benchmark: Switch | None = None
    """Whether cuDNN tries its algorithms and takes the fastest."""
    detect_anomaly: Switch | None = None
    """Whether every backward pass is checked for NaN, which is slow."""
    inference_mode: Switch | None = None
    """Whether evaluation runs in torch.inference_mode rather than no_grad."""
    limit_train_batches: Share | None = None
    """Training batches of an epoch: a number, or a share of all such as 0.5; 1.0 is all."""
    limit_val_batches: Share | None = None
    """Validation batches of an epoch: a number, or a share of all such as 0.5; 1.0 is all."""


OWNED = {
    "accelerator": "Use resources.gpus: a trial with a share of a GPU trains on it.",
    "barebones": "Trials must log metrics, which barebones switches off. Leave it out.",
    "callbacks": "Callbacks of one's own are not available in this version.",
    "check_val_every_n_epoch": "Every epoch is validated, so that trials can be compared.",
    "default_root_dir": "Every trial has its folder in the run directory.",
    "devices": "Use resources.cpus and resources.gpus.",
    "enable_autolog_hparams": "The configuration is recorded with every trial.",
    "enable_checkpointing": "Use checkpoint.every and checkpoint.budget_gb.",
    "enable_model_summary": "Sizes are shown by `trial RUN ID`.",
    "enable_progress_bar": "The live view shows the progress of all trials.",
    "fast_dev_run": "For a short run use fidelity.max_epochs=1 and budget.trials=1.",
    "limit_predict_batches": "Nothing is predicted during a search.",
    "limit_test_batches": "The test covers all of its split.",
    "log_every_n_steps": "Metrics are logged once per epoch.",
    "logger": "Every trial is logged to TensorBoard and to the run directory.",
    "max_epochs": "Use fidelity.max_epochs.",
    "max_steps": "Use fidelity.max_epochs.",
    "max_time": "Use budget.minutes, which limits the whole search.",
    "min_epochs": "Use scheduler.min_epochs.",
    "min_steps": "Use scheduler.min_epochs.",
    "model_registry": "The winner is kept in the run directory.",
    "num_nodes": "A trial runs on one machine; many trials spread over many machines.",
    "num_sanity_val_steps": "No validation runs before training.",
    "overfit_batches": "It would validate on training data. Use limit_train_batches.",
    "plugins": "Plugins are not available in this version.",
    "profiler": "Profilers are not available in this version.",
    "reload_dataloaders_every_n_epochs": "The data module is prepared once and shared.",
    "strategy": "A trial runs on one device in this version.",
    "sync_batchnorm": "A trial runs on one device in this version.",
    "use_distributed_sampler": "A trial runs on one device in this version.",
    "val_check_interval": "Every epoch is validated once, at its end.",
}
"""Arguments that raysearch sets itself -> why, or the key to use instead."""
