"""Which keys and types of a document are wrong, in words for a person?

Each section is checked by itself, so that a fault in one does not hide those of the others.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from raysearch.errors import did_you_mean
from raysearch.experiment.document import Path, dotted
from raysearch.experiment.report import Report
from raysearch.experiment.settings import Settings
from raysearch.experiment.trainer import OWNED
from raysearch.experiment.yaml_text import in_one_line

MAPPING = "a mapping of keys to values"

RIGHT = {
    "bool_type": "true or false",
    "dataclass_type": MAPPING,
    "dict_type": MAPPING,
    "float_type": "a number",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "int_type": "an integer",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "list_type": "a list",
    "model_type": MAPPING,
    "none_required": "null",
    "string_type": "text",
    "too_short": "a list of at least {min_length}, as in [mlp]",
}
"""Type of a pydantic error -> what would be right, as in "It must be an integer"."""

BOOLEAN_WORDS = {"yes": "true", "on": "true", "no": "false", "off": "false"}


def check(report: Report) -> dict[str, Any]:
    """Return the checked sections of the document by name, those at fault left out.

    Sections that the document leaves out have their defaults.
    """
    values = report.document.values
    for key in values:
        if key not in Settings.model_fields:
            _unknown_section(key, report)
    checked = {}
    for name, field in Settings.model_fields.items():
        if name not in values and field.is_required():
            if not _is_misspelt(name, values, keys=Settings.model_fields):
                _missing((name,), report=report)
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
        kind = f"a key of {name}"
        report_errors(error, base=(), kind=kind, keys=keys_of(name), report=report)
    else:
        checked[name] = getattr(draft, name)


def keys_of(section: str) -> tuple[str, ...]:
    """Return the keys that a section may have, none if it is not a mapping with fixed keys.

    Example:
        >>> keys_of("budget"), keys_of("model"), keys_of("seed")
        (('trials', 'minutes'), ('name', 'arguments'), ())
    """
    form: Any = Settings.model_fields[section].annotation
    if get_origin(form) is list:
        form = get_args(form)[0]
    if dataclasses.is_dataclass(form):
        return tuple(field.name for field in dataclasses.fields(form))
    if isinstance(form, type) and issubclass(form, BaseModel):
        return tuple(form.model_fields)
    return ()


def report_errors(
    error: ValidationError, *, base: Path, kind: str, keys: tuple[str, ...], report: Report
) -> None:
    """Add what pydantic found, each value once.

    Args:
        error: What pydantic raised.
        base: Path of what was validated.
        kind: What its keys are, such as "a setting of asha".
        keys: The keys that the mapping at fault may have.
        report: Where the faults go.
    """
    rights: dict[Path, list[str]] = {}
    for found in error.errors(include_url=False):
        path = (*base, *found["loc"])
        if found["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
            _unknown_key(path, kind=kind, keys=keys, report=report)
        elif found["type"] == "missing":
            if not _is_misspelt(str(path[-1]), report.document.get(path[:-1]), keys=keys):
                _missing(path, report=report)
        elif found["type"] == "value_error":
            if not report.is_broken(path):
                report.wrong(path, str(found["ctx"]["error"]))
        else:
            right = rights.setdefault(report.document.nearest(path), [])
            right.append(_right(found["type"], found.get("ctx", {}), message=found["msg"]))
    for path, expected in rights.items():
        sentence = _sentence(expected, value=report.document.get(path))
        report.wrong(path, sentence + (_example(path[0]) if expected == [MAPPING] else ""))


def _unknown_section(key: str, report: Report) -> None:
    section, _, inner = key.partition(".")
    hint = f"Write {inner} inside {section}." if inner and section in Settings.model_fields else ""
    kind = "a key of an experiment file"
    report.unknown_key((key,), kind=kind, valid=Settings.model_fields, hint=hint)


def _unknown_key(path: Path, *, kind: str, keys: tuple[str, ...], report: Report) -> None:
    if path[0] == "trainer" and path[-1] in OWNED:
        report.add(path, f"{dotted(path)} is set by raysearch. {OWNED[str(path[-1])]}")
    else:
        report.unknown_key(path, kind=kind, valid=keys)


def _is_misspelt(name: str, given: object, *, keys: Iterable[str]) -> bool:
    """Return whether a key is there that is unknown and asked about: did you mean this one?

    Example:
        >>> _is_misspelt("max_epochs", {"max_epoch": 9}, keys=["max_epochs"])
        True
    """
    valid = list(keys)
    unknown = [key for key in given if key not in valid] if isinstance(given, dict) else []
    return any(f" {name}?" in did_you_mean(key, valid) for key in unknown)


def _missing(path: Path, *, report: Report) -> None:
    report.add(path, f"{dotted(path)} is missing.{_example(path[0])}")


def _example(section: str | int) -> str:
    """Return a sentence with an example of a section, empty if there is none."""
    examples = Settings.model_fields[str(section)].examples
    return f" For example: `{in_one_line({section: examples[0]})[1:-1]}`." if examples else ""


def _right(kind: str, context: Mapping[str, Any], *, message: str) -> str:
    if kind == "literal_error":
        return str(context["expected"]).replace("'", "")
    if kind not in RIGHT:
        return message.removeprefix("Input should be ")
    limits = {name: f"{x:.10g}" if isinstance(x, float) else x for name, x in context.items()}
    return RIGHT[kind].format(**limits)


def _sentence(expected: list[str], *, value: object) -> str:
    """Return what would be right, with the remedy for the usual slips.

    Example:
        >>> _sentence(["an integer"], value="1_000")
        'It must be an integer. Write 1000, without quotes or underscores.'
        >>> _sentence(["true or false"], value="no")
        'It must be true or false. Write false: no is plain text in YAML 1.2.'
        >>> _sentence(["minimize or maximize"], value="maximise")
        'It must be minimize or maximize. Did you mean maximize?'
    """
    sentence = f"It must be {' or '.join(dict.fromkeys(expected))}."
    if not isinstance(value, str):
        return sentence
    if "true or false" in expected and value in BOOLEAN_WORDS:
        return f"{sentence} Write {BOOLEAN_WORDS[value]}: {value} is plain text in YAML 1.2."
    if re.fullmatch(r"[-+]?[0-9_]*\.?[0-9_]+([eE][-+]?[0-9]+)?", value):
        return f"{sentence} Write {value.replace('_', '')}, without quotes or underscores."
    words = [word for text in expected for word in re.split(r", | or ", text)]
    return f"{sentence} {did_you_mean(value, words)}".rstrip()
