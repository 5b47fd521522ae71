"""What is a hypermodel: a function of hyperparameters that returns a model?"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from raysearch.errors import ConfigurationError
from raysearch.tuners.hyperparameters import HyperParameters


class HyperModel(ABC):
    """A description of models by their hyperparameters, as a class; a function will do as well.

    Args:
        name: What it is called in messages and in the run directory; by default its class's name.
        tunable: Whether what it asks for is searched; else everything is at its default but what
            the tuner was given as hyperparameters.

    Example:
        ::

            class Net(HyperModel):
                def build(self, hp):
                    return LitNet(hidden=hp.Int("hidden", 8, 64, step=8))
    """

    def __init__(self, name: str | None = None, tunable: bool = True) -> None:
        self.name = name
        self.tunable = tunable

    @abstractmethod
    def build(self, hp: HyperParameters) -> Any:
        """Return a LightningModule; or an `nn.Module`, with `loss` given to the tuner.

        Called with values from all ranges before the search, to find out what it asks for, and once
        in each trial. What it asks for must depend on the values alone.
        """

    def declare_hyperparameters(self, hp: HyperParameters) -> None:  # noqa: B027 - nothing by default
        """Ask for what is to be known before `build` is called."""


class FunctionModel(HyperModel):
    """A function `build(hp)` as a hypermodel.

    Args:
        function: It.
    """

    def __init__(self, function: Callable[[HyperParameters], Any]) -> None:
        super().__init__(getattr(function, "__name__", type(function).__name__).strip("<>"))
        self._function = function

    def build(self, hp: HyperParameters) -> Any:
        """Return what the function returns."""
        return self._function(hp)


def as_hypermodel(given: Any) -> HyperModel:
    """Return a hypermodel, a function `build(hp)` made one.

    Raises:
        ConfigurationError: It is neither; or it has a `fit` of its own, which nothing would call.
    """
    if isinstance(given, HyperModel):
        if hasattr(given, "fit"):
            raise ConfigurationError(
                f"{type(given).__name__}.fit would not be called: a LightningModule says itself "
                "how it is trained. Put its contents into training_step, configure_optimizers and "
                "the arguments of search."
            )
        return given
    if isinstance(given, type) or not callable(given):
        what = "nothing" if given is None else repr(given)
        raise ConfigurationError(
            f"hypermodel is {what}. Give a function build(hp) that returns a model, or a "
            "HyperModel."
        )
    return FunctionModel(given)
