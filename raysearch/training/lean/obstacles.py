"""Why can the lean loop not serve a fit exactly?

It leaves out what nobody observes, so every observer is an obstacle: a hook around a batch, in the
model, the data module or a callback, and whatever else of Lightning's is not as it comes. What is
not known is an obstacle too: of Lightning's methods a model may override the `COMMON` ones alone.
"""

from __future__ import annotations

from typing import Any

from raysearch.errors import ConfigurationError
from raysearch.training.lean.hooks import (
    COMMON,
    OF_TRAINING,
    OF_TRANSFER,
    OF_VALIDATION,
    WATCHING,
    callback_hooks,
    overridden,
)
from raysearch.training.namespace import Namespace

_FETCHER = "loops.fetchers:_PrefetchDataFetcher"
"""What hands over batches, unless a step takes them from an iterator itself."""

_NO_OBSTACLES = ("first batch", "check")
"""What callbacks of ours may say in `OBSERVES`. The first batch of a fit is always Lightning's, and
so is a fit that `check` looks at; those with "steps" need every batch."""


def obstacles_of(trainer: Any, *, namespace: Namespace) -> list[str]:
    """Return what keeps the lean loop from serving the epoch that begins now.

    Args:
        trainer: In the middle of a fit, with model, optimisers and callbacks in place.
        namespace: The Lightning of the fit.

    Returns:
        Parts of a sentence, such as "Net overrides optimizer_step"; none if it serves exactly.
    """
    return [
        *_of_model(trainer.lightning_module, namespace=namespace),
        *_of_data(trainer.datamodule, namespace=namespace),
        *_of_callbacks(trainer.callbacks, namespace=namespace),
        *_of_training(trainer, namespace=namespace),
        *_of_parts(trainer, namespace=namespace),
        *_of_optimizers(trainer, namespace=namespace),
    ]


def refusal(obstacles: list[str]) -> ConfigurationError:
    """Return the error for a fit that the lean loop shall serve and cannot serve exactly."""
    return ConfigurationError(
        f"loop is lean, but the lean loop would not be exact here: {'; '.join(obstacles)}. Write "
        "loop: auto, which lets Lightning's Trainer serve what the lean loop cannot, or leave loop "
        "out."
    )


def is_validation_plain(trainer: Any, *, namespace: Namespace) -> bool:
    """Return whether nobody observes the batches of the validation that begins now."""
    observing = {*OF_VALIDATION, *OF_TRANSFER, *WATCHING}
    fetcher = trainer.fit_loop.epoch_loop.val_loop._data_fetcher
    return not (
        overridden(trainer.lightning_module, namespace=namespace) & observing
        or trainer.sanity_checking
        or type(fetcher) is not namespace.load(_FETCHER)
        or _of_data(trainer.datamodule, namespace=namespace)
        or any(callback_hooks(c, OF_VALIDATION, namespace=namespace) for c in trainer.callbacks)
        or _of_parts(trainer, namespace=namespace)
    )


def is_gauged(trainer: Any) -> bool:
    """Return whether `check` looks at the fit."""
    return any(_observes(callback) == "check" for callback in trainer.callbacks)


def log_is_lightnings(model: Any, *, namespace: Namespace) -> bool:
    """Return whether a model's `log` is Lightning's own, and nothing watches what it does."""
    return not overridden(model, namespace=namespace) & {"log", *WATCHING}


def _of_model(model: Any, *, namespace: Namespace) -> list[str]:
    name = type(model).__name__
    unknown = overridden(model, namespace=namespace) - COMMON
    found = [f"{name} overrides {method}" for method in sorted(unknown)]
    if not model.automatic_optimization:
        found.append(f"{name} optimises by itself (automatic_optimization is False)")
    if getattr(model, "_compiler_ctx", None) is not None:
        found.append(f"{name} is compiled")
    return found


def _of_data(data: Any, *, namespace: Namespace) -> list[str]:
    if data is None:
        return []
    hooks = [hook for hook in OF_TRANSFER if namespace.overrides(data, hook)]
    return [f"the data module overrides {hook}" for hook in hooks]


def _of_callbacks(callbacks: list[Any], *, namespace: Namespace) -> list[str]:
    found = []
    for callback in callbacks:
        observes = _observes(callback)
        if observes == "steps":
            found.append("steps are counted, not epochs (fidelity.max_steps)")
        elif observes not in _NO_OBSTACLES:
            hooks = callback_hooks(callback, OF_TRAINING, namespace=namespace)
            if hooks:
                found.append(f"the callback {type(callback).__name__} has {' and '.join(hooks)}")
    return found


def _observes(callback: Any) -> str:
    """Return what a callback of ours says about itself; empty for the user's."""
    kind = type(callback)
    return getattr(kind, "OBSERVES", "") if kind.__module__.startswith("raysearch.") else ""


def _of_training(trainer: Any, *, namespace: Namespace) -> list[str]:
    found = []
    if trainer.accumulate_grad_batches != 1:
        found.append(f"accumulate_grad_batches is {trainer.accumulate_grad_batches}")
    if trainer.gradient_clip_val is not None:
        found.append(f"gradient_clip_val is {trainer.gradient_clip_val}")
    if type(trainer.fit_loop._data_fetcher) is not namespace.load(_FETCHER):
        found.append("training_step takes a dataloader_iter")
    return found


def _of_parts(trainer: Any, *, namespace: Namespace) -> list[str]:
    parts = {
        "precision": (trainer.precision_plugin, "plugins.precision:Precision"),
        "strategy": (trainer.strategy, "strategies:SingleDeviceStrategy"),
        "profiler": (trainer.profiler, "profilers:PassThroughProfiler"),
    }
    found = [
        f"the {name} is {type(part).__name__}"
        for name, (part, expected) in parts.items()
        if type(part) is not namespace.load(expected)
        or any(callable(getattr(type(part), method, None)) for method in vars(part))
    ]
    found += [f"{name} is set" for name in ("fast_dev_run", "barebones") if getattr(trainer, name)]
    if trainer.strategy.model is not trainer.lightning_module:
        found.append("the strategy wraps the model")
    return found


def _of_optimizers(trainer: Any, *, namespace: Namespace) -> list[str]:
    if len(trainer.optimizers) != 1:
        return [f"there are {len(trainer.optimizers)} optimisers"]
    wrapper = trainer.strategy._lightning_optimizers[0]
    nothing = namespace.load("core.optimizer:do_nothing_closure")
    is_plain = (
        type(wrapper).step is namespace.load("core.optimizer:LightningOptimizer").step
        and "step" not in vars(wrapper)
        and wrapper._optimizer is trainer.optimizers[0]
        and wrapper._on_before_step is nothing
        and wrapper._on_after_step is nothing
    )
    if not is_plain:
        return ["the optimiser's step is wrapped"]
    if trainer.fit_loop._skip_backward:
        return ["a callback has switched backward off"]
    return []
