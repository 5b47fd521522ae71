"""What can be wrong with the text of an experiment file, before its meaning is looked at?

`read` returns a `Document` whose values are plain: text, numbers, booleans, null, lists and
mappings with text as keys. A file that cannot be taken apart is refused at once; what is wrong in
one place only (a key given twice, a tag, an alias) is noted as a fault, and the rest is read.
"""

from __future__ import annotations

import math
from pathlib import Path as FilePath
from typing import Any

import yaml
from yaml.reader import ReaderError

from raysearch.errors import ConfigurationError, did_you_mean
from raysearch.experiment.document import Document, Fault, Mark, Path, Place, dotted
from raysearch.experiment.yaml_text import compose, scalar

MINIMAL = (
    "A small one: {data: digits, model: mlp, objective: val/accuracy, fidelity: {max_epochs: 9}}."
)
MAPPING = "An experiment file is a mapping of keys to values, `KEY: VALUE` on each line."
NOTHING_STARTED = "Nothing was started."


def read(path: str | FilePath) -> Document:
    """Return what a file says.

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
        raise refusal(_syntax(error, text=text, source=source)) from error
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
        if id(node) in self._seen:
            self._fault(path, "is an alias (*). Write the value out instead.")
            return None
        self._seen.add(id(node))
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
            remedy = "Write text, a number, true, false or null, without a tag (!)."
            self._fault(path, f"is {self._written(node)}. {remedy}")
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
        return path.read_bytes().decode("utf-8-sig")
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


def _yaml_files(folder: FilePath) -> list[str]:
    try:
        return sorted(str(file) for file in folder.iterdir() if file.suffix in (".yaml", ".yml"))
    except OSError:
        return []


def _files_near(path: FilePath) -> str:
    if not path.parent.is_dir():
        return f"There is no folder {path.parent}; paths start from {FilePath.cwd()}."
    return did_you_mean(str(path), _yaml_files(path.parent)) + _files_in(path.parent)


def _files_in(folder: FilePath) -> str:
    files = _yaml_files(folder)
    return f"Experiment files there: {', '.join(files) if files else 'none'}."


def _syntax(error: yaml.YAMLError, *, text: str, source: str) -> str:
    """Return what is wrong with text that is not YAML, in words for a person."""
    if isinstance(error, ReaderError):
        line = text[: error.position].count("\n") + 1
        return (
            f"{source}, line {line}: the character U+{error.character:04X} is not text. Remove it."
        )
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return f"{source}: this is not YAML: {error}."
    line = error.problem_mark.line + 1
    lines = text.splitlines()
    written = lines[line - 1] if line <= len(lines) else ""
    indentation = written[: len(written) - len(written.lstrip())]
    if "\t" in indentation or "'\\t'" in str(error.problem):
        return f"{source}, line {line}: there is a tab. YAML is indented with spaces only."
    begun = ""
    if error.context and error.context_mark is not None:
        begun = f" ({error.context} that begins in line {error.context_mark.line + 1})"
    return (
        f"{source}, line {line}: this is not YAML at column {error.problem_mark.column + 1}: "
        f"{error.problem}{begun}. Check colons, brackets, quotes and indentation there and above."
    )
