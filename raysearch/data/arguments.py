"""What may be said about files of one's own in an experiment, and is it said in the right form?

What all kinds of data that are read from files have in common. Needs neither torch nor pandas, and
reads no file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from raysearch.data.splits import FRACTIONS, split_sizes
from raysearch.errors import ConfigurationError, unknown_name
from raysearch.space import Domain

LARGEST_NUMBER = 3.4e38
"""What float32 can hold, nearly; what is larger in a file is taken for none."""

Form = tuple[Callable[[Any], bool], str]
"""Whether a value has the right form, and what to say where it has not."""


def _is_text(value: Any) -> bool:
    return bool(value) and isinstance(value, str | Path)


def _is_names(value: Any) -> bool:
    if isinstance(value, str):
        return True
    return isinstance(value, list | tuple) and all(isinstance(name, str) for name in value)


def _is_dates(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return _is_names(value)
    return all(isinstance(k, str) and isinstance(v, str | None) for k, v in value.items())


def _is_encoding(value: Any) -> bool:
    try:
        "a".encode(value)  # a codec that is not of text, such as hex, is refused here
    except (LookupError, TypeError, ValueError):
        return False
    return True


TEXT: Form = (_is_text, "It must be a text.")
COLUMNS: Form = (_is_names, "It must be a list of column names.")

SEPARATOR: Form = (
    lambda value: isinstance(value, str) and len(value) == 1,
    'It must be one character, such as ";" or "\\t"; null tells by the first lines.',
)
ENCODING: Form = (
    _is_encoding,
    "It must be an encoding that Python knows, such as utf-8 or latin-1.",
)

FORMS: Mapping[str, Form] = {
    "path": TEXT,
    "test_path": TEXT,
    "target": TEXT,
    "task": (
        lambda value: value in ("classification", "regression"),
        "It must be classification or regression; null tells by the target.",
    ),
    "positive": TEXT,
    "split": TEXT,
    "order_by": TEXT,
    "group": TEXT,
    "dates": (
        _is_dates,
        "It must be a list of column names, or a mapping of them to formats like %d/%m/%Y.",
    ),
    "separator": SEPARATOR,
    "decimal": (
        lambda value: value in (".", ","),
        'It must be "." or ","; null tells by the values.',
    ),
    "encoding": ENCODING,
    "fingerprint": TEXT,
}
"""The arguments that data told of by a table have, beside numbers and choices."""


def optional(domain: Domain) -> Form:
    """Return the form of a number or a choice that may be left out."""
    return lambda value: domain.explain(value) is None, f"It must be {domain.describe()}."


def split_faults(given: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with arguments of data told of by a table, several of them together."""
    ways = [name for name in ("split", "order_by", "group") if given.get(name) is not None]
    faults = []
    if len(ways) > 1:
        faults.append(
            f"{' and '.join(ways)} {'both' if len(ways) == 2 else 'all'} say which rows are the "
            "test. Give one of them."
        )
    is_told = given.get("split") is not None or given.get("test_path") is not None
    return faults + share_faults(given, told=("test",) if is_told else ())


def share_faults(given: Mapping[str, Any], *, told: Collection[str] = ()) -> list[str]:
    """Return what is wrong with the shares of validation and test.

    Args:
        given: What an experiment says.
        told: Splits that a column or a file tells, whose share has no effect.
    """
    # the smallest legal share stands in for one without effect
    shares = {name: 0.05 if name in told else given.get(name, 0.2) for name in FRACTIONS}
    try:
        split_sizes(1, **shares)
    except ConfigurationError as error:
        return [text.replace("data.", "") for text in error.faults]
    return []


def check_form(
    given: Mapping[str, Any],
    *,
    kind: str,
    domains: Mapping[str, Domain],
    forms: Mapping[str, Form],
    required: Mapping[str, str],
    searched: Iterable[str] = (),
    contradictions: Callable[[Mapping[str, Any]], list[str]] = split_faults,
) -> None:
    """Refuse arguments that are unknown, missing, of the wrong form, or contradict each other.

    Args:
        given: What an experiment says.
        kind: The name of the data, such as "table".
        domains: Arguments that are numbers or choices.
        forms: All other arguments; each of them may be None.
        required: Arguments that must be given -> what to give.
        searched: Parameters of the data that stand under `space`, not here.
        contradictions: Returns what is wrong with several arguments together, each being right.

    Raises:
        ConfigurationError: With every fault; each text begins with the argument's name.
    """
    faults = []
    for name, value in given.items():
        if name in searched:
            faults.append(
                f"{name} is a parameter that may be searched. Set it under space, as in "
                f"`data.{name}: {value}`."
            )
        elif name not in domains and name not in forms:
            valid = [*domains, *forms]
            faults.append(unknown_name(name, kind=f"an argument of {kind}", valid=valid))
        elif right := _right_form(name, value, domains=domains, forms=forms):
            faults.append(f"{name} is {value!r}. {right}")
    faults += [
        f"{name} is missing. {right}" for name, right in required.items() if given.get(name) is None
    ]
    if faults := faults or contradictions(given):
        raise ConfigurationError(faults)


def absolute(path: Any) -> str:
    """Return a path as text that means the same in every working directory."""
    return str(Path(path).expanduser().absolute())


def formats_by_column(dates: Any) -> dict[str, str | None]:
    """Return the argument `dates`, in any of its forms, as column -> format.

    Example:
        >>> formats_by_column("day"), formats_by_column({"day": "%d/%m/%Y"})
        ({'day': None}, {'day': '%d/%m/%Y'})
    """
    if isinstance(dates, Mapping):
        return dict(dates)
    return dict.fromkeys([dates] if isinstance(dates, str) else dates or ())


def listed(names: Iterable[str], *, most: int = 20) -> str:
    """Return names joined for a sentence, the first ones if there are many.

    Example:
        >>> listed(["a", "b", "c"], most=2)
        'a, b and 1 more'
    """
    names = list(names)
    more = len(names) - most
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:most])} and {more} more"


def _right_form(
    name: str, value: Any, *, domains: Mapping[str, Domain], forms: Mapping[str, Form]
) -> str | None:
    """Return what an argument must be, if it is not, else None."""
    if name in domains:
        fault = domains[name].explain(value)
        return None if fault is None else f"It must be {domains[name].describe()}."
    is_right, right = forms[name]
    return None if value is None or is_right(value) else right
