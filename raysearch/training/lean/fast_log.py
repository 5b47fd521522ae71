"""How does `self.log` cost less, and keep the same values?

The first call of each kind in a fit is Lightning's: it checks the arguments, and registers the
metric. A later call with the same arguments gives its value to the same metric of Lightning's,
which accumulates it as ever; what is left out is checking and registering once more, and moving the
metric to where it is. Anything else, such as a `Metric` object, is Lightning's every time.
"""

from __future__ import annotations

from contextlib import suppress
from types import MethodType
from typing import Any

import torch
from torch import Tensor

from raysearch.training.namespace import Namespace

_NAME = "log"

_RESULT = "trainer.connectors.logger_connector.result"


class FastLog:
    """Stands for the `log` of a model during one fit, in a `with` statement.

    A copy of the model has Lightning's `log` again.

    Args:
        loop: The epoch loop of the model's fit: it has the results of training, and its `val_loop`
            those of validation.
        model: A model whose `log` is Lightning's.
        namespace: The Lightning that both are of.
    """

    def __init__(self, loop: Any, model: Any, *, namespace: Namespace) -> None:
        self._loop = loop
        self._model = model
        self._attributes = vars(model)
        self._connector = loop.trainer._logger_connector
        self._lightnings = MethodType(type(model).log, model)
        self._dtype = namespace.load(f"{_RESULT}:_get_default_dtype")
        self._known: dict[Any, Any] = {}

    def __enter__(self) -> None:
        self._attributes[_NAME] = self

    def __exit__(self, *_: object) -> None:
        self._attributes.pop(_NAME, None)

    def __call__(
        self,
        name: str,
        value: Any,
        prog_bar: bool = False,
        logger: bool | None = None,
        on_step: bool | None = None,
        on_epoch: bool | None = None,
        reduce_fx: Any = "mean",
        enable_graph: bool = False,
        sync_dist: bool = False,
        sync_dist_group: Any = None,
        add_dataloader_idx: bool = True,
        batch_size: Any = None,
        metric_attribute: str | None = None,
        rank_zero_only: bool = False,
    ) -> None:
        """Log a value; the arguments are those of Lightning's `log`."""
        hook = self._attributes["_current_fx_name"]
        results = self._results(hook)
        shown = (prog_bar, logger, on_step, on_epoch, reduce_fx)
        before = (*shown, enable_graph, sync_dist, sync_dist_group, add_dataloader_idx)
        after = (metric_attribute, rank_zero_only)
        key = None
        if results is not None and type(value) in _SIMPLE:
            key = (hook, name, results.dataloader_idx, before, after)
            metric = self._find(key)
            plain = None if metric is None else self._plain(value, like=metric.value)
            if plain is not None:
                if self._connector.should_reset_tensors(hook):
                    results.reset(metrics=False, fx=hook)
                size = results._extract_batch_size(metric, batch_size, metric.meta)
                metric.forward(plain, size)
                metric.has_reset = False
                self._connector._current_fx = hook
                return
        self._lightnings(name, value, *before, batch_size, *after)
        is_warned_of = logger and self._loop.trainer.logger is None
        if key is not None and not enable_graph and not is_warned_of:
            self._note(key, results, add_dataloader_idx=add_dataloader_idx)

    def _results(self, hook: str | None) -> Any:
        """Return the results that the hook logs to; None for hooks that log little."""
        if torch.compiler.is_compiling():
            return None
        if hook == "training_step":
            return self._loop._results
        return self._loop.val_loop._results if hook in _OF_VALIDATION else None

    def _find(self, key: Any) -> Any:
        try:
            return self._known.get(key)
        except TypeError:  # an argument cannot be hashed
            return None

    def _plain(self, value: Any, *, like: Tensor) -> Tensor | None:
        """Return the value as Lightning's metrics take it; None where Lightning has to look."""
        device = self._model.device if type(value) is not Tensor else value.device
        if device != like.device:
            return None
        if type(value) is not Tensor:
            return torch.tensor(value, device=device, dtype=self._dtype())
        if value.dtype not in _FLOATING or value.numel() != 1:
            return None
        return value.detach().squeeze()

    def _note(self, key: Any, results: Any, *, add_dataloader_idx: bool) -> None:
        """Remember the metric that Lightning has registered for a call."""
        hook, name, index, _, _ = key
        suffix = f".{index}" if add_dataloader_idx and index is not None else ""
        metric = results.get(f"{hook}.{name}{suffix}")
        if metric is not None and metric.is_tensor and not metric.meta.sync.should:
            with suppress(TypeError):  # an argument cannot be hashed
                self._known[key] = metric

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return MethodType(type(self._model).log, memo.get(id(self._model), self._model))

    def __reduce__(self) -> Any:
        return getattr, (self._model, _NAME)


_OF_VALIDATION = ("validation_step", "on_validation_epoch_end")
_SIMPLE = (Tensor, float, int)
_FLOATING = (torch.float32, torch.float64)
