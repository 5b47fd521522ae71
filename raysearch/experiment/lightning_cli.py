"""How is the configuration of a LightningCLI read as the model and the data of an experiment?

    model: config.yaml                                       its sections `model` and `data`,
    data: config.yaml                                        from the current folder
    model: {class_path: nets.Net, init_args: {hidden: 64}}   or one of them, copied

What the settings then hold is the class and its arguments: nothing depends on the file later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ENDINGS = (".yaml", ".yml")
"""What the name of such a file ends in."""


def from_cli(value: object, *, section: str) -> object:
    """Return what a LightningCLI says of a section in our words; anything else unchanged.

    Args:
        value: What is written: the path of a file, or a mapping.
        section: "model" or "data".

    Raises:
        ValueError: The file cannot be read, or names no class.

    Example:
        >>> from_cli({"class_path": "nets.Net", "init_args": {"hidden": 64}}, section="model")
        {'class': 'nets:Net', 'args': {'hidden': 64}}
        >>> from_cli("mlp", section="model")
        'mlp'
    """
    if isinstance(value, str) and value.endswith(ENDINGS):
        return _translated(_section(value, section=section), where=f"{value}, {section}")
    if isinstance(value, Mapping) and "class_path" in value:
        return _translated(value, where=section)
    return value


def _section(path: str, *, section: str) -> Mapping[str, Any]:
    try:
        document = yaml.safe_load(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise ValueError(
            f"The file of a LightningCLI cannot be read: {reason}. Paths start from the folder in "
            "which raysearch is called."
        ) from error
    found = document.get(section) if isinstance(document, Mapping) else None
    if not isinstance(found, Mapping) or not isinstance(found.get("class_path"), str):
        raise ValueError(
            f"{path} does not name the class: it has no {section}.class_path, as where "
            "LightningCLI is called with the class. Write {class: package.module:Class, args: ...} "
            f"with what {path} has under {section}."
        )
    return found


def _translated(value: Mapping[str, Any], *, where: str) -> dict[str, Any]:
    further = sorted(set(value) - {"class_path", "init_args"})
    if further:
        raise ValueError(
            f"{where} has {', '.join(further)} beside class_path and init_args. Leave it out."
        )
    args = value.get("init_args") or {}
    nested = list(_nested(args, "init_args"))
    if nested:
        raise ValueError(
            f"{where}: {nested[0]} is an object of its own, which raysearch does not make. Let the "
            "class make it from plain arguments."
        )
    module, _, name = str(value["class_path"]).rpartition(".")
    return {"class": f"{module}:{name}", **({"args": dict(args)} if args else {})}


def _nested(value: object, key: str) -> Iterator[str]:
    """Yield the dotted keys of objects among arguments."""
    if isinstance(value, Mapping):
        if "class_path" in value:
            yield key
        for name, inner in value.items():
            yield from _nested(inner, f"{key}.{name}")
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _nested(inner, f"{key}[{position}]")
