"""How does a function ask for its parameters, one by one?

    def build(hp: HyperParameters) -> nn.Module:
        depth = hp.Int("depth", 1, 3)
        widths = [hp.Int(f"width_{i}", 8, 64, step=8) for i in range(depth)]
        if hp.Choice("optimizer", ["sgd", "adam"]) == "sgd":
            momentum = hp.Float("momentum", 0.0, 0.99)
        ...

What is asked for may depend on the answers before, and on nothing else: that is how conditions are
written. `define_by_run` finds out what such a function may ask for, and makes it a space; `Replay`
gives the function the values of one configuration.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from raysearch.errors import ConfigurationError, unknown_name
from raysearch.space.choice import NOT_GIVEN, Choice, NotGiven
from raysearch.space.domain import Domain, Prior
from raysearch.space.numeric import Float, Int
from raysearch.space.plain import Bool, Fixed
from raysearch.space.scales import Sampling
from raysearch.space.settings import domain_to_settings
from raysearch.space.values import show, type_name
from raysearch.trial import Value

_METHODS = ("Bool", "Choice", "Fixed", "Float", "Int")


class HyperParameters(ABC):
    """The `hp` of a function that asks for its parameters.

    Each method takes a name and the arguments of the domain it is called after, and returns a plain
    Python value of that domain. A parameter that is asked for again has the same value. There is no
    `when`: ask inside an `if`.

    Raises:
        ConfigurationError: The name is no text, or the arguments make no domain, as soon as they
            are looked at.
    """

    def __getattr__(self, name: str) -> Any:
        """Say which methods there are, to whoever looks for those of another library."""
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(
            unknown_name(f"hp.{name}", kind="a method of hp", valid=[f"hp.{m}" for m in _METHODS])
        )

    def Int(  # noqa: N802 - all five are called as the domains are
        self,
        name: str,
        low: int,
        high: int,
        *,
        step: int = 1,
        sampling: Sampling = "linear",
        log: bool = False,
        default: int | None = None,
        prior: Prior | None = None,
    ) -> int:
        """Return an integer between two bounds, both included; see `space.Int`."""
        settings: dict[str, Any] = {"step": step, "sampling": sampling, "log": log}
        settings |= {"default": default, "prior": prior}
        return self._value(name, lambda: Int(low, high, **settings))  # type: ignore[no-any-return]

    def Float(  # noqa: N802
        self,
        name: str,
        low: float,
        high: float,
        *,
        step: float | None = None,
        sampling: Sampling = "linear",
        log: bool = False,
        default: float | None = None,
        prior: Prior | None = None,
    ) -> float:
        """Return a number between two bounds, both included; see `space.Float`."""
        settings: dict[str, Any] = {"step": step, "sampling": sampling, "log": log}
        settings |= {"default": default, "prior": prior}
        return self._value(name, lambda: Float(low, high, **settings))  # type: ignore[no-any-return]

    def Choice(  # noqa: N802
        self,
        name: str,
        values: Sequence[Value],
        *,
        ordered: bool = False,
        default: Value | NotGiven = NOT_GIVEN,
        prior: Prior | None = None,
    ) -> Any:
        """Return one of several plain values; see `space.Choice`."""
        settings: dict[str, Any] = {"ordered": ordered, "default": default, "prior": prior}
        return self._value(name, lambda: Choice(_listed(values), **settings))

    def Bool(  # noqa: N802
        self, name: str, *, default: bool | None = None, prior: Prior | None = None
    ) -> bool:
        """Return False or True; see `space.Bool`."""
        return self._value(name, lambda: Bool(default=default, prior=prior))  # type: ignore[no-any-return]

    def Fixed(self, name: str, value: Value) -> Any:  # noqa: N802
        """Return the value, which is then a part of the configuration; see `space.Fixed`."""
        return self._value(name, lambda: Fixed(value))

    def ask(self, name: str, domain: Domain) -> Any:
        """Return the value of a parameter whose domain is made already, without conditions.

        For those who give a function an `hp` in other words than these.
        """
        return self._value(name, lambda: domain)

    @abstractmethod
    def _value(self, name: str, make: Callable[[], Domain]) -> Any:
        """Return the value of a parameter.

        Args:
            name: As the function gave it.
            make: Makes the domain; not called by who does not need it.
        """


def _listed(values: Any) -> list[Value]:
    if not isinstance(values, list | tuple | range):
        raise ConfigurationError(
            f"values is {show(values)}, {type_name(values)}. Give a list of plain values, and ask "
            "for what belongs to one of them inside an if."
        )
    return list(values)


def asked_twice(name: str, *, before: Domain, now: Domain) -> str:
    """Return the message for a name that stands for two parameters in one run of a function."""
    return (
        f"{name} is asked for twice, as {domain_to_settings(before)} and as "
        f"{domain_to_settings(now)}. Use two names, or the same arguments."
    )


def made(name: str, make: Callable[[], Domain]) -> Domain:
    """Return the domain of a parameter that a function asks for.

    Raises:
        ConfigurationError: The name is no text, or there is no such domain; it names the parameter.
    """
    if type(name) is not str or not name:
        raise ConfigurationError(
            f'{show(name)} is {type_name(name)}, and a name is needed first: hp.Int("depth", 1, 3).'
        )
    try:
        return make()
    except ConfigurationError as error:
        raise ConfigurationError(f"{name}: {fault}" for fault in error.faults) from None


class Replay(HyperParameters):
    """The `hp` in training: answers with the values of a configuration.

    Ranges are not looked at, so that a function whose ranges were changed since still builds what
    an old configuration describes.

    Args:
        values: The configuration, by the names that the function uses.

    Example:
        >>> hp = Replay({"depth": 2})
        >>> hp.Int("depth", 1, 3), hp.Float("dropout", 0, 0.5), hp.met
        (2, 0.25, {'dropout': Float(low=0.0, high=0.5, ...)})
    """

    def __init__(self, values: Mapping[str, Value]) -> None:
        self.met: dict[str, Domain] = {}
        """What was asked for and is not among the values, which is answered with its default."""
        self._values = dict(values)

    def _value(self, name: str, make: Callable[[], Domain]) -> Any:
        if name in self._values:
            return self._values[name]
        if name not in self.met:
            self.met[name] = made(name, make)
        return self.met[name].default_value()
