"""Which domain do Keras Tuner's arguments stand for?

Names, meaning and defaults are Keras Tuner's: bounds are inclusive, the default of a number is its
smallest value and that of a choice its first, and a logarithmic step multiplies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from raysearch.errors import ConfigurationError, did_you_mean
from raysearch.space import Bool, Choice, Domain, Fixed, Float, Int
from raysearch.space.scales import Sampling
from raysearch.space.values import show, type_name
from raysearch.trial import Value

KINDS: Mapping[type[Domain], str] = {
    Bool: "Boolean",
    Choice: "Choice",
    Fixed: "Fixed",
    Float: "Float",
    Int: "Int",
}
"""Domain -> the method of `HyperParameters` that makes it."""

_SAMPLINGS: tuple[Sampling, ...] = ("linear", "log", "reverse_log")


def int_domain(
    low: int,
    high: int,
    *,
    step: int | None,
    sampling: str | None,
    default: int | None,
    log: bool = False,
) -> Int:
    """Return a range of integers, `step` and `default` as Keras Tuner has them if not given.

    Example:
        >>> list(int_domain(2, 32, step=2, sampling="LOG", default=None).grid())
        [2, 4, 8, 16, 32]
        >>> int_domain(32, 512, step=32, sampling=None, default=None).default_value()
        32
    """
    step = 1 if step is None else step
    domain = Int(low, high, step=step, sampling=sampling_of(sampling), log=log)
    return replace(domain, default=int(domain.scale.first) if default is None else default)


def float_domain(
    low: float,
    high: float,
    *,
    step: float | None,
    sampling: str | None,
    default: float | None,
    log: bool = False,
) -> Float:
    """Return a range of real numbers, as `int_domain` does.

    Example:
        >>> float_domain(0.0, 0.5, step=0.25, sampling="linear", default=None).default_value()
        0.0
    """
    domain = Float(low, high, step=step, sampling=sampling_of(sampling), log=log)
    return replace(domain, default=domain.scale.first if default is None else default)


def choice_domain(values: Sequence[Value], *, ordered: bool | None, default: Value) -> Choice:
    """Return one of several values; numbers are ordered unless it is said that they are not.

    Example:
        >>> choice_domain([True, False], ordered=None, default=None).values
        (True, False)
        >>> choice_domain([16, 32], ordered=None, default=None).ordered
        True
    """
    if not isinstance(values, list | tuple | range):
        raise ConfigurationError(f"values is {show(values)}, {type_name(values)}. Give a list.")
    are_numbers = all(type(value) in (int, float) for value in values)
    if ordered and not are_numbers:
        raise ConfigurationError(
            f"ordered is true, and {show(next(v for v in values if type(v) not in (int, float)))} "
            "is no number. Only numbers have an order: leave ordered out."
        )
    given: dict[str, Any] = {} if default is None else {"default": default}
    return Choice(list(values), ordered=are_numbers if ordered is None else ordered, **given)


def sampling_of(given: str | None) -> Sampling:
    """Return a sampling, whose capital letters make no difference; None is linear.

    Raises:
        ConfigurationError: There is none such.
    """
    for sampling in _SAMPLINGS:
        if sampling == (given or "linear" if isinstance(given, str | None) else "").lower():
            return sampling
    raise ConfigurationError(
        f"sampling is {show(given)}. {did_you_mean(str(given), _SAMPLINGS)}"
        f"Valid: {', '.join(_SAMPLINGS)}."
    )


def config_of(domain: Domain) -> dict[str, Any]:
    """Return the arguments of a domain, in Keras Tuner's words.

    Example:
        >>> config_of(Int(32, 512, step=32, default=64))
        {'default': 64, 'min_value': 32, 'max_value': 512, 'step': 32, 'sampling': 'linear'}
    """
    if isinstance(domain, Int | Float):
        bounds = {"min_value": domain.low, "max_value": domain.high, "step": domain.step}
        return {"default": domain.default_value(), **bounds, "sampling": domain.sampling}
    if isinstance(domain, Choice):
        values = {"values": list(domain.values), "ordered": domain.ordered}
        return {"default": domain.default_value(), **values}
    if isinstance(domain, Fixed):
        return {"value": domain.value}
    return {"default": domain.default_value()}


def domain_of(kind: str, config: Mapping[str, Any]) -> Domain:
    """Return the domain that `config_of` described.

    Example:
        >>> domain_of("Int", config_of(Int(1, 3))).describe()
        '1 to 3'
    """
    if kind in ("Int", "Float"):
        make = int_domain if kind == "Int" else float_domain
        number: Domain = make(
            config["min_value"],
            config["max_value"],
            step=config.get("step"),
            sampling=config.get("sampling"),
            default=config.get("default"),
        )
        return number
    if kind == "Choice":
        ordered, default = config.get("ordered"), config.get("default")
        return choice_domain(config["values"], ordered=ordered, default=default)
    if kind == "Boolean":
        return Bool(default=config.get("default", False))
    if kind == "Fixed":
        return Fixed(config["value"])
    raise ConfigurationError(f"{kind} is no parameter. Valid: {', '.join(sorted(KINDS.values()))}.")
