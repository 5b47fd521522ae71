"""What does a training step come to, once everything that nobody observes is left out?

Lightning's own closure, in Lightning's order: the model's `training_step`, the gradients set to
None, backward, all of it called by the optimiser's `step`; and Lightning's counters, which user
code may read inside and which stand in checkpoints.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from torch import Tensor

from raysearch.training.lean.batches import Batches
from raysearch.training.namespace import Namespace


class Steps:
    """Takes the training steps of an epoch.

    Args:
        loop: The epoch loop of the fit.
        namespace: The Lightning of the fit.
    """

    def __init__(self, loop: Any, *, namespace: Namespace) -> None:
        trainer = loop.trainer
        automatic = "loops.optimization.automatic"
        self._closure = namespace.load(f"{automatic}:Closure")
        self._result = namespace.load(f"{automatic}:ClosureResult").from_training_step_output
        self.batches = Batches(trainer, namespace=namespace, step="training_step")
        self._model = trainer.lightning_module
        self._optimizer = trainer.optimizers[0]
        self._loop = loop
        self._trainer = trainer
        self._hook = namespace.load("trainer.call:_call_strategy_hook")
        self.is_observed = False
        """Whether the last step brought something that Lightning asks about after it."""
        self._counts = loop.automatic_optimization.optim_progress.optimizer

    def take(self, batch: Any, index: int) -> Any:
        """Take the step of one batch.

        Args:
            batch: The batch, on the model's device.
            index: Its number in the epoch, from 0.
        """
        closure = self._closure(
            step_fn=partial(self._forward, batch, index),
            backward_fn=self._backward,
            zero_grad_fn=partial(self._zero_grad, index),
        )
        self._counts.step.increment_ready()
        before = self.batches.enter("optimizer_step")
        self._optimizer.step(closure=partial(self._look_after, closure))
        if self.is_observed:
            self._trainer.strategy._lightning_optimizers[0]._on_after_step()
        self.batches.enter(before)
        self._counts.step.increment_completed()
        result = closure.consume_result()
        return {} if result.loss is None or not self.is_observed else result.asdict()

    def _look_after(self, closure: Any) -> Any:
        loss = closure()
        if self.is_observed:
            self._trainer.precision_plugin._after_closure(self._model, self._optimizer)
        return loss

    def _forward(self, batch: Any, index: int) -> Any:
        output = self.batches.step(batch, index)
        self.is_observed = self._loop.has_changed()
        return self._result(output, self._trainer.accumulate_grad_batches)

    def _zero_grad(self, index: int) -> None:
        if self.is_observed:
            lightnings = self._loop.automatic_optimization
            lightnings._on_before_zero_grad(self._optimizer)
            lightnings._optimizer_zero_grad(index, self._optimizer)
            return
        counts = self._counts.zero_grad
        counts.increment_ready()
        counts.increment_started()
        before = self.batches.enter("optimizer_zero_grad")
        self._optimizer.zero_grad()
        self.batches.enter(before)
        counts.increment_completed()

    def _backward(self, loss: Tensor) -> None:
        if self.is_observed:
            self._hook(self._trainer, "backward", loss, self._optimizer)
            return
        before = self.batches.enter("backward")
        self._model.backward(loss)
        self.batches.enter(before)
