"""How does a data module of one Lightning serve the Trainer of the other?

Through a stand-in of the Trainer's namespace that hands every hook on. It has only those hooks that
the data module defines itself, since Lightning asks what is defined.
"""

from __future__ import annotations

from typing import Any

from raysearch.training.namespace import Namespace

_HOOKS = (
    "prepare_data",
    "setup",
    "teardown",
    "train_dataloader",
    "val_dataloader",
    "test_dataloader",
    "predict_dataloader",
    "state_dict",
    "load_state_dict",
    "on_exception",
    "on_before_batch_transfer",
    "transfer_batch_to_device",
    "on_after_batch_transfer",
)


class StandIn:
    """Stands for a data module of another namespace; to be derived from "LightningDataModule".

    Args:
        data: The data module.
        hooks: Names of the hooks that it defines.
    """

    def __init__(self, data: Any, *, hooks: list[str]) -> None:
        self._data = data
        super().__init__()
        for hook in hooks:
            setattr(self, hook, getattr(data, hook))

    @property
    def trainer(self) -> Any:
        """The Trainer, which the data module is shown as well."""
        return self._data.trainer

    @trainer.setter
    def trainer(self, trainer: Any) -> None:
        self._data.trainer = trainer

    @property
    def hparams(self) -> Any:
        """What the data module keeps with `save_hyperparameters`."""
        return self._data.hparams

    @property
    def hparams_initial(self) -> Any:
        """The same as it was at the start."""
        return self._data.hparams_initial

    def __getattr__(self, name: str) -> Any:
        if name == "_data":
            raise AttributeError(name)
        return getattr(self._data, name)


def adopted(data: Any, *, namespace: Namespace, origin: Namespace) -> Any:
    """Return a data module that a Trainer of this namespace takes.

    Args:
        data: The user's data module.
        namespace: That of the Trainer and the model.
        origin: That of the data module.

    Returns:
        The data module itself, or a stand-in for one of the other namespace.
    """
    if origin == namespace:
        return data
    hooks = [hook for hook in _HOOKS if origin.overrides(data, hook)]
    stand_in: Any = namespace.derive(StandIn, part=":LightningDataModule")
    kind = type(
        type(data).__name__,
        (stand_in,),
        {
            "__qualname__": type(data).__qualname__,  # under which a checkpoint has its state
            "prepare_data_per_node": data.prepare_data_per_node,
            "allow_zero_length_dataloader_with_multiple_devices": (
                data.allow_zero_length_dataloader_with_multiple_devices
            ),
        },
    )
    return kind(data, hooks=hooks)
