"""What does a trained model do with each example of a split?

While it is evaluated, by its own steps, each call of its forward is seen with the batch that it was
for. That works for any LightningModule whose step calls its forward once for a batch of inputs and
targets; of others the metrics are known, and why no more is. Where several processes evaluate
together, each sees its share of every batch, and the shares are put together again at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from raysearch.errors import Unsupported
from raysearch.training.inspecting import task_of
from raysearch.training.outcomes import Outcomes
from raysearch.training.peers import ALONE, Peers

Part = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]
"""Truth, choice and loss of each example of a batch."""


class Collects:
    """Collects what becomes of each example in an evaluation.

    To be derived from "callbacks:Callback".

    Args:
        scale: Of regression: what 1 in the targets is in the data's own unit.
    """

    def __init__(self, *, scale: float = 1.0) -> None:
        self.reason = ""
        """Why outcomes are not known, a phrase for a person."""
        self._scale = scale
        self._task: Any = None
        self._calls: list[Any] = []
        self._handle: Any = None
        self._parts: list[Part] = []

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Begin to watch the model."""
        self._handle = pl_module.register_forward_hook(self._called)

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Watch it no more."""
        if self._handle is not None:
            self._handle.remove()
            self._handle = None

    def on_test_batch_start(self, *_: Any, **__: Any) -> None:
        """Forget the batch before."""
        self._calls.clear()

    def on_validation_batch_start(self, *_: Any, **__: Any) -> None:
        """Forget the batch before."""
        self._calls.clear()

    def on_test_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:  # fmt: skip
        """Take what came of a batch."""
        self._take(batch, dataloader_idx)

    def on_validation_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:  # fmt: skip
        """Take what came of a batch."""
        self._take(batch, dataloader_idx)

    def outcomes(self, peers: Peers = ALONE) -> Outcomes | None:
        """Return what became of the examples; None, with the reason, where that is not known.

        Args:
            peers: Who has evaluated along, and calls this as well.
        """
        seen = peers.gathered((self.reason, self._task, self._parts))
        self.reason = next((reason for reason, _, _ in seen if reason), self.reason)
        if self.reason or not any(parts for _, _, parts in seen):
            self.reason = self.reason or "there were no examples"
            return None
        try:
            batches = [
                _whole(shares) for shares in zip(*(parts for *_, parts in seen), strict=True)
            ]
            truth, chosen, losses = (np.concatenate(each) for each in zip(*batches, strict=True))
        except ValueError:
            self.reason = "batches have targets of different shapes"
            return None
        if not (np.isfinite(losses).all() and np.isfinite(chosen).all()):
            self.reason = "outputs are not finite"
            return None
        return Outcomes(
            task=self._task, truth=truth, chosen=chosen, losses=losses, scale=self._scale
        )

    def _called(self, module: Any, inputs: Any, output: Any) -> None:
        self._calls.append(output)

    def _take(self, batch: Any, dataloader_idx: int) -> None:
        if self.reason:
            return
        try:
            self._parts.append(self._part(batch, dataloader_idx))
        except Unsupported as error:
            self.reason = str(error)
            self._parts.clear()
        except (IndexError, RuntimeError, TypeError, ValueError) as error:
            # who looks on must not break what is looked at: outputs and targets of any kind
            self.reason = f"its outputs and targets do not fit together ({error})"
            self._parts.clear()

    def _part(self, batch: Any, dataloader_idx: int) -> Part:
        if dataloader_idx:
            raise Unsupported("the split has several loaders")
        if not isinstance(batch, list | tuple) or not batch or not isinstance(batch[-1], Tensor):
            raise Unsupported("a batch is no tuple of inputs and targets")
        if len(self._calls) != 1 or not isinstance(self._calls[0], Tensor):
            raise Unsupported("the step does not call forward once for a tensor of outputs")
        outputs, targets = self._calls[0].detach().float().cpu(), batch[-1].detach().cpu()
        if outputs.ndim == 0 or targets.ndim == 0 or len(outputs) != len(targets):
            raise Unsupported("the step does not give one output for each target")
        task = task_of(outputs, targets)
        if self._task not in (None, task):
            raise Unsupported("batches are of different tasks")
        self._task = task
        if task == "classification":
            losses = F.cross_entropy(outputs, targets.long(), reduction="none")
            return targets.long().numpy(), outputs.argmax(1).numpy(), losses.double().numpy()
        truth = targets.double().reshape(len(targets), -1)
        predicted = outputs.double().reshape(len(targets), -1)
        losses = (predicted - truth).square().mean(1)
        return truth.numpy(), predicted.numpy(), losses.numpy()


def _whole(shares: Sequence[Part]) -> Part:
    """Return a batch of which each process has seen every n-th example; see `sharing`.

    Raises:
        ValueError: They do not make one.
    """

    def put_together(each: Sequence[NDArray[Any]]) -> NDArray[Any]:
        whole = np.empty((sum(map(len, each)), *each[0].shape[1:]), dtype=each[0].dtype)
        for number, share in enumerate(each):
            whole[number :: len(each)] = share
        return whole

    truth, chosen, losses = (put_together(each) for each in zip(*shares, strict=True))
    return truth, chosen, losses


def collecting(namespace: Any, *, arguments: Any) -> Any:
    """Return the callback, of the model's own Lightning.

    Args:
        namespace: The Lightning.
        arguments: Of the model; a built-in one's `target_scale` is the unit of its metrics.
    """
    scale = arguments.get("target_scale", 1.0)
    made = namespace.derive(Collects, part="callbacks:Callback")
    return made(scale=float(scale) if isinstance(scale, int | float) else 1.0)
