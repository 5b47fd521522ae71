"""How does a batch get to the model, and which hook is it that runs?"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from raysearch.training.namespace import Namespace

_HOOK = "_current_fx_name"
"""Attribute of a model in which Lightning keeps the hook that runs; `log` asks for it."""


class Batches:
    """Hands batches to a step of the model, as Lightning does where no hook is around them.

    Args:
        trainer: In the middle of a fit.
        namespace: The Lightning of the fit.
        step: Which method of the model takes them.
    """

    def __init__(self, trainer: Any, *, namespace: Namespace, step: str) -> None:
        self._model = trainer.lightning_module
        self._attributes = vars(self._model)
        self._device = trainer.strategy.root_device
        self._name = step
        self._move = namespace.load_fabric("utilities.apply_func:move_data_to_device")
        self._takes = namespace.load("utilities.signature_utils:is_param_in_hook_signature")
        self._last: Any = None
        self._takes_index = False

    def moved(self, batch: Any) -> Any:
        """Return a batch on the fit's device, in containers of its own."""
        device = self._device
        if type(batch) is list and all(type(x) is Tensor and x.device == device for x in batch):
            return list(batch)
        return self._move(batch, device)

    def step(self, batch: Any, index: int, *others: Any) -> Any:
        """Return what the model's step makes of a batch.

        Args:
            batch: The batch, on the fit's device.
            index: Its number.
            others: What comes after it, such as the number of its loader.
        """
        step = getattr(self._model, self._name)
        if step != self._last:  # a model may take another step from some time on
            self._last, self._takes_index = step, self._takes(step, "batch_idx", min_args=2)
        arguments = (batch, index, *others) if self._takes_index else (batch, *others)
        before = self.enter(self._name)
        output = step(*arguments)
        self.enter(before)
        return output

    def enter(self, hook: str | None) -> str | None:
        """Say which hook runs, and return which one did."""
        before: str | None = self._attributes[_HOOK]
        self._attributes[_HOOK] = hook
        return before
