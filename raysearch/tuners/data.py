"""How do arrays, tensors, data sets and loaders become data that a search can train on?

Given(train=(x, y), validation=(x_val, y_val))         arrays or tensors, inputs before targets
Given(train=x, targets=y, split=0.2)                   as in Keras
Given(train=loader, validation=loader)                 DataLoaders, or data sets of torch
Given(train=data_module)                               and whatever `Search` takes as data
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from raysearch.checks import integer_fault, raise_faults
from raysearch.errors import ConfigurationError
from raysearch.space.values import show
from raysearch.training.namespace import NAMESPACES, Namespace
from raysearch.tuners.arguments import Further


class Training:
    """A data module without validation data; to be derived from "LightningDataModule".

    Args:
        train: A loader, or a data set, which is shuffled.
        batch_size: Of data sets.
    """

    def __init__(self, train: Any, *, batch_size: int) -> None:
        super().__init__()
        self._train = train
        self._batch_size = batch_size

    def train_dataloader(self) -> Any:
        """Return the loader of training data."""
        return self._loader(self._train, shuffle=True)

    def _loader(self, given: Any, *, shuffle: bool) -> Any:
        if not isinstance(given, Dataset):
            return given
        shuffle = shuffle and not isinstance(given, IterableDataset)
        return DataLoader(given, batch_size=self._batch_size, shuffle=shuffle)


class TrainingAndValidation(Training):
    """A data module of two data sets or loaders; to be derived from "LightningDataModule".

    Args:
        train: As in `Training`.
        validation: A loader, or a data set, which is not shuffled.
        batch_size: Of data sets.
    """

    def __init__(self, train: Any, validation: Any, *, batch_size: int) -> None:
        super().__init__(train, batch_size=batch_size)
        self._validation = validation

    def val_dataloader(self) -> Any:
        """Return the loader of validation data."""
        return self._loader(self._validation, shuffle=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What `search` is given to train on."""

    train: Any
    targets: Any = None
    """Targets of `train`, where that is inputs alone."""
    validation: Any = None
    split: float | None = None
    """Share of the training arrays that is taken for validation from their end."""
    batch_size: int = 32

    @classmethod
    def of(cls, train: Any, val: Any, **further: Unpack[Further]) -> Given:
        """Return what `search` was given; `val` is the targets if there is `validation_data`."""
        validation_data = further.get("validation_data")
        is_keras = validation_data is not None
        return cls(
            train=train,
            targets=val if is_keras else None,
            validation=validation_data if is_keras else val,
            split=further.get("validation_split"),
            batch_size=further.get("batch_size", 32),
        )

    def data(self, *, namespace: Namespace, metric: str = "") -> Any:
        """Return what `Search` takes as data.

        Args:
            namespace: Whose data module it becomes, where it is none yet.
            metric: What is to be measured on them.

        Raises:
            ConfigurationError: Arrays differ in length, or are none; or there are no data.
        """
        raise_faults(integer_fault("batch_size", self.batch_size, at_least=1))
        if is_whole(self.train):
            self._refuse_more()
            return self.train
        train, validation = self._sides()
        part = ":LightningDataModule"
        if validation is None and metric.startswith("val"):
            raise ConfigurationError(
                f"objective is {metric}, and there are no validation data to measure it on. Give "
                "val, or validation_split, to search."
            )
        if validation is None:
            return namespace.derive(Training, part=part)(train, batch_size=self.batch_size)
        kind = namespace.derive(TrainingAndValidation, part=part)
        return kind(train, validation, batch_size=self.batch_size)

    def _sides(self) -> tuple[Any, Any]:
        """Return training and validation data as data sets or loaders; None for none."""
        train, validation = self.train, self.validation
        if _is_array(train):
            targets = self.targets
            if targets is None and _is_array(validation):  # search(x, y)
                targets, validation = validation, None
            if targets is None:
                raise ConfigurationError(
                    "train is an array of inputs without targets. Give both: search((x, y), "
                    "(x_val, y_val)), or search(x, y, validation_data=(x_val, y_val))."
                )
            train = (train, targets)
        side = _side(train, name="train")
        if self.split is None:
            return side, None if validation is None else _side(validation, name="validation")
        if validation is not None:
            raise ConfigurationError("Give validation data or validation_split, not both.")
        return _split(side, share=self.split)

    def _refuse_more(self) -> None:
        more = {"validation data": self.validation, "validation_split": self.split}
        given = [name for name, value in more.items() if value is not None]
        if given:
            raise ConfigurationError(
                f"train is {type(self.train).__name__}, which has its own validation data. Leave "
                f"{' and '.join(given)} out."
            )


def is_whole(given: Any) -> bool:
    """Return whether something is, or names, a data module, or a data set of raysearch."""
    if isinstance(given, str | Mapping | type):
        return True
    names = {f"{namespace.name}." for namespace in NAMESPACES}
    return any(
        base.__name__ == "LightningDataModule" and base.__module__.startswith(tuple(names))
        for base in type(given).__mro__
    )


def _side(given: Any, *, name: str) -> Any:
    """Return the training or the validation side as a data set or a loader."""
    if isinstance(given, DataLoader | Dataset):
        return given
    if isinstance(given, tuple | list) and len(given) > 1 and all(map(_is_array, given)):
        return TensorDataset(*_tensors(given, name=name))
    if given is None:
        raise ConfigurationError("search needs data: search(train, val, epochs=...).")
    raise ConfigurationError(
        f"{name} is {type(given).__name__}. Give a DataLoader, a data set of torch, a data module, "
        "or a tuple of arrays or tensors: (inputs, targets)."
    )


def _is_array(given: Any) -> bool:
    if isinstance(given, list):
        return bool(given) and not any(isinstance(item, np.ndarray | Tensor) for item in given)
    return isinstance(given, Tensor) or hasattr(given, "__array__")


def _tensors(arrays: Any, *, name: str) -> list[Tensor]:
    """Return arrays as tensors: floats of 32 bits, integers of 64.

    Raises:
        ConfigurationError: They differ in length, or one of them is not of numbers.
    """
    tensors = [_tensor(array, where=f"{name}[{i}]") for i, array in enumerate(arrays)]
    lengths = [len(tensor) if tensor.ndim else 0 for tensor in tensors]
    if len(set(lengths)) > 1:
        raise ConfigurationError(
            f"{name} has arrays of {' and '.join(map(str, lengths))} examples. Inputs and targets "
            "belong together, row by row: give as many of each."
        )
    if not lengths[0]:
        raise ConfigurationError(f"{name} has no examples.")
    return tensors


def _tensor(given: Any, *, where: str) -> Tensor:
    if isinstance(given, Tensor):
        tensor = given.detach().cpu()
    else:
        array = np.asarray(given)
        if array.dtype.kind not in "fiub":
            raise ConfigurationError(
                f"{where} is an array of {array.dtype}, and numbers are needed. Encode texts and "
                "dates as numbers, and give missing values a number."
            )
        tensor = torch.from_numpy(np.array(array))  # a copy: what is searched does not change
    return tensor.float() if tensor.is_floating_point() else tensor.long()


def _split(dataset: Any, *, share: Any) -> tuple[Any, Any]:
    if not isinstance(dataset, TensorDataset):
        raise ConfigurationError(
            "validation_split divides arrays and tensors. Divide data sets with "
            "torch.utils.data.random_split, and give both parts."
        )
    is_share = isinstance(share, float) and 0 < share < 1
    n = len(dataset)
    n_train = n - round(n * share) if is_share else 0
    if not is_share or not 0 < n_train < n:
        raise ConfigurationError(
            f"validation_split is {show(share)}. Give a share of the {n} examples between 0 and 1 "
            "that leaves some for either side."
        )
    return (
        TensorDataset(*(tensor[:n_train] for tensor in dataset.tensors)),
        TensorDataset(*(tensor[n_train:] for tensor in dataset.tensors)),
    )
