"""Which domain does a range of the file stand for, given what it replaces and what is legal?

A range that names no default keeps the one of the range that it replaces, if that lies in it: trial
0 then remains the default configuration of the family.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from raysearch.experiment.remedies import span
from raysearch.experiment.yaml_text import in_one_line
from raysearch.space import (
    Bool,
    Choice,
    Domain,
    Fixed,
    Float,
    Graph,
    Int,
    domain_from_settings,
    domain_to_settings,
)
from raysearch.trial import Value


def read_range(
    value: Any, *, legal: Domain | None, former: Sequence[Value] = (), prefix: str = ""
) -> Domain:
    """Return the domain that is written in a file, in the types of the legal one where it is legal.

    Args:
        value: The range as the file has it.
        legal: Every value that the constructor accepts; None where any may be.
        former: Defaults of what is replaced: of the parameters, or of the constructor.
        prefix: What the keys of its `when` may begin with, such as "cnn.".

    Raises:
        ConfigurationError: It is no range.

    Example:
        >>> read_range(0, legal=Float(0.0, 1.0))
        Fixed(value=0.0, when=None)
    """
    domain = domain_from_settings(_sized(_without_prefix(value, prefix), legal))
    if legal is not None and legal.covers(domain):
        domain = _in_type(domain, legal)
    names_default = isinstance(value, dict) and "default" in value
    return domain if names_default else _with_former_default(domain, former)


def refusal(domain: Domain, *, legal: Domain) -> str:
    """Return why a domain is not within the legal one, by the first of its values that is not.

    Example:
        >>> refusal(Int(0, 64), legal=Int(1, 8192))
        '0 lies outside 1 to 8192. The nearest legal value is 1.'
    """
    if not domain.has_places:
        return f"Legal is {legal.describe()}, and this is {domain.describe()}."
    values = domain.grid(2)  # the ends of numbers, all values of others
    refusals = [text for value in values if (text := legal.explain(value))]
    return refusals[0] if refusals else f"Legal is {legal.describe()}."


def meant_range(value: Any, *, legal: Domain) -> str:
    """Return a sentence with the range that text such as 8-64 means, empty if it means none.

    Example:
        >>> meant_range("8-64", legal=Int(1, 8192)), meant_range("relu", legal=Int(1, 8192))
        (' Write {int: [8, 64]}.', '')
    """
    if not isinstance(value, str) or not isinstance(legal, Int | Float):
        return ""
    return span(value, kind="int" if isinstance(legal, Int) else "float")


def range_like(legal: Domain) -> str:
    """Return a range within what is legal, as an example.

    Example:
        >>> range_like(Int(1, 8192)), range_like(Float(0.0, 0.95)), range_like(Int(0, 5))
        ('{int: [8, 64]}', '{float: [0.1, 0.5]}', '{int: [0, 5]}')
        >>> range_like(Choice(["relu", "gelu", "silu"]))
        '{choice: [relu, gelu]}'
    """
    for domain in (Int(8, 64), Float(0.1, 0.5)):
        if legal.covers(domain) and type(domain) is type(legal):
            return in_one_line(domain_to_settings(domain))
    if isinstance(legal, Int | Float):
        return in_one_line({type(legal).__name__.lower(): [legal.low, legal.high]})
    if isinstance(legal, Graph):
        return "{graph: {}, max_hidden: 20}"
    return in_one_line({"choice": list(legal.grid(2))[:2]})


def _without_prefix(value: Any, prefix: str) -> Any:
    """Return a range as it is written, with the family's name taken off the keys of its `when`."""
    if not isinstance(value, dict) or not isinstance(value.get("when"), dict):
        return value
    when = {key.removeprefix(prefix): allowed for key, allowed in value["when"].items()}
    return {**value, "when": when}


def _sized(value: Any, legal: Domain | None) -> Any:
    """Return a range of graphs with the inputs and outputs that follow from the data."""
    if isinstance(legal, Graph) and isinstance(value, dict) and value.get("graph", 0) in ({}, None):
        return {**value, "graph": [legal.n_inputs, legal.n_outputs]}
    return value


def _in_type(domain: Domain, legal: Domain) -> Domain:
    """Return a domain whose plain values have the legal type: 1 becomes 1.0 for a float."""
    if isinstance(domain, Fixed):
        return replace(domain, value=legal.canonical(domain.value))
    if isinstance(domain, Choice):
        prior = domain.prior
        return replace(
            domain,
            values=tuple(legal.canonical(value) for value in domain.values),
            default=legal.canonical(domain.default),
            prior=prior and replace(prior, centre=legal.canonical(prior.centre)),
        )
    return domain


def _with_former_default(domain: Domain, former: Sequence[Value]) -> Domain:
    """Return a domain with the first default of what it replaces that lies in it, if any."""
    for default in former:
        if isinstance(domain, Int | Float | Choice | Bool) and domain.contains(default):
            known: dict[str, Any] = {"default": domain.canonical(default)}
            return replace(domain, **known)
    return domain
