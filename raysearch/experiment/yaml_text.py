"""How is YAML read and written here? As YAML 1.2, by safe loading, so that few words surprise.

PyYAML follows YAML 1.1, where `no` and `on` are booleans, `1e-4` is text, `010` is eight, `1:30` is
ninety and `2026-01-01` a date. The core schema of YAML 1.2 has none of these: booleans are `true`
and `false`, and what looks like a number is one. What `to_yaml` writes is read back unchanged.

References:
    YAML 1.2.2, section 10.3, "Core Schema", https://yaml.org/spec/1.2.2/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

TAG = "tag:yaml.org,2002:"
ASKS_ENVIRONMENT = "${env:"
"""Begins a reference to an environment variable in a text value; a further $ takes that away."""
SCALARS = {
    "null": (r"~|null|Null|NULL|", "~nN\0"),
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
        r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
}
"""Type -> (what it looks like, the characters it can begin with); the first that matches holds."""

DEEPEST = 60
"""How deeply lists and mappings may be nested: far more than any experiment needs."""

Resolvers = dict[str, list[tuple[str, re.Pattern[str]]]]


_YAML_1_1: Resolvers = yaml.SafeLoader.yaml_implicit_resolvers


def _resolvers(*, beside: Resolvers | None = None) -> Resolvers:
    found = {first: list(resolvers) for first, resolvers in (beside or {}).items()}
    for name, (pattern, first) in SCALARS.items():
        for character in first:
            key = "" if character == "\0" else character
            found.setdefault(key, []).append((TAG + name, re.compile(f"(?:{pattern})$")))
    return found


class CoreLoader(yaml.SafeLoader):
    """Recognises the scalars of YAML 1.2; used to compose nodes, never to construct objects."""

    yaml_implicit_resolvers = _resolvers()

    def fetch_flow_collection_start(self, TokenClass: type) -> None:  # noqa: N803  PyYAML's name
        """Begin a list or mapping in brackets; PyYAML's time grows with the square of the depth."""
        if self.flow_level > DEEPEST:
            raise RecursionError(f"brackets are nested more than {DEEPEST} deep")
        super().fetch_flow_collection_start(TokenClass)


class CoreDumper(yaml.SafeDumper):
    """Puts text in quotes where YAML 1.2, or another reader's 1.1, would read something else."""

    yaml_implicit_resolvers = _resolvers(beside=_YAML_1_1)


def scalar(node: yaml.ScalarNode) -> str | int | float | bool | None:
    """Return the value of a scalar.

    Raises:
        ValueError: The tag is not one of the core schema, or its text does not fit it.

    Example:
        >>> [scalar(node) for node in compose("[1e-4, no, 010, 0x10, true, ~]").value]
        [0.0001, 'no', 10, 16, True, None]
    """
    text = str(node.value)
    match node.tag.removeprefix(TAG):
        case "str":
            return text
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
        case "float":
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    raise ValueError(f"the tag {node.tag} is not read")


def plain_scalar(text: str) -> str | int | float | bool | None:
    """Return the value of text that stands without quotes; what is no other scalar is text.

    Example:
        >>> [plain_scalar(text) for text in ("8", "1e-4", "true", "null", "[1, 2]", "a: b")]
        [8, 0.0001, True, None, '[1, 2]', 'a: b']
    """
    for name, (pattern, _) in SCALARS.items():
        if re.fullmatch(pattern, text):
            return scalar(yaml.ScalarNode(TAG + name, text))
    return text


def compose(text: str) -> yaml.Node | None:
    """Return the document as nodes that know their lines, or None if there is nothing in it.

    Raises:
        yaml.YAMLError: The text is not one YAML document.
        RecursionError: It is nested too deeply.
    """
    node: yaml.Node | None = yaml.compose(text, Loader=CoreLoader)
    return node


def to_yaml(values: Mapping[str, Any]) -> str:
    """Return plain values as YAML that `load` reads back unchanged, in the order given.

    Example:
        >>> print(to_yaml({"name": "no", "space": {"width": {"int": [8, 64]}}}), end="")
        name: 'no'
        space:
          width:
            int: [8, 64]
    """
    return yaml.dump(
        _without_references(dict(values)),
        Dumper=CoreDumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=None,
    )


def _without_references(value: Any) -> Any:
    """Return plain values in which no text refers to an environment variable any more."""
    if isinstance(value, dict):
        return {key: _without_references(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_references(item) for item in value]
    if isinstance(value, str):
        return value.replace(ASKS_ENVIRONMENT, f"${ASKS_ENVIRONMENT}")
    return value


def in_one_line(value: object) -> str:
    """Return a plain value as YAML on a single line.

    Example:
        >>> in_one_line({"int": [8, 64]}), in_one_line("no"), in_one_line(None), in_one_line("3")
        ('{int: [8, 64]}', "'no'", 'null', "'3'")
    """
    text = yaml.dump(
        value, Dumper=CoreDumper, default_flow_style=True, sort_keys=False, width=float("inf")
    )
    return text.removesuffix("\n").removesuffix("\n...")
