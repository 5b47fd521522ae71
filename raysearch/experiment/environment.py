"""Which environment variables does an experiment file ask for, and what do they stand for?

`${env:NAME}` in a text value is replaced by the variable NAME, and `${env:NAME:-default}` by the
default where NAME is not set or empty. A value that is nothing but one reference is read as a
scalar of YAML (`"${env:TRIALS}"` becomes 8); elsewhere the text is put in. `$${env:NAME}` stands
for the text `${env:NAME}`. Nothing else is expanded: `$HOME` and `~` stay as they are.

What a variable held is kept in the run directory with all other settings, so that a resumed search
has the same. Secrets do not belong there: a variable whose name says that it is one is refused.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from raysearch.experiment.document import Document, Fault, Mark, Path, dotted
from raysearch.experiment.yaml_text import ASKS_ENVIRONMENT, in_one_line, plain_scalar

FORMS = (
    "Write ${env:NAME} or ${env:NAME:-default}; $${env: stands for the characters ${env: as such."
)
_REFERENCE = re.compile(r"\$(?P<escaped>\$\{env:)|\$\{env:(?P<inside>[^}]*)(?P<end>\}?)")
_INSIDE = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(:-(?P<default>.*))?", re.DOTALL)

_SECRET = re.compile(
    r"(passw(or)?d|passphrase|secret|credential|(api|access|private)_?key)s?(?![a-z])"
    r"|token(?![a-z]|_(count|dim|len|length|limit|rate|size|type)s?$)"
    r"|((^|_)pass|_pwd|_pat)(_?[0-9]+)?$",
    re.IGNORECASE,
)
"""Words that name a secret, also behind others without a break; those that mean something else as
often do so where the name ends, or where no word behind them says that they are counted."""


def expand(document: Document, *, environ: Mapping[str, str] = os.environ) -> Document:
    """Return the document with its references to environment variables replaced.

    Args:
        document: What a file says, overrides included.
        environ: Variables by name.

    Returns:
        The values with what the variables hold, marks that show reference and value, and a fault
        for each reference that is malformed or whose variable is not there.

    Example:
        >>> asked = {"budget": {"trials": "${env:TRIALS}"}, "name": "nets-${env:USER:-me}"}
        >>> expand(Document(source="a.yaml", values=asked), environ={"TRIALS": "8"}).values
        {'budget': {'trials': 8}, 'name': 'nets-me'}
        >>> print(*expand(Document(source="a.yaml", values=asked), environ={}).faults)
        a.yaml: budget.trials is ${env:TRIALS}. The environment variable TRIALS is not set. Set it,
        or give a default: ${env:TRIALS:-VALUE}.
    """
    expansion = _Expansion(document, environ=environ)
    values = {key: expansion.value(value, (key,)) for key, value in document.values.items()}
    return replace(
        document,
        values=values,
        marks={**document.marks, **expansion.marks},
        faults=(*document.faults, *expansion.faults),
    )


def is_secret(name: str) -> bool:
    """Return whether the name of a variable says that nobody is to see what it holds.

    Example:
        >>> [is_secret(name) for name in ("HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD")]
        [True, True, True]
        >>> [is_secret(name) for name in ("PGPASSWORD", "GITHUB_PAT", "MYSQL_PWD", "NPM_AUTHTOKEN")]
        [True, True, True, True]
        >>> [is_secret(name) for name in ("MAX_TOKENS", "SORT_KEY", "PWD", "AUTHOR", "DATA")]
        [False, False, False, False, False]
        >>> [is_secret(name) for name in ("TOKEN_COUNT", "PASS_RATE", "TOKENIZER", "SECRETARY")]
        [False, False, False, False]
    """
    return _SECRET.search(name) is not None


class _Refused(Exception):
    """A reference cannot be replaced; the text says why."""


class _Expansion:
    """Walks through the values of a document, noting what is shown anew and what is wrong."""

    def __init__(self, document: Document, *, environ: Mapping[str, str]) -> None:
        self.marks: dict[Path, Mark] = {}
        self.faults: list[Fault] = []
        self._document = document
        self._environ = environ

    def value(self, value: Any, path: Path) -> Any:
        """Return a value with what its references stand for, noting where and what is wrong."""
        if isinstance(value, dict):
            return {key: self.value(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, (*path, position)) for position, item in enumerate(value)]
        if not isinstance(value, str) or ASKS_ENVIRONMENT not in value:
            return value
        written = self._document.written(path)
        try:
            expanded = self._text(value)
        except _Refused as refused:
            text = f"{dotted(path)} is {written}. {refused}"
            self.faults.append(Fault(self._document.place(path), text, path))
            return value
        shown = f"{written} ({in_one_line(expanded)})"
        self.marks[path] = Mark(place=self._document.place(path), written=shown)
        return expanded

    def _text(self, text: str) -> str | int | float | bool | None:
        alone = _REFERENCE.fullmatch(text)
        expanded = _REFERENCE.sub(self._replaced, text)
        if alone is None or alone["escaped"]:
            return expanded
        value = plain_scalar(expanded)
        if isinstance(value, float) and not math.isfinite(value):
            raise _Refused(f"The variable holds {expanded}. It must be a finite number.")
        return value

    def _replaced(self, match: re.Match[str]) -> str:
        if match["escaped"]:
            return match["escaped"]
        inside = _INSIDE.fullmatch(match["inside"])
        if not match["end"]:
            raise _Refused(f"The brace of {ASKS_ENVIRONMENT} is not closed. {FORMS}")
        if inside is None:
            raise _Refused(f"{match.group()} does not name an environment variable. {FORMS}")
        name, default = inside["name"], inside["default"]
        if is_secret(name):
            raise _Refused(
                f"The name of {name} says that it is a secret, and what an experiment holds is "
                "kept in the run directory and shown. Read it where it is used, in your own code: "
                f'os.environ["{name}"].'
            )
        if default is not None and "${" in default:
            raise _Refused(f"The default of {name} is another reference. Write it as plain text.")
        held = self._environ.get(name)
        if held:
            return held
        if default is not None:
            return default
        state = "is not set" if held is None else "is empty"
        raise _Refused(
            f"The environment variable {name} {state}. Set it, or give a default: "
            f"{ASKS_ENVIRONMENT}{name}:-VALUE}}."
        )
