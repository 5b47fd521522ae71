"""Which loop serves a fit, Lightning's or the lean one, and why?

The lean loop takes the place of parts of Lightning that are private to it. So it serves only with
versions of Lightning that it was compared with, bit by bit, and whose parts are where it looks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from raysearch.training.lean.epochs import VALIDATION, LeanEpochs
from raysearch.training.lean.obstacles import obstacles_of, refusal
from raysearch.training.namespace import Namespace
from raysearch.trial import Loop

COMPARED = ("2.6.0", "2.6.1", "2.6.4", "2.6.5", "2.6.6")
"""Versions of Lightning with which the lean loop was found to be equal."""

_EPOCHS = "loops.training_epoch_loop:_TrainingEpochLoop"

_PARTS = {
    _EPOCHS: (
        "run",
        "advance",
        "on_advance_end",
        "update_lr_schedulers",
        "_num_ready_batches_reached",
    ),
    VALIDATION: ("on_run_start", "_evaluation_step"),
    "trainer.call:_call_callback_hooks": (),
    "trainer.call:_call_lightning_module_hook": (),
    "trainer.call:_call_strategy_hook": (),
    "plugins.precision.precision:Precision": ("_after_closure",),
    "loops.optimization.automatic:_AutomaticOptimization": (
        "_on_before_zero_grad",
        "_optimizer_zero_grad",
    ),
    "loops.optimization.automatic:Closure": ("closure", "consume_result"),
    "loops.optimization.automatic:ClosureResult": ("from_training_step_output",),
    "utilities.signature_utils:is_param_in_hook_signature": (),
    "core.optimizer:LightningOptimizer": ("step",),
    "core.optimizer:do_nothing_closure": (),
    "trainer.connectors.logger_connector.logger_connector:_LoggerConnector": (
        "on_batch_start",
        "on_batch_end",
        "should_reset_tensors",
        "update_train_step_metrics",
    ),
    "trainer.connectors.logger_connector.result:_ResultCollection": ("_extract_batch_size",),
    "trainer.connectors.logger_connector.result:_ResultMetric": ("forward",),
    "trainer.connectors.logger_connector.result:_get_default_dtype": (),
}
"""Private parts of Lightning that are used -> what they must have."""


def serve(trainer: Any, *, namespace: Namespace, loop: Loop) -> Any:
    """Return a Trainer whose fit the lean loop serves, where it can.

    Args:
        trainer: A new Trainer.
        namespace: The Lightning it is of.
        loop: The lean loop where it is exact ("auto"), or else an error ("lean"), or never
            ("trainer").

    Raises:
        ConfigurationError: The lean loop is asked for, and does not know this Lightning. What else
            keeps it from serving shows when an epoch begins, and is raised then.
    """
    if loop == "trainer":
        return trainer
    unknown = unknown_lightning(namespace)
    if unknown and loop == "lean":
        raise refusal([unknown])
    if not unknown:
        trainer.fit_loop.epoch_loop = namespace.derive(LeanEpochs, part=_EPOCHS)(
            trainer,
            replaced=trainer.fit_loop.epoch_loop,
            namespace=namespace,
            is_wanted=loop == "lean",
        )
    return trainer


def why_not_lean(trainer: Any, *, namespace: Namespace) -> list[str]:
    """Return what keeps the lean loop from serving a fit; nothing if it serves.

    Args:
        trainer: In the middle of a fit, with model, optimisers and callbacks in place.
        namespace: The Lightning of the fit.
    """
    unknown = unknown_lightning(namespace)
    return [unknown] if unknown else obstacles_of(trainer, namespace=namespace)


@cache
def unknown_lightning(namespace: Namespace) -> str:
    """Return why the lean loop does not know this Lightning; empty if it does."""
    version = namespace.load(":__version__")
    if version not in COMPARED:
        return f"Lightning is {version}, and it was compared with {', '.join(COMPARED)}"
    missing = [part for part, needed in _PARTS.items() if not _has(part, needed, namespace.load)]
    return f"Lightning has no {', '.join(missing)} as expected" if missing else ""


def _has(part: str, needed: tuple[str, ...], load: Callable[[str], Any]) -> bool:
    try:
        found = load(part)
    except (ImportError, AttributeError):
        return False
    return all(hasattr(found, name) for name in needed)
