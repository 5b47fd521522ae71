"""Which checkpoints may a model begin from, as an experiment says it?

A family's section fixes what it names (`model: {name: cnn, init_from: {checkpoint: PATH}}`); what
it leaves open can be searched as parameters, each under a key of `raysearch.init_from`. They are no
arguments of the constructor: they say how a trial begins, and no checkpoint has them.

Paths are relative to the working directory, and made absolute. The files are looked at when
configurations are tried: a winner can be read, and tested, where they are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

from raysearch.experiment.document import Path, dotted
from raysearch.experiment.families import Family, place
from raysearch.experiment.report import Report
from raysearch.experiment.sections import SMALLEST_RATE, InitSection
from raysearch.init_from import INIT_FROM, KEYS, OPTIONS
from raysearch.space import Choice, Domain, Fixed, Float, Int, Space
from raysearch.trial import Value

FROZEN, RATE = f"{INIT_FROM}.frozen_epochs", f"{INIT_FROM}.rate"

LEGAL: Mapping[str, Domain] = {FROZEN: Int(0, 1_000_000), RATE: Float(SMALLEST_RATE, 1.0)}
"""Values of the parameters that are numbers."""


def can_start(family: Family, section: InitSection | None, *, path: Path, report: Report) -> Family:
    """Return a family with what an experiment says of its checkpoint, and what is left to search.

    Args:
        family: As it is without.
        section: What its section says; None if it says nothing.
        path: Where the section of the model stands.
        report: Where the faults go.
    """
    choice, arguments = family.choice, family.arguments
    if choice.kind == "function":
        if section is not None:
            text = f"{choice.name} is a function that trains by itself, and loads weights itself."
            report.add((*path, INIT_FROM), f"{dotted((*path, INIT_FROM))}: {text} Leave it out.")
        return replace(family, choice=replace(choice, start=None))
    if choice.is_own and INIT_FROM in (*(arguments.names or ()), *arguments.fixed):
        return replace(family, choice=replace(choice, start=None))  # an argument of theirs
    fixed = {} if section is None else _fixed(section)
    where = {key: dotted((*path, INIT_FROM, _option(key))) for key in fixed}
    left = tuple(key for key in KEYS if key not in fixed)
    return replace(
        family,
        choice=replace(choice, start=fixed),
        arguments=replace(
            arguments,
            legal={**(arguments.legal or {}), **LEGAL},
            names=None if arguments.names is None else (*arguments.names, *left),
            fixed={**arguments.fixed, **where},
        ),
    )


def _fixed(section: InitSection) -> dict[str, Value]:
    given = {f"{INIT_FROM}.{name}": getattr(section, name) for name in OPTIONS}
    written = {key: v for key, v in given.items() if _option(key) in section.model_fields_set}
    return {INIT_FROM: _absolute(section.checkpoint), **written}


def _option(key: str) -> str:
    """Return the key of the section that a parameter's key stands for."""
    return key.partition(".")[2] or "checkpoint"


def _absolute(path: str) -> str:
    return str(FilePath(path).expanduser().absolute())


# ---- what is searched of it


def absolute_paths(values: Mapping[str, Any], families: Sequence[Family]) -> dict[str, Any]:
    """Return ranges of the section `space`, or a point, with the paths of checkpoints absolute."""
    keys = _path_keys(families)
    return {key: _with_absolute(v) if key in keys else v for key, v in values.items()}


def _path_keys(families: Sequence[Family]) -> set[str]:
    """Return how a file may write the key of a checkpoint's path."""
    mine = [family.choice.name for family in families if family.choice.start is not None]
    return {f"{name}.{INIT_FROM}" for name in mine} | ({INIT_FROM} if mine else set())


def _with_absolute(value: Any) -> Any:
    if isinstance(value, str):
        return _absolute(value)
    if isinstance(value, list):
        return [_with_absolute(item) for item in value]
    if isinstance(value, Mapping):
        inner = ("choice", "fixed", "default")
        return {key: _with_absolute(v) if key in inner else v for key, v in value.items()}
    return value


def with_conditions(domains: Mapping[str, Domain]) -> dict[str, Domain]:
    """Return a family's new domains, what goes with a checkpoint active where there is one.

    Example:
        >>> start = {"init_from": Choice([None, "/a.ckpt"]), "init_from.rate": Float(0.1, 1.0)}
        >>> with_conditions(start)["init_from.rate"].when
        (('init_from', ('/a.ckpt',)),)
    """
    paths = [path for path in _values(domains.get(INIT_FROM)) if path is not None]
    is_choice = paths and None in _values(domains.get(INIT_FROM))
    conditioned = {
        key: replace(domain, when={INIT_FROM: paths})  # type: ignore[type-var]  # all are dataclasses
        for key, domain in domains.items()
        if is_choice and key in KEYS and key != INIT_FROM and domain.when is None
    }
    return {**domains, **conditioned}


def _values(domain: Domain | None) -> tuple[Value, ...]:
    if isinstance(domain, Choice):
        return tuple(domain.values)
    return (domain.value,) if isinstance(domain, Fixed) else ()


def check_starts(space: Space, *, families: Sequence[Family], report: Report) -> None:
    """Report paths that are none, and what would have no effect.

    Args:
        space: What is searched.
        families: The families of the experiment.
        report: Where the faults go.
    """
    for number, family in enumerate(families):
        if family.choice.start is not None:
            for path, text in _faults(space, family, number=number, report=report):
                report.add(path, f"{dotted(path)}: {text}")


def _faults(
    space: Space, family: Family, *, number: int, report: Report
) -> Iterator[tuple[Path, str]]:
    choice, start = family.choice, family.choice.start or {}
    written = {key: _written(key, family, report=report) for key in KEYS}
    section = place(number, report=report)
    for parameter in [p for p in space if p.key == choice.prefix + INIT_FROM]:
        values = _values(parameter.domain)
        if not values or not all(value is None or isinstance(value, str) for value in values):
            text = "Write `{choice: [null, PATH]}`, with null for new weights, or a path."
            yield written[INIT_FROM], f"it is {parameter.domain.describe()}. {text}"
    others = [key for key in KEYS[1:] if choice.prefix + key in space]
    has_path = INIT_FROM in start or choice.prefix + INIT_FROM in space
    for key in others if not has_path else ():
        text = f"{choice.name} begins from no checkpoint. Add `{INIT_FROM}: PATH` to it in model"
        yield written[key], f"{text}, or `{choice.prefix}{INIT_FROM}: {{choice: [null, PATH]}}`."
    if choice.is_own and (start.get(RATE, 1.0) != 1.0 or RATE in others):
        path = written[RATE] if RATE in others else (*section, INIT_FROM, "rate")
        yield path, _NO_RATE.format(choice.name)


_NO_RATE = (
    "the learning rates of {0} are those of its own configure_optimizers, which raysearch leaves "
    "as they are. Leave rate out, and let frozen_epochs hold the old layers still; or give {0} "
    "parameter groups of its own."
)


def _written(key: str, family: Family, *, report: Report) -> Path:
    """Return where the section `space` has a parameter of a family."""
    full: Path = ("space", f"{family.choice.name}.{key}")
    return full if report.document.has(full) else report.document.nearest(("space", key))
