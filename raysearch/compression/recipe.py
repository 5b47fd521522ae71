"""In which ways can a model be made smaller? Recipes, and the space that they are searched in.

A recipe has two halves that are independent of each other. The first changes the network: weights
or channels are pruned, blocks taken out, layers factorised, or a smaller network is made; then it
is trained for some epochs, taught by this one. The second stores or computes in eight bits what is
left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from raysearch.space import Choice, Float, Int, Space
from raysearch.trial import Configuration

METHODS: Mapping[str, str] = MappingProxyType(
    {
        "channels": "raysearch.compression.channels:prune_channels",
        "depth": "raysearch.compression.depth:take_out_blocks",
        "distil": "raysearch.compression.distilling:distil",
        "low_rank": "raysearch.compression.low_rank:factorise",
        "magnitude": "raysearch.compression.magnitude:prune_weights",
    }
)
"""Name in a recipe -> what changes the network; "none" leaves it as it is."""

INT8 = ("none", "dynamic", "static", "aware", "weights")
"""How a recipe computes in eight bits: not at all; weights alone, and activations by the range of
each batch; both, by ranges of the training data; the same after training with that in mind; or not
at all, but with weights stored in them."""

STUDENTS = ("same", "lighter")
"""Which network is taught: one of the same kind with smaller sizes; or, before its sizes are made
smaller, with the one choice changed that saves most parameters."""

_CHANGES = {"method": list(METHODS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One way to make a model smaller.

    Example:
        >>> recipe = Recipe.of({"method": "channels", "keep": 0.5, "epochs": 3, "int8": "static"})
        >>> recipe.describe()
        'channels keep=0.5 epochs=3, int8 static'
        >>> Recipe.of({"method": "none", "int8": "none"}).describe()
        'unchanged'
    """

    method: str = "none"
    """A key of `METHODS`, or "none"."""
    keep: float = 1.0
    """Share of the parameters that is to be left, above 0 and at most 1."""
    blocks: int = 0
    """Blocks that are taken out at most, at least 1; of "depth"."""
    student: str = "same"
    """One of `STUDENTS`; of "distil"."""
    epochs: int = 0
    """Epochs of training after the change, at least 0."""
    int8: str = "none"
    """One of `INT8`."""
    aware_epochs: int = 0
    """Epochs of training with rounded weights and activations; of "aware"."""

    @classmethod
    def of(cls, configuration: Configuration) -> Recipe:
        """Return the recipe of a configuration of the space."""
        given: dict[str, Any] = dict(configuration)
        return cls(**given)

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `of` reads back."""
        changes: dict[str, Any] = {}
        if self.method != "none":
            changes = {"keep": self.keep, "epochs": self.epochs}
        if self.method == "depth":
            changes["blocks"] = self.blocks
        if self.method == "distil":
            changes["student"] = self.student
        aware = {"aware_epochs": self.aware_epochs} if self.int8 == "aware" else {}
        return {"method": self.method, **changes, "int8": self.int8, **aware}

    @property
    def is_unchanged(self) -> bool:
        """Whether it leaves the model as it is."""
        return self.method == "none" and self.int8 == "none"

    @property
    def trains(self) -> bool:
        """Whether it trains, so that another seed makes another model."""
        return self.method != "none" or self.int8 == "aware"

    def describe(self) -> str:
        """Return it in one line for a person."""
        parts = []
        if self.method != "none":
            student = f" {self.student}" if self.method == "distil" else ""
            blocks = f" blocks={self.blocks}" if self.method == "depth" else ""
            parts.append(f"{self.method}{student}{blocks} keep={self.keep:g} epochs={self.epochs}")
        if self.int8 != "none":
            aware = f" epochs={self.aware_epochs}" if self.int8 == "aware" else ""
            parts.append(f"int8 {self.int8}{aware}")
        return ", ".join(parts) or "unchanged"


def recipe_space(*, max_epochs: int) -> Space:
    """Return the space of recipes; its default leaves the model as it is.

    Args:
        max_epochs: Most epochs of training after a change, at least 1.

    Example:
        >>> recipe_space(max_epochs=8).default()
        {'method': 'none', 'int8': 'none'}
    """
    middle = max(1, max_epochs // 2)
    return Space(
        {
            "method": Choice(["none", *METHODS], default="none"),
            "keep": Float(0.1, 0.9, step=0.05, default=0.5, when=_CHANGES),
            "blocks": Int(1, 3, default=1, when={"method": "depth"}),
            "student": Choice(list(STUDENTS), default="same", when={"method": "distil"}),
            "epochs": Int(1, max_epochs, log=max_epochs > 1, default=middle, when=_CHANGES),
            "int8": Choice(list(INT8), default="none"),
            "aware_epochs": Int(
                1, max_epochs, log=max_epochs > 1, default=middle, when={"int8": "aware"}
            ),
        }
    )


def first_recipes(*, max_epochs: int) -> list[Configuration]:
    """Return what is tried first, so that each way is tried once: whole configurations."""
    most = {"epochs": max_epochs}
    stored = {"int8": "weights"}
    return [
        {"method": "channels", "keep": 0.25, **most, **stored},
        {"method": "depth", "keep": 0.5, "blocks": 1, **most, **stored},
        {"method": "channels", "keep": 0.5, **most, "int8": "static"},
        {"method": "channels", "keep": 0.5, **most, **stored},
        {"method": "depth", "keep": 0.9, "blocks": 1, **most, **stored},
        {"method": "distil", "keep": 0.3, "student": "lighter", **most, **stored},
        {"method": "none", **stored},
        {"method": "none", "int8": "static"},
        {"method": "low_rank", "keep": 0.5, **most, "int8": "none"},
        {"method": "none", "int8": "aware", "aware_epochs": max(1, max_epochs // 2)},
        {"method": "none", "int8": "dynamic"},
        {"method": "magnitude", "keep": 0.2, **most, "int8": "none"},
    ]
