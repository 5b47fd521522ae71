"""How is a domain written in an experiment file and in JSON?

As a mapping with one of these keys, and its settings next to it:

    {int: [8, 64], step: 8}                    {int: [8, 256], step: 2, log: true}
    {float: [1.0e-4, 1.0e-1], log: true}       {float: [0, 1], sampling: reverse_log}
    {choice: [relu, gelu], default: gelu}      {choice: [16, 32, 64], ordered: true}
    {bool: {}}                                 {fixed: 0.9}, or just 0.9
    {graph: [64, 10], max_hidden: 40}          inputs and outputs of an evolved network; in the
                                               space of a family, {graph: {}} takes the data's

All but `fixed` may have a `default`, all but `fixed` and `graph` a `prior: {centre: ...,
confidence: ...}`, and all a
`when: {optimizer: [sgd], depth: 2}`. A setting without a value counts as not given. Booleans may as
well be written {choice: [true, false]}; the default is then the first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from raysearch.errors import ConfigurationError, did_you_mean, unknown_name
from raysearch.space.choice import Choice
from raysearch.space.domain import Domain, Prior, raise_faults
from raysearch.space.graph import Graph
from raysearch.space.numeric import Float, Int
from raysearch.space.plain import Bool, Fixed
from raysearch.space.values import show, show_all, type_name
from raysearch.space.when import Conditions, conditions_of

_NUMBER = ("step", "sampling", "log", "default", "prior", "when")
_GRAPH = (
    "max_hidden",
    "max_connections",
    "activations",
    "initial",
    "weight_scale",
    "weight_limit",
)
_SETTINGS: dict[str, tuple[str, ...]] = {
    "int": _NUMBER,
    "float": _NUMBER,
    "choice": ("ordered", "default", "prior", "when"),
    "bool": ("default", "prior", "when"),
    "fixed": ("when",),
    "graph": (*_GRAPH, "default", "when"),
}


def domain_from_settings(settings: object) -> Domain:
    """Return the domain that a mapping, or a bare scalar, describes; a domain is returned as it is.

    Raises:
        ConfigurationError: With all that is wrong with the settings.

    Example:
        >>> domain_from_settings({"int": [8, 64], "step": 8}).describe()
        '8 to 64, step 8'
        >>> domain_from_settings("adam")
        Fixed(value='adam', when=None)
    """
    if isinstance(settings, Domain):
        return settings
    if isinstance(settings, list | tuple):
        raise ConfigurationError(
            f"{show(settings)} is {type_name(settings)}, and a domain is needed. "
            f"To choose among its values, write {{choice: [{show_all(settings)}]}}."
        )
    if not isinstance(settings, Mapping):
        return Fixed(settings)  # type: ignore[arg-type]  # Fixed refuses what is no plain value
    kind = _kind_of(settings)
    arguments, faults = _arguments(settings, kind=kind)
    try:
        domain = _BUILDERS[kind](settings[kind], arguments)
    except ConfigurationError as error:
        raise ConfigurationError([*faults, *error.faults]) from None
    raise_faults(faults)
    return domain


def _kind_of(settings: Mapping[Any, Any]) -> str:
    kinds = [key for key in settings if key in _SETTINGS]
    if len(kinds) == 1:
        return str(kinds[0])
    if kinds:
        found = f"both {' and '.join(kinds)}. "
    else:
        hints = (did_you_mean(str(key), _SETTINGS) for key in settings)
        among = f" among {show_all(settings)}" if settings else ""
        found = f"none{among}. {next(filter(None, hints), '')}"
    raise ConfigurationError(
        f"A domain has one kind, and this has {found}Valid: {', '.join(_SETTINGS)}, "
        f"as in {{int: [8, 64], step: 8}}."
    )


def _arguments(settings: Mapping[Any, Any], *, kind: str) -> tuple[dict[str, Any], list[str]]:
    """Return the settings of a kind as arguments of its class, and what is wrong with them."""
    arguments: dict[str, Any] = {}
    faults: list[str] = []
    for name, value in settings.items():
        if name == kind:
            continue
        if name not in _SETTINGS[kind]:
            of_kind = f"a setting of {kind}"
            faults.append(unknown_name(str(name), kind=of_kind, valid=_SETTINGS[kind]))
        elif name == "prior" and value is not None:
            arguments[name] = _prior(value, faults=faults)
        elif value is not None or (kind, name) == ("choice", "default"):
            arguments[name] = value
    return arguments, faults


def _prior(value: object, *, faults: list[str]) -> Prior | None:
    if isinstance(value, Prior):
        return value
    keys = ("centre", "confidence")
    if not isinstance(value, Mapping) or set(value) != set(keys):
        unknown = set(value) - set(keys) if isinstance(value, Mapping) else ()
        near = "".join(did_you_mean(str(key), keys) for key in sorted(unknown, key=str))
        faults.append(
            f"prior is {show(value)}. {near}Write {{centre: ..., confidence: ...}}, where the "
            f"confidence lies between 0 and 1."
        )
        return None
    try:
        return Prior(value["centre"], value["confidence"])
    except ConfigurationError as error:
        faults.extend(error.faults)
        return None


def _number(cls: type[Int] | type[Float], bounds: object, arguments: dict[str, Any]) -> Domain:
    if not isinstance(bounds, list | tuple) or len(bounds) != 2:
        kind = cls.__name__.lower()
        raise ConfigurationError(f"{kind} is {show(bounds)}. Give two bounds: {kind}: [low, high].")
    return cls(*bounds, **arguments)


def _choice(values: object, arguments: dict[str, Any]) -> Domain:
    if isinstance(values, Mapping):
        raise ConfigurationError(
            f"choice is {show(values)}, a mapping. List plain values, and give the parameters of "
            f"each branch a `when`; sub-spaces are for Python."
        )
    return Choice(values, **arguments)  # type: ignore[arg-type]  # Choice refuses what is no list


def _bool(value: object, arguments: dict[str, Any]) -> Domain:
    if value not in (None, {}):
        raise ConfigurationError(
            f"bool is {show(value)}. Write {{bool: {{}}}} to search both, with default: true "
            f"next to it if that is the default; or {{fixed: {show(value)}}}."
        )
    return Bool(**arguments)


def _graph(sizes: object, arguments: dict[str, Any]) -> Domain:
    if not isinstance(sizes, list | tuple) or len(sizes) != 2:
        raise ConfigurationError(
            f"graph is {show(sizes)}. Give the numbers of inputs and outputs, such as "
            "graph: [64, 10]."
        )
    return Graph(*sizes, **arguments)


_BUILDERS: dict[str, Callable[[Any, dict[str, Any]], Domain]] = {
    "int": lambda bounds, arguments: _number(Int, bounds, arguments),
    "float": lambda bounds, arguments: _number(Float, bounds, arguments),
    "choice": _choice,
    "bool": _bool,
    "fixed": lambda value, arguments: Fixed(value, **arguments),
    "graph": _graph,
}


def domain_to_settings(domain: Domain) -> dict[str, Any]:
    """Return plain JSON values that `domain_from_settings` reads back unchanged.

    Raises:
        ConfigurationError: It is a choice of sub-spaces, which only a whole space can write.

    Example:
        >>> domain_to_settings(Int(8, 256, step=2, log=True, when={"norm": "batch"}))
        {'int': [8, 256], 'step': 2, 'sampling': 'log', 'when': {'norm': ['batch']}}
    """
    settings = _kind_settings(domain)
    prior = getattr(domain, "prior", None)
    if prior is not None:
        settings["prior"] = {"centre": prior.centre, "confidence": prior.confidence}
    conditions = conditions_of(domain.when, faults=[])
    if conditions is not None:
        settings["when"] = conditions_to_json(conditions)
    return settings


def _kind_settings(domain: Domain) -> dict[str, Any]:
    if isinstance(domain, Int | Float):
        kind = "int" if isinstance(domain, Int) else "float"
        settings = {"step": domain.step, "sampling": domain.sampling, "default": domain.default}
        usual = {"step": (None, 1) if kind == "int" else (None,), "sampling": ("linear",)}
        return {kind: [domain.low, domain.high]} | {
            name: value for name, value in settings.items() if value not in usual.get(name, (None,))
        }
    if isinstance(domain, Choice):
        if domain.subspaces:
            raise ConfigurationError(
                f"The choice of {domain.describe()} is one of sub-spaces, which have no short "
                f"form. Put it into a Space, and use Space.to_json."
            )
        ordered = {"ordered": True} if domain.ordered else {}
        default = {} if domain.default == domain.values[0] else {"default": domain.default}
        return {"choice": list(domain.values)} | ordered | default
    if isinstance(domain, Graph):
        return {"graph": [domain.n_inputs, domain.n_outputs]} | {
            name: list(value) if isinstance(value, tuple) else value
            for name in (*_GRAPH, "default")
            if (value := getattr(domain, name)) != getattr(_USUAL_GRAPH, name)
            or name == "weight_scale"
        }
    if isinstance(domain, Bool):
        return {"bool": {}} | ({} if domain.default is None else {"default": domain.default})
    return {"fixed": domain.default_value()}


_USUAL_GRAPH = Graph(1, 1)
"""Its settings are those that need not be written."""


def conditions_to_json(conditions: Conditions) -> dict[str, list[Any]]:
    """Return the conditions as plain JSON values.

    Example:
        >>> conditions_to_json((("optimizer", ("sgd", "adam")),))
        {'optimizer': ['sgd', 'adam']}
    """
    return {key: list(values) for key, values in conditions}
