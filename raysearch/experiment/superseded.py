"""Does an experiment say something in words that families had before?

Settings are kept in run directories for good, and what a family's parameter means may change. Where
that cannot be put into the words of today without changing what the trials were, the person who
opens such a run is told what has become of it, and what can still be done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from raysearch.errors import ConfigurationError

KEPT = (
    "A run directory that says so was written by an earlier version: `results` still shows what it "
    "found, and that version goes on with it; here, begin a new search in today's words."
)


def explained(error: ConfigurationError, settings: Mapping[str, Any]) -> ConfigurationError:
    """Return the error, with what has become of words that the settings use, if there are such.

    Example:
        >>> error = ConfigurationError("space.block: residual is not one of plain, basic.")
        >>> explained(error, {"space": {"cnn.block": {"choice": ["plain", "residual"]}}}).faults[1]
        'cnn.block: what was the block `residual` of cnn is `block: basic` with ... now.'
        >>> explained(error, {"space": {"cnn.block": "basic"}}) is error
        True
    """
    found = [f"{key}: {what}" for key, value in _said(settings) if (what := _became(key, value))]
    return error if not found else ConfigurationError([*error.faults, *found, KEPT])


def _said(settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what is said of parameters, by key: ranges, values, and fixed arguments."""
    space, models = settings.get("space"), settings.get("model")
    if isinstance(space, Mapping):
        yield from space.items()
    for model in models if isinstance(models, list) else [models]:
        arguments = model.get("args") if isinstance(model, Mapping) else None
        if isinstance(arguments, Mapping):
            yield from arguments.items()


def _became(key: str, value: Any) -> str:
    """Return what has become of what is said, for a person; empty where it is of today."""
    name = str(key).rpartition(".")[2]
    said = value if isinstance(value, Mapping) else {}
    if name == "block" and (value == "residual" or "residual" in (said.get("choice") or ())):
        return (
            "what was the block `residual` of cnn is `block: basic` with `connections: residual` "
            "now."
        )
    is_integer = isinstance(value, int) and not isinstance(value, bool) and value > 1
    if name == "beta_warmup" and (is_integer or "int" in said):
        return (
            "beta_warmup of vae is a share of all steps now, from 0 to 1, and was a number of "
            "epochs."
        )
    return ""
