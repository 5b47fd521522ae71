"""What do the labels of trees say: which class, or which number?

Torch-free. What they are, and which classes there are, is told by the file of the training trees;
the classes stand in sorted order, as numbers where they all are. Mean and standard deviation of a
regression are those of the training split.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from raysearch.data.lines import MOST_FAULTS
from raysearch.data.targets import are_too_many, as_numbers, finite_number, in_order, told
from raysearch.data.trees.arguments import TreesArguments
from raysearch.data.trees.reading import LabelledTree
from raysearch.data_spec import Task
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TREES_PER_CLASS = 2

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
        by_itself = told(as_numbers(labels), rows_per_class=_TREES_PER_CLASS)
        task, notes = by_itself.task, [by_itself.note]
    if task == "regression":
        _check_numbers(files, arguments=arguments)
    return task, notes


def classes_of(files: Files, *, arguments: TreesArguments) -> tuple[str, ...]:
    """Return the different labels of `path`, in sorted order.

    Raises:
        ConfigurationError: Another file has a label that `path` has not; with the line.
    """
    different = {tree.label for tree in files["path"]}
    n, n_trees = len(different), len(files["path"])
    if are_too_many(n, n_examples=n_trees):
        raise ConfigurationError(
            f"label of the {n_trees} trees in {arguments.path} has {n} different values, too many "
            "for classes. Give another file or column, or, for numbers, write `task: regression`."
        )
    are_numbers = all(finite_number(label) is not None for label in different)
    hint = " If labels are numbers: `task: regression`." if are_numbers else ""
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
    return in_order(different)


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
        if finite_number(tree.label) is None
    ]
    if faults:
        raise ConfigurationError(faults[:MOST_FAULTS])
