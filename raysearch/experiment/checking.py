"""Which keys and types of a document are wrong, in words for a person?

Each section is checked by itself, so that a fault in one does not hide those of the others. Where
an unknown key seems to be meant for one that is missing, that one is not called missing as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from raysearch.errors import did_you_mean
from raysearch.experiment.document import Path, dotted
from raysearch.experiment.forms import SECTIONS, allows_null, example, keys_of
from raysearch.experiment.other_words import meant_by
from raysearch.experiment.remedies import LIST, MAPPING, sentence, what_is_right
from raysearch.experiment.report import Report
from raysearch.experiment.settings import Settings
from raysearch.experiment.trainer import OWNED
from raysearch.models import FAMILIES

INCLUDE = "include"
"""A key of files, which reading them has dealt with."""

UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
"""Types of pydantic errors for a key that does not exist."""

EVERYWHERE = ("name", "class", "function", "builder", "args")
"""Keys of several sections, which say nothing about the one that was meant."""


def check(report: Report) -> dict[str, Any]:
    """Return the checked sections of the document by name, those at fault left out.

    Sections that the document leaves out have their defaults.
    """
    values = report.document.values
    for key in values:
        if key not in SECTIONS:
            _unknown_section(key, report)
    checked = {}
    for name, field in Settings.model_fields.items():
        if name == "objective" and name not in values and values.get("objectives"):
            continue  # it is the first of them
        if name not in values and field.is_required():
            report_missing(name, report=report)
        elif name not in values:
            checked[name] = field.get_default(call_default_factory=True)
        else:
            _check_section(name, values[name], report=report, checked=checked)
    return checked


def _check_section(name: str, value: object, *, report: Report, checked: dict[str, Any]) -> None:
    draft = Settings.model_construct()
    try:
        setattr(draft, name, value)
    except ValidationError as error:
        report_errors(error, base=(), report=report)
    else:
        checked[name] = getattr(draft, name)


def report_errors(
    error: ValidationError,
    *,
    base: Path,
    report: Report,
    kind: str = "",
    keys: tuple[str, ...] = (),
) -> None:
    """Add what pydantic found, each value once.

    Args:
        error: What pydantic raised.
        base: Path of what was validated; empty for a section of the file.
        report: Where the faults go.
        kind: What its keys are, such as "a setting of asha"; for sections this is known.
        keys: The keys that it may have; for sections these are known.
    """
    rights: dict[Path, list[str]] = {}
    opened: set[Path] = set()  # mappings whose keys are at fault, and not their type
    for found in error.errors(include_url=False):
        path = report.document.known((*base, *found["loc"]))
        beside = keys or keys_of(*path[:-1])
        if found["type"] in UNKNOWN or found["type"] == "missing":
            opened.add(path[:-1])
        if found["type"] in UNKNOWN:
            of_section = f"a key of {dotted(path[:-1])}"
            _unknown_key(path, kind=kind or of_section, keys=beside, report=report)
        elif found["type"] == "missing":
            given = report.document.get(path[:-1])
            if not _is_meant(str(path[-1]), given, at=path[:-1], keys=beside):
                _missing(path, report=report)
        elif found["type"] == "value_error":
            if not report.is_broken(path):
                report.wrong(path, str(found["ctx"]["error"]))
        else:
            right = rights.setdefault(report.document.nearest(path), [])
            context = found.get("ctx", {})
            right.append(what_is_right(found["type"], context, message=found["msg"]))
    for path, expected in rights.items():
        if path in opened:
            continue
        value = report.document.get(path)
        text = sentence(expected, value=value, allows_null=allows_null(path))
        report.wrong(path, text + (example(path) if expected in ([MAPPING], [LIST]) else ""))


def report_missing(section: str, *, report: Report) -> None:
    """Add that a section is missing, unless a key is there that was probably meant to be it."""
    if not _is_meant(section, report.document.values, at=(), keys=SECTIONS):
        _missing((section,), report=report)


def _missing(path: Path, *, report: Report) -> None:
    shown = example(path) or (example(path[:-1]) if len(path) > 1 else "")
    report.add(path, f"{dotted(path)} is missing.{shown}")


# ---- keys that there are not


class _Meant(NamedTuple):
    """What a key that does not exist was probably meant to be."""

    hint: str
    """What to do, as a sentence; empty if that is not known."""
    keys: tuple[str, ...] = ()
    """The keys that are given by it."""


def _unknown_section(key: str, report: Report) -> None:
    if key == INCLUDE:
        text = "Merge the settings in Python, or put it into the file."
        report.add((key,), f"include is read from files only. {text}")
        return
    meant = _section_meant(key, report.document.values[key])
    otherwise = "If it is a parameter, write it inside space."
    kind = "a key of an experiment file"
    valid = (*SECTIONS, INCLUDE)
    report.unknown_key((key,), kind=kind, valid=valid, hint=meant.hint or otherwise)


def _section_meant(key: str, value: object) -> _Meant:
    """Return what a key at the top level was probably meant to be."""
    outer, _, inner = key.partition(".")
    if inner and outer in (*SECTIONS, *FAMILIES):
        if inner.partition(".")[0] in keys_of(outer):
            return _Meant(f"Write {inner} inside {outer}.", (outer,))
        name = inner if outer in ("space", "model") else key
        return _Meant(f"Write {name} inside space.", ("space",))
    inside = [name for name in value if name in SECTIONS] if isinstance(value, dict) else []
    if len(inside) > 1:
        return _Meant("Write its keys at the top level.", tuple(inside))
    if target := meant_by((key,), keys=SECTIONS):
        section = target.partition(".")[0]
        return _Meant(f"It is called {target} here.", (section,))
    homes = [name for name in SECTIONS if key in keys_of(name) and key not in EVERYWHERE]
    if homes:
        return _Meant(f"Write it inside {' or '.join(homes)}.", tuple(homes))
    return _near(key, (*SECTIONS, INCLUDE))


def _near(key: str, valid: Iterable[str]) -> _Meant:
    hint = did_you_mean(key, valid).rstrip()
    return _Meant(hint, (hint.removeprefix("Did you mean ").removesuffix("?"),) if hint else ())


def _unknown_key(path: Path, *, kind: str, keys: tuple[str, ...], report: Report) -> None:
    if path[0] == "trainer" and path[-1] in OWNED and len(path) == len(("trainer", "argument")):
        report.add(path, f"{dotted(path)} is set by raysearch. {OWNED[str(path[-1])]}")
    else:
        hint = _key_meant(path, keys=keys).hint
        report.unknown_key(path, kind=kind, valid=keys, hint=hint)


def _key_meant(path: Path, *, keys: tuple[str, ...]) -> _Meant:
    """Return what a key inside a section was probably meant to be."""
    key = str(path[-1])
    if "args" in keys:  # what is not known here may be an argument of one's own
        known = _near(key, keys)
        return known if known.hint else _Meant("Arguments go under args.")
    target = meant_by(path, keys=keys)
    if target in keys:
        return _Meant(f"Did you mean {target}?", (str(target),))
    return _Meant(f"It is called {target} here.") if target else _near(key, keys)


def _is_meant(name: str, given: object, *, at: Path, keys: tuple[str, ...]) -> bool:
    """Return whether a key is there that does not exist, and was probably meant to be this one.

    Example:
        >>> _is_meant("max_epochs", {"max_epoch": 9}, at=("fidelity",), keys=("max_epochs",))
        True
    """
    unknown = given if isinstance(given, Mapping) else {}
    meant = [
        _key_meant((*at, key), keys=keys) if at else _section_meant(key, value)
        for key, value in unknown.items()
        if key not in keys
    ]
    return any(name in one.keys for one in meant)
