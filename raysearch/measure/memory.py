"""How much memory do tensors take at the peak of a computation?

On a GPU torch's allocator knows. On a CPU nothing does, and the process's own peak says as much of
what ran before; so the storages that operations return are counted as they come and go. What a
kernel takes for itself inside one operation is not seen.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class _Living(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's has no types
    """Counts the bytes of storages that operations have returned and that are still in use."""

    def __init__(self, kept: Iterable[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._bytes: dict[int, int] = {}
        self._now = 0
        self.peak = 0
        for tensor in kept:
            self._see(tensor)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation and look at what it returns."""
        found = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(found):
            if isinstance(leaf, Tensor):
                self._see(leaf)
        return found

    def _see(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._bytes or tensor.device.type == "meta":
            return
        self._bytes[key] = storage.nbytes()
        self._now += storage.nbytes()
        self.peak = max(self.peak, self._now)
        weakref.finalize(storage, self._gone, key)

    def _gone(self, key: int) -> None:
        self._now -= self._bytes.pop(key, 0)


def inference_bytes(model: nn.Module, run: Callable[[], object], *, device: str = "cpu") -> int:
    """Return the peak of tensors in a forward pass without gradients, parameters included.

    Args:
        model: In evaluation mode, on the device.
        run: One forward pass.
        device: "cpu" or "cuda".

    Example:
        >>> layer = nn.Linear(100, 1000, bias=False).eval()
        >>> inference_bytes(layer, lambda: layer(torch.zeros(1, 100))) >= 4 * 100 * 1000 + 4 * 1000
        True
    """
    with torch.no_grad():
        return _peak(model, run, device=device)


def training_bytes(model: nn.Module, run: Callable[[], Any], *, device: str = "cpu") -> int:
    """Return the peak of tensors in a forward and backward pass, with parameters and gradients.

    What goes backward is the sum of all that the forward pass returns. The state of an optimiser
    comes on top: two copies of the parameters for Adam.

    Args:
        model: In training mode, on the device; its gradients are cleared.
        run: One forward pass.
        device: "cpu" or "cuda".
    """

    def step() -> None:
        outputs = [leaf for leaf in tree_leaves(run()) if _has_gradient(leaf)]
        if outputs:
            total = torch.stack([output.float().sum() for output in outputs]).sum()
            total.backward()  # type: ignore[no-untyped-call]

    model.zero_grad(set_to_none=True)
    try:
        with torch.enable_grad():
            return _peak(model, step, device=device)
    finally:
        model.zero_grad(set_to_none=True)


def _has_gradient(leaf: object) -> bool:
    return isinstance(leaf, Tensor) and leaf.requires_grad


def _peak(model: nn.Module, run: Callable[[], object], *, device: str) -> int:
    if device != "cpu":
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        run()
        torch.cuda.synchronize()
        return int(torch.cuda.max_memory_allocated())
    living = _Living([*model.parameters(), *model.buffers()])
    with living:
        run()
    return living.peak
