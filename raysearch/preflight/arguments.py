"""Do the constructors of model and data take what an experiment gives them?

Only signatures are looked at, so that an argument that does not exist is named before anything is
built, together with those that do.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from raysearch.errors import did_you_mean, one_of
from raysearch.imports import load_object
from raysearch.preflight.record import WrongArgument
from raysearch.training.job import TrainingJob

_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def wrong_arguments(job: TrainingJob) -> tuple[WrongArgument, ...]:
    """Return the arguments of a job's model and data that its constructors do not take, or miss.

    Functions are not looked at: what they take does not depend on the configuration.

    Raises:
        ConfigurationError: A class cannot be loaded. What its module raises passes through.
    """
    wrong: tuple[WrongArgument, ...] = ()
    if job.kind == "module":
        model = load_object(job.model_class)
        wrong += _wrong(model, given=job.model_arguments, part="model")
    if job.data_class:
        data = load_object(job.data_class)
        if isinstance(data, type):
            wrong += _wrong(data, given=job.data_arguments, part="data")
    return wrong


def function_fault(function: Any, *, ways: Sequence[tuple[str, ...]]) -> str:
    """Return what is wrong with the signature of a function; empty if nothing is.

    Args:
        function: What will be called.
        ways: The arguments it may be called with, one way of which must do; the first is the one
            that is recommended.

    Example:
        >>> function_fault(lambda: None, ways=[("config", "report"), ("config",)])
        '<lambda>() cannot be called with (config, report). Write it as <lambda>(config, report).'
    """
    if not callable(function):
        return f"{function!r} is no function."
    try:
        signature = inspect.signature(function)
    except ValueError:
        return ""  # it is written in C and does not tell
    if any(_binds(signature, way) for way in ways):
        return ""
    name, listed = _name(function), ", ".join(ways[0])
    return f"{name}{signature} cannot be called with ({listed}). Write it as {name}({listed})."


def _binds(signature: inspect.Signature, names: tuple[str, ...]) -> bool:
    try:
        signature.bind(*names)
    except TypeError:
        return False
    return True


def describe(wrong: WrongArgument) -> str:
    """Return what is wrong with an argument, in words.

    Example:
        >>> describe(WrongArgument(part="model", name="widht", valid=("width",), owner="Net"))
        'Net has no argument widht. Did you mean width? Valid: width.'
    """
    if wrong.is_missing:
        return (
            f"{wrong.owner} needs the argument {wrong.name}, which is not given. Give it a range "
            f"under space, or a value under {wrong.part}.args."
        )
    valid = f"Valid: {one_of(wrong.valid)}." if wrong.valid else "It takes none."
    near = did_you_mean(wrong.name, wrong.valid)
    return f"{wrong.owner} has no argument {wrong.name}. {near}{valid}"


def _wrong(
    owner: Any, *, given: Mapping[str, Any], part: Literal["model", "data"]
) -> tuple[WrongArgument, ...]:
    try:
        arguments = inspect.signature(owner).parameters.values()
    except (ValueError, TypeError):
        return ()  # it does not tell
    valid = tuple(a.name for a in arguments if a.kind in _BY_NAME)
    takes_any = any(a.kind is a.VAR_KEYWORD for a in arguments)
    needed = [a.name for a in arguments if a.kind in _BY_NAME and a.default is a.empty]
    unknown = [] if takes_any else [name for name in given if name not in valid]
    missing = [name for name in needed if name not in given]
    return tuple(
        WrongArgument(
            part=part, name=name, is_missing=name in missing, valid=valid, owner=_name(owner)
        )
        for name in [*unknown, *missing]
    )


def _name(found: Any) -> str:
    return str(getattr(found, "__qualname__", type(found).__qualname__)).rpartition("<locals>.")[2]
