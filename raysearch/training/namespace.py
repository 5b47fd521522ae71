"""Which Lightning is a class of: `pytorch_lightning`, or `lightning.pytorch`?

The same library under two names, whose classes do not mix: a Trainer of one refuses a model of the
other. So everything that a fit needs of Lightning comes from the namespace of the user's model, and
only that one is imported. Nothing here imports either before it is asked for.

Our own callbacks and loaders are plain classes without a base; `Namespace.derive` gives them one.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from typing import Any

from raysearch.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Namespace:
    """One of the two names of Lightning.

    Example:
        >>> LIGHTNING.translated("pytorch_lightning.callbacks:EarlyStopping")
        'lightning.pytorch.callbacks:EarlyStopping'
        >>> PYTORCH_LIGHTNING.translated("my_project.callbacks:Mine")
        'my_project.callbacks:Mine'
    """

    name: str
    """Its package."""
    fabric: str
    """The package with the parts that Lightning shares with Fabric."""

    @property
    def loggers(self) -> tuple[str, str]:
        """Names of the loggers that tell about hardware, restored files and products."""
        return self.name, self.fabric

    def load(self, part: str) -> Any:
        """Return a class or function, such as "callbacks:Callback", importing its module."""
        return _load(self.name, part)

    def load_fabric(self, part: str) -> Any:
        """Return one of Fabric, such as "utilities.warnings:PossibleUserWarning"."""
        return _load(self.fabric, part)

    def derive(self, logic: type, *, part: str) -> Any:
        """Return a class that is both `logic` and the namespace's class; the same one every time.

        Args:
            logic: A class without a base, whose methods come first.
            part: The other base, such as "callbacks:Checkpoint".
        """
        return _derived(logic, self.load(part))

    def overrides(self, found: Any, method: str) -> bool:
        """Return whether a model, data module or callback defines a method of Lightning's anew."""
        is_overridden = self.load("utilities.model_helpers:is_overridden")
        return bool(is_overridden(method, found))

    def translated(self, path: str) -> str:
        """Return an import path with the other namespace replaced by this one."""
        for other in NAMESPACES:
            for theirs, ours in ((other.name, self.name), (other.fabric, self.fabric)):
                if path.startswith((f"{theirs}.", f"{theirs}:")):
                    return f"{ours}{path[len(theirs) :]}"
        return path


PYTORCH_LIGHTNING = Namespace("pytorch_lightning", "lightning_fabric")
LIGHTNING = Namespace("lightning.pytorch", "lightning.fabric")
NAMESPACES = (PYTORCH_LIGHTNING, LIGHTNING)


def namespace_of(found: Any, *, kind: str, path: str) -> Namespace:
    """Return the namespace that a class, or an instance of it, comes from.

    Args:
        found: The user's class or object.
        kind: What it must be: "LightningModule" or "LightningDataModule".
        path: What the user calls it, for the message.

    Raises:
        ConfigurationError: It is of neither namespace, or not of that kind.
    """
    bases = found.__mro__ if isinstance(found, type) else type(found).__mro__
    for base in bases:
        for namespace in NAMESPACES:
            if base.__name__ == kind and base.__module__.startswith(f"{namespace.name}."):
                return namespace
    what = found.__name__ if isinstance(found, type) else f"an object of {type(found).__name__}"
    raise ConfigurationError(
        f"{path} is {what}, which is no {kind}. It must derive from lightning.pytorch.{kind} or "
        f"pytorch_lightning.{kind}."
    )


@cache
def _load(package: str, part: str) -> Any:
    module, _, name = part.partition(":")
    return getattr(importlib.import_module(f"{package}.{module}" if module else package), name)


@cache
def _derived(logic: type, base: type) -> type:
    content = {"__module__": logic.__module__, "__doc__": logic.__doc__}
    return type(logic.__name__, (logic, base), content)
