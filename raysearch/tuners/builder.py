"""What is searched, and how is a model of it built, in the tuner and in a worker?

`Tunable` is a hypermodel with all that belongs to it: which hyperparameters were given beforehand,
and how plain networks are trained. `Tunable.builder` is the function `build(hp)` that the engine
gets.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from raysearch.errors import ConfigurationError, one_of
from raysearch.space import Domain, Fixed, Space
from raysearch.space.define_by_run import record_space
from raysearch.space.hyperparameters import HyperParameters as Asked
from raysearch.training.namespace import NAMESPACES, Namespace
from raysearch.tuners.hypermodel import HyperModel
from raysearch.tuners.hyperparameters import HyperParameters
from raysearch.tuners.supervision import Supervision


@dataclass(frozen=True, slots=True, kw_only=True)
class Beforehand:
    """Hyperparameters that a tuner was given, which take precedence over what `build` asks for."""

    domains: dict[str, Domain]
    """By name."""
    tunes_new: bool = True
    """Whether others are searched; else they are at their defaults."""
    allows_new: bool = True
    """Whether there may be others at all."""

    @classmethod
    def of(cls, hps: HyperParameters | None, *, tunes_new: bool, allows_new: bool) -> Beforehand:
        """Return what a tuner was given.

        Raises:
            ConfigurationError: They are no hyperparameters, or there are none and none may be new.
        """
        if hps is not None and not isinstance(hps, HyperParameters):
            raise ConfigurationError(
                f"hyperparameters is {hps!r}. Give a HyperParameters object, in which those that "
                "take precedence were asked for: hp.Int(...)."
            )
        domains = {} if hps is None else {entry.name: entry.domain for entry in hps.space}
        if not domains and not (tunes_new and allows_new):
            raise ConfigurationError(
                "tune_new_entries and allow_new_entries speak of what is not among hyperparameters="
                "..., which is missing: nothing would be searched. Give it, or leave them out."
            )
        return cls(domains=domains, tunes_new=tunes_new, allows_new=allows_new)

    def change(self, name: str, domain: Domain) -> Domain:
        """Return the domain to use for a hyperparameter that is asked for.

        Raises:
            ConfigurationError: It is new, and none may be.
        """
        if name in self.domains:
            return self.domains[name]
        if not self.allows_new:
            raise ConfigurationError(
                f"{name} is not among the hyperparameters given ({one_of(self.domains)}), and "
                "allow_new_entries is False."
            )
        return domain if self.tunes_new else Fixed(domain.default_value())


class Tunable:
    """A hypermodel as a tuner has it.

    Args:
        model: What describes it.
        beforehand: Hyperparameters given to the tuner.
        supervision: How plain networks are trained; None if there are none.
        namespace: The Lightning whose LightningModule plain networks become.
    """

    def __init__(
        self,
        model: HyperModel,
        *,
        beforehand: Beforehand,
        supervision: Supervision | None,
        namespace: Namespace,
    ) -> None:
        self.model = model
        self.name = model.name or type(model).__name__
        self.namespace = namespace
        self._beforehand = beforehand
        self.is_supervised = False
        """Whether `build` returns plain networks, known once the space is."""
        self._supervision = supervision

    def build(self, hp: HyperParameters) -> Any:
        """Return the LightningModule that hyperparameters describe, new and untrained.

        Args:
            hp: Such as `get_best_hyperparameters` returns; what is not among its values is at its
                default, and is added to them.
        """
        return self._whole(self._asked(hp), hp)

    def fit(
        self,
        hp: HyperParameters,
        model: Any,
        train: Any = None,
        val: Any = None,
        *,
        epochs: int,
        **given: Any,
    ) -> dict[str, float]:
        """Train a model in this process, such as one that `build` made of the best hyperparameters.

        Args:
            hp: Not used: the model has all that follows from it.
            model: A LightningModule.
            train: As in `Tuner.search`, and so are `val` and, among `given`, `callbacks`,
                `batch_size`, `validation_data` and `validation_split`.
            val: See `train`.
            epochs: At most so many, at least 1.
            given: Further arguments are those of Lightning's Trainer.

        Returns:
            The metrics that were logged last.
        """
        from raysearch.tuners.fitting import fit

        del hp
        return fit(model, train, val, epochs=epochs, **given)

    def adopt(self, callbacks: Sequence[Any]) -> None:
        """Make plain networks LightningModules that a Trainer takes with these callbacks."""
        self.namespace = namespace_for(callbacks, otherwise=self.namespace)

    @property
    def builder(self) -> Builder:
        """What the engine gets as the model."""
        return Builder(self)

    def answered(self, asked: Asked) -> HyperParameters:
        """Return what `build` is given in a search, where the engine has the answers."""
        return HyperParameters.answered(asked.ask, change=self._beforehand.change)

    @cached_property
    def space(self) -> Space:
        """All that is asked for, with the conditions under which it is.

        Raises:
            ConfigurationError: `build` raises, returns no model, or does not ask in the same way
                each time; or hyperparameters were given that it does not ask for.
        """
        from torch import random

        look = _Look(self)
        with random.fork_rng(devices=[]):
            space = record_space(look)
        unknown = [name for name in self._beforehand.domains if name not in space]
        if unknown:
            raise ConfigurationError(
                f"hyperparameters has {', '.join(unknown)}, which {self.name}(hp) never asks for. "
                f"It asks for: {one_of(space.keys) or 'nothing'}."
            )
        return space

    def _asked(self, hp: HyperParameters) -> Any:
        if not self.model.tunable:
            hp = hp.at_defaults(but=self._beforehand.domains)
        self.model.declare_hyperparameters(hp)
        return self.model.build(hp)

    def _whole(self, built: Any, hp: HyperParameters) -> Any:
        """Return what was built as a LightningModule.

        Raises:
            ConfigurationError: It is none, and cannot be made one.
        """
        from torch import nn

        if _is_lightning(built):
            return built
        if self._supervision is not None and isinstance(built, nn.Module):
            from raysearch.tuners.supervised import supervised

            self.is_supervised = True
            parts: dict[str, Any] = {"supervision": self._supervision, "namespace": self.namespace}
            return supervised(built, hp=hp, **parts)
        what = "nothing" if built is None else f"a {type(built).__name__}"
        remedy = (
            'Give the tuner its loss, such as loss="cross_entropy", or return a LightningModule.'
            if isinstance(built, nn.Module)
            else "Return a LightningModule; or an nn.Module, and give the tuner loss=..., "
            "optimizer=... and metrics=[...]."
        )
        raise ConfigurationError(f"it returned {what}, which is no LightningModule. {remedy}")


class Builder:
    """The function `build(hp)` that trains in the workers, which get it by value.

    Args:
        tunable: What it builds.
    """

    def __init__(self, tunable: Tunable) -> None:
        self._tunable = tunable
        self.__name__ = tunable.name
        self.space: Space | None = tunable.space
        """What it asks for, so that nobody has to find out again."""

    def __call__(self, hp: Asked) -> Any:
        """Return the model of a trial."""
        return self._tunable.build(self._tunable.answered(hp))

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "space": None}  # a worker is told its configuration


class _Look:
    """Runs `build` to see what it asks for, without memory for weights where that works.

    Args:
        tunable: What is looked at.
    """

    def __init__(self, tunable: Tunable) -> None:
        self.__qualname__ = tunable.name
        self._tunable = tunable
        self._is_light = True

    def __call__(self, hp: Asked) -> None:
        import torch

        if self._is_light:
            try:
                with torch.device("meta"):
                    self._build(hp)
            except ConfigurationError:
                raise
            except Exception:  # noqa: BLE001 - it computes with its weights, perhaps
                self._is_light = False
            else:
                return
        self._build(hp)

    def _build(self, hp: Asked) -> None:
        self._tunable.build(self._tunable.answered(hp))


def _is_lightning(built: Any) -> bool:
    packages = tuple(f"{namespace.name}." for namespace in NAMESPACES)
    return any(
        base.__name__ == "LightningModule" and base.__module__.startswith(packages)
        for base in type(built).__mro__
    )


def namespace_for(objects: Sequence[Any] = (), *, otherwise: Namespace | None = None) -> Namespace:
    """Return the Lightning that a person uses, as far as it can be told.

    That of his objects, such as callbacks; else the one that is imported already.

    Args:
        objects: Of his.
        otherwise: The one to take where the objects do not tell.
    """
    for found in objects:
        for base in type(found).__mro__:
            for namespace in NAMESPACES:
                if base.__module__.startswith(f"{namespace.name}."):
                    return namespace
    if otherwise is not None:
        return otherwise
    imported = [namespace for namespace in NAMESPACES if namespace.name in sys.modules]
    return imported[0] if len(imported) == 1 else NAMESPACES[0]
