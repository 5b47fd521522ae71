"""What can be wrong with the text of an experiment file, before its meaning is looked at?

`read` returns a `Document` whose values are plain: text, numbers, booleans, null, lists and
mappings with text as keys. A file that cannot be taken apart is refused at once; what is wrong in
one place only (a key given twice, a tag, an alias) is noted as a fault, and the rest is read.
"""

from __future__ import annotations

import difflib
import math
import os
import stat
from pathlib import Path as FilePath
from typing import Any

import yaml

from raysearch.errors import ConfigurationError
from raysearch.experiment.document import Document, Fault, Mark, Path, Place, dotted
from raysearch.experiment.syntax import syntax_fault
from raysearch.experiment.yaml_text import DEEPEST, TAG, compose, scalar

MINIMAL = (
    "A small one: {data: digits, model: mlp, objective: val/accuracy, fidelity: {max_epochs: 9}}."
)
MAPPING = "An experiment file is a mapping of keys to values, `KEY: VALUE` on each line."
NOTHING_STARTED = "Nothing was started."
NO_TAG = "Write text, a number, true, false, null, a list or a mapping, without a tag (!)."
UNTAGGED = (f"{TAG}map", f"{TAG}seq")
MOST_BYTES = 200_000
"""What an experiment file may have; reading as much takes about two seconds."""


def read(path: str | FilePath) -> Document:
    """Return what a file says, together with the files that it includes.

    Raises:
        ConfigurationError: There is no such file, or it is not a mapping in YAML and UTF-8; or
            that is so of a file that it includes.
    """
    from raysearch.experiment.including import with_included  # it reads files by `read_alone`

    return with_included(read_alone(path), path=FilePath(path))


def read_alone(path: str | FilePath) -> Document:
    """Return what a file says by itself; `include` is a key like any other.

    Raises:
        ConfigurationError: There is no such file, or it is not a mapping in YAML and UTF-8.
    """
    text = _text(FilePath(path))
    return parse(text, source=str(path))


def parse(text: str, *, source: str) -> Document:
    r"""Return what YAML text says.

    Args:
        text: The text of an experiment file.
        source: Its name, for messages.

    Raises:
        ConfigurationError: The text is not one mapping in YAML.

    Example:
        >>> document = parse("data: digits\nbudget: {trials: 8}", source="a.yaml")
        >>> document.values
        {'data': 'digits', 'budget': {'trials': 8}}
        >>> document.place(("budget", "trials")).text
        'a.yaml, line 2'
    """
    try:
        root = compose(text)
        walk = _Walk(text, source=source)
        values = None if root is None else walk.value(root, ())
    except yaml.YAMLError as error:
        raise refusal(syntax_fault(error, text=text, source=source)) from error
    except RecursionError as error:
        raise refusal(f"{source}: lists or mappings are nested too deeply to be read.") from error
    if root is None or (values is None and not walk.faults):
        raise refusal(f"{source} is empty. {MAPPING} {MINIMAL}")
    if not isinstance(values, dict):
        kind = "a list" if isinstance(values, list) else "a single value"
        raise refusal(
            f"{source}, line {root.start_mark.line + 1}: this is {kind}. {MAPPING} {MINIMAL}"
        )
    return Document(source=source, values=values, marks=walk.marks, faults=tuple(walk.faults))


def refusal(text: str) -> ConfigurationError:
    """Return the error for a file that cannot be read at all."""
    return ConfigurationError(f"{text}\n{NOTHING_STARTED}")


class _Walk:
    """Turns nodes into plain values, noting where each was written and what is wrong with it."""

    def __init__(self, text: str, *, source: str) -> None:
        self.text = text
        self.source = source
        self.marks: dict[Path, Mark] = {}
        self.faults: list[Fault] = []
        self._seen: set[int] = set()

    def value(self, node: yaml.Node, path: Path) -> Any:
        """Return the plain value of a node; None, with a fault noted, where it has none."""
        if id(node) in self._seen:
            self._fault(path, "is an alias (*). Write the value out instead.")
            return None
        if len(path) > DEEPEST:
            raise RecursionError(f"{dotted(path[:1])} is nested more than {DEEPEST} deep")
        self._seen.add(id(node))
        if isinstance(node, yaml.CollectionNode) and node.tag not in UNTAGGED:
            self._fault(path, f"is {self._written(node)}. {NO_TAG}", at=node)
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return self._sequence(node, path)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        raise TypeError(f"YAML has no node of type {type(node).__name__}")

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or not key_node.tag.endswith(":str"):
                text = "is a key that is not text. Write a name before the colon."
                if isinstance(value_node, yaml.ScalarNode) and not value_node.value:
                    text = "is a key without a value. Decimals have a point, as 0.5, not a comma."
                self._fault((*path, self._written(key_node)), text, at=key_node)
                continue
            key = str(key_node.value)
            inner = (*path, key)
            if inner in self.marks:
                first = self.marks[inner].place.order
                text = f"is given twice, first in line {first}. Keep one of them."
                self._fault(inner, text, at=key_node)
                continue
            self._mark(inner, at=key_node, node=value_node)
            values[key] = self.value(value_node, inner)
        return values

    def _sequence(self, node: yaml.SequenceNode, path: Path) -> list[Any]:
        values = []
        for position, item in enumerate(node.value):
            self._mark((*path, position), at=item, node=item)
            values.append(self.value(item, (*path, position)))
        return values

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> str | int | float | bool | None:
        try:
            value = scalar(node)
        except ValueError:
            self._fault(path, f"is {self._written(node)}. {NO_TAG}")
            return None
        if isinstance(value, float) and not math.isfinite(value):
            self._fault(path, f"is {node.value}. Write a finite number.")
            return None
        return value

    def _mark(self, path: Path, *, at: yaml.Node, node: yaml.Node) -> None:
        one_line = node.start_mark.line == node.end_mark.line
        written = self._written(node) if one_line else None
        self.marks[path] = Mark(place=self._place(at), written=written)

    def _written(self, node: yaml.Node) -> str:
        return self.text[node.start_mark.index : node.end_mark.index].strip()

    def _place(self, node: yaml.Node) -> Place:
        line = node.start_mark.line + 1
        return Place(line, f"{self.source}, line {line}")

    def _fault(self, path: Path, text: str, *, at: yaml.Node | None = None) -> None:
        place = self.marks[path].place if at is None else self._place(at)
        self.faults.append(Fault(place, f"{dotted(path)} {text}", path))


def _text(path: FilePath) -> str:
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise refusal(
                    f"{path} is a pipe or a device, and reading it may never end. Write the "
                    "experiment to a file, and give its path."
                )
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise refusal(
                f"{path} has more than {MOST_BYTES // 1000} kB, and is no experiment file. Did you "
                "mean another file? Data and long tables belong into files of their own."
            )
        return content.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise refusal(f"{path} does not exist. {_files_near(path)}") from error
    except IsADirectoryError as error:
        raise refusal(f"{path} is a folder, not an experiment file. {_files_in(path)}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        byte = f"0x{error.object[error.start]:02x}"
        raise refusal(
            f"{path}, line {line}: the byte {byte} is not UTF-8. Save the file as UTF-8 text."
        ) from error
    except OSError as error:
        raise refusal(f"{path} cannot be read: {error.strerror or error}.") from error


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a pipe, too, without waiting for somebody who writes to it."""
    return os.open(path, flags | os.O_NONBLOCK)


def _yaml_files(folder: FilePath) -> list[str]:
    try:
        return sorted(str(file) for file in folder.iterdir() if file.suffix in (".yaml", ".yml"))
    except OSError:
        return []


def _files_near(path: FilePath) -> str:
    if not path.parent.is_dir():
        return f"There is no folder {path.parent}; paths start from {FilePath.cwd()}."
    return _nearest(path) + _files_in(path.parent)


def _nearest(path: FilePath) -> str:
    """Return a question after the file whose name, without what all names share, is close."""
    stems = {FilePath(file).stem: file for file in _yaml_files(path.parent)}
    near = difflib.get_close_matches(path.stem, stems, n=1, cutoff=0.6)
    return f"Did you mean {stems[near[0]]}? " if near else ""


def _files_in(folder: FilePath) -> str:
    files = _yaml_files(folder)
    return f"Experiment files there: {', '.join(files) if files else 'none'}."
