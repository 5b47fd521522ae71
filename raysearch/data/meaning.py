"""What do a model's outputs mean: which classes, or numbers in which unit?

A data module says so with `meaning`, so that whoever is handed a model reads names and numbers of
the data, and neither places nor standard deviations. One of the user's own may list the names of
its classes as `class_names`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from raysearch.data_spec import Task


class Predicted(Protocol):
    """What is predicted, as kinds of data that are read from files describe it."""

    @property
    def task(self) -> Task:
        """Whether it is a class or a number."""

    @property
    def classes(self) -> Sequence[str | int]:
        """Of a classification."""

    @property
    def mean(self) -> float:
        """Of a regression."""

    @property
    def std(self) -> float:
        """Of a regression, above 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What outputs (N, K) mean: the classes, or `outputs * stds + means` in the data's own unit."""

    classes: tuple[str | int, ...] = ()
    """K names in the order of the outputs, whose largest is the answer; empty for numbers."""
    means: tuple[float, ...] = ()
    stds: tuple[float, ...] = ()
    """Of numbers, for each part of the outputs: M parts, each of K / M outputs one after the
    other."""

    def fits(self, shape: Sequence[int]) -> bool:
        """Return whether outputs of this shape can mean that.

        Example:
            >>> Meaning(classes=("no", "yes")).fits((8, 2)), Meaning(classes=("no",)).fits((8, 2))
            (True, False)
            >>> Meaning(means=(0.0, 1.0), stds=(1.0, 2.0)).fits((8, 6))
            True
        """
        if len(shape) != 2:
            return False
        if self.classes:
            return len(self.classes) == shape[1]
        return bool(self.means) and shape[1] % len(self.means) == 0

    def to_json(self) -> dict[str, Any]:
        """Return plain values: "classes", or "means" and "stds"."""
        if self.classes:
            return {"classes": list(self.classes)}
        return {"means": list(self.means), "stds": list(self.stds)}


def meaning_of_target(target: Predicted) -> Meaning:
    """Return what outputs mean that predict a target."""
    if target.task == "classification":
        return Meaning(classes=tuple(target.classes))
    return Meaning(means=(target.mean,), stds=(target.std,))


def meaning_of(data: Any) -> Meaning | None:
    """Return what the outputs of a model mean that was trained on a data module's data.

    None where the data module does not say it.

    Example:
        >>> class Pets:
        ...     class_names = ["cat", "dog"]
        >>> meaning_of(Pets()).classes, meaning_of(object())
        (('cat', 'dog'), None)
    """
    said = getattr(data, "meaning", None)
    if isinstance(said, Meaning):
        return said
    names = getattr(data, "class_names", None)
    if isinstance(names, list | tuple) and all(isinstance(name, str | int) for name in names):
        return Meaning(classes=tuple(names)) if names else None
    return None
