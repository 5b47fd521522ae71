"""What do the labels of trees say: which class, or which number?

Torch-free. What they are, and which classes there are, is told by the file of the training trees;
the classes stand in sorted order, as numbers where they all are. Mean and standard deviation of a
regression are those of the training split.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from raysearch.data.arguments import LARGEST_NUMBER
from raysearch.data.lines import MOST_FAULTS
from raysearch.data.trees.arguments import TreesArguments
from raysearch.data.trees.reading import LabelledTree
from raysearch.data_spec import Task
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_INTEGER_CLASSES = 20
_NEARLY_ALL = 0.95
_INTEGER = re.compile(r"[+-]?[0-9]+")

Files = Mapping[str, Sequence[LabelledTree]]
"""Argument that gives a file -> its trees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is predicted of a tree."""

    task: Task
    classes: tuple[str, ...] = ()
    """Of a classification; their places are what models predict."""
    mean: float = 0.0
    """Of a regression: the training split's, in the labels' own unit."""
    std: float = 1.0
    """Of a regression: the training split's standard deviation, above 0."""

    @property
    def n_outputs(self) -> int:
        """Numbers that a model predicts for a tree."""
        return len(self.classes) if self.task == "classification" else 1

    def numbers(self, trees: Sequence[LabelledTree]) -> NDArray[Any]:
        """Return the targets of trees: (N,) int64 classes, or (N, 1) float32 standardised."""
        import numpy as np

        if self.task == "classification":
            place = {label: number for number, label in enumerate(self.classes)}
            return np.array([place[tree.label] for tree in trees], dtype=np.int64)
        values = np.array([float(tree.label) for tree in trees])
        return ((values - self.mean) / self.std)[:, None].astype(np.float32)

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `from_json` reads back unchanged."""
        return {**asdict(self), "classes": list(self.classes)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Target:
        """Return the target that `to_json` wrote."""
        return cls(**{**values, "classes": tuple(values["classes"])})


def task_of(files: Files, *, arguments: TreesArguments) -> tuple[Task, list[str]]:
    """Return what the labels are, and what to say where that was told by those of `path`.

    Raises:
        ConfigurationError: They are all the same, or are not what they should be.
    """
    labels = [tree.label for tree in files["path"]]
    different = set(labels)
    if len(different) == 1:
        raise ConfigurationError(
            f"label of every tree in {arguments.path} is {different.pop()!r}. There is nothing to "
            "tell apart; give another file or column."
        )
    if arguments.task is not None:
        task, notes = arguments.task, list[str]()
    else:
        task, notes = _told(labels)
    if task == "regression":
        _check_numbers(files, arguments=arguments)
    return task, notes


def _told(labels: Sequence[str]) -> tuple[Task, list[str]]:
    """Return what the labels are by themselves, and what to say about it."""
    numbers = [label for label in labels if _number(label) is not None]
    # where nearly all are numbers, those that are none are named later
    are_numbers = len(numbers) >= _NEARLY_ALL * len(labels)
    are_integers = all(_INTEGER.fullmatch(label) for label in numbers)
    n = len(set(labels))
    if are_numbers and not (are_integers and n <= _MOST_INTEGER_CLASSES):
        task: Task = "regression"
        reason = f"the labels are {n} different numbers"
    else:
        task, reason = "classification", f"there are {n} different labels"
    other = "classification" if task == "regression" else "regression"
    hint = f" If that is wrong: `task: {other}`." if are_numbers else ""
    return task, [f"task is {task}, since {reason}.{hint}"]


def classes_of(files: Files, *, arguments: TreesArguments) -> tuple[str, ...]:
    """Return the different labels of `path`, in sorted order.

    Raises:
        ConfigurationError: Another file has a label that `path` has not; with the line.
    """
    different = {tree.label for tree in files["path"]}
    n, n_trees = len(different), len(files["path"])
    if n > max(_MOST_INTEGER_CLASSES, n_trees / 3):
        raise ConfigurationError(
            f"label of the {n_trees} trees in {arguments.path} has {n} different values, too many "
            "for classes. Give another file or column, or, for numbers, write `task: regression`."
        )
    numbers = {label: _number(label) for label in different}
    hint = "" if None in numbers.values() else " If labels are numbers: `task: regression`."
    strange = {
        (name, tree.label): tree.line
        for name, trees in files.items()
        for tree in reversed(trees)  # each with its first line
        if tree.label not in different
    }
    if strange:
        raise ConfigurationError(
            [
                f"{name} is {arguments.sources[name].path}, where the label {label!r} in line "
                f"{line} is that of no tree of {arguments.path}, so it cannot be learnt. Add some, "
                f"or take the line out.{hint}"
                for (name, label), line in sorted(strange.items(), key=lambda one: one[1])
            ][:MOST_FAULTS]
        )
    if None in numbers.values():
        return tuple(sorted(different))
    return tuple(sorted(different, key=lambda label: (numbers[label] or 0.0, label)))


def fitted(
    task: Task, classes: tuple[str, ...], train: Sequence[LabelledTree], *, path: str
) -> Target:
    """Return the target with what the training split says about it.

    Raises:
        ConfigurationError: The numbers of the training split are all the same.
    """
    import numpy as np

    if task == "classification":
        return Target(task=task, classes=classes)
    values: NDArray[np.float64] = np.array([float(tree.label) for tree in train])
    mean, std = float(values.mean()), float(values.std())
    if not std > 0:
        raise ConfigurationError(
            f"label is {mean:g} for every training tree of {path}. There is nothing to learn; give "
            "another label, or another split."
        )
    return Target(task=task, mean=mean, std=std)


def _check_numbers(files: Files, *, arguments: TreesArguments) -> None:
    why = "task is regression" if arguments.task else f"the labels of {arguments.path} are numbers"
    faults = [
        f"{name} is {arguments.sources[name].path}, and {why}, but the label in line {tree.line} "
        f"is {tree.label!r}, no finite number. Mend the line, or write `task: classification`."
        for name, trees in files.items()
        for tree in trees
        if _number(tree.label) is None
    ]
    if faults:
        raise ConfigurationError(faults[:MOST_FAULTS])


def _number(label: str) -> float | None:
    try:
        number = float(label)
    except ValueError:
        return None
    return number if abs(number) <= LARGEST_NUMBER else None
