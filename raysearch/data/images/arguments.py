"""What may be said about images in an experiment, and is it said in the right form?

Needs neither torch nor pandas, and does not read a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from raysearch.data.arguments import FORMS, TEXT, Form, absolute, check_form, formats_by_column
from raysearch.data.splits import FRACTIONS, LARGEST_SEED
from raysearch.data.table.arguments import TableArguments
from raysearch.data_spec import Task
from raysearch.errors import ConfigurationError
from raysearch.space import Choice, Domain, Float, Int

Resize = Literal["stretch", "crop", "pad"]
Scaling = Literal["unit", "standard"]
Policy = Literal["refuse", "drop"]

CLASS = "class"
"""What the target is called where folders say it."""

ENDINGS = (".png", ".jpg", ".jpeg")
"""Of the names of images, in whatever case."""

LARGEST_SIDE = 4096

ARGUMENTS: dict[str, Domain] = {
    **FRACTIONS,
    "split_seed": Int(0, LARGEST_SEED, default=0),
    "resize": Choice(["stretch", "crop", "pad"], default="stretch"),
    "scaling": Choice(["unit", "standard"], default="unit"),
    "unreadable": Choice(["refuse", "drop"], default="refuse"),
    "memory_gb": Float(0.0, 4096.0, default=0.0),
}
"""The arguments that are a number or a choice: their legal values and defaults."""

PARAMETERS = ("batch_size", "flip", "crop", "cutout", "mixup")
"""What is searched, as `data.*`."""


def _is_count(value: Any, *, at_most: int) -> bool:
    return type(value) is int and 1 <= value <= at_most


def _is_size(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return len(value) == 2 and all(_is_count(side, at_most=LARGEST_SIDE) for side in value)
    return _is_count(value, at_most=LARGEST_SIDE)


OTHERS: dict[str, Form] = {
    **FORMS,
    "image": TEXT,
    "size": (
        _is_size,
        f"It must be pixels, 1 to {LARGEST_SIDE}: one number for squares, or [height, width].",
    ),
    "channels": (
        lambda value: type(value) is int and value in (1, 3),
        "It must be 1 (grey) or 3 (red, green, blue); null tells by the files.",
    ),
    "frames": (
        lambda value: _is_count(value, at_most=10_000),
        "It must be the frames of a clip, 1 to 10000; null is for single images.",
    ),
}
"""All other arguments: whether a value has the right form, and what to say where not."""

REQUIRED = {"path": "Give a folder that has a folder of images for each class, or a table."}
"""Arguments that must be given -> what to give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagesArguments:
    """All that an experiment may say about images.

    Example:
        >>> arguments = ImagesArguments.read({"path": "/data/leaves", "size": 32})
        >>> arguments.size, arguments.to_json()["scaling"]
        ((32, 32), 'unit')
    """

    path: str
    """A folder with a folder for each class, or a table of paths and targets. Absolute."""
    test_path: str | None = None
    """Another one, whose images are the test. Absolute."""
    image: str | None = None
    """Of a table: column of paths, relative to the table."""
    target: str | None = None
    """Of a table: column to be predicted."""
    task: Task | None = None
    """Of a table: what the target is; None to tell by its values."""
    positive: str | None = None
    """Of two classes, the one that is looked for; None for one such as "yes", else the rarer."""
    split: str | None = None
    """Of a table: column that says whether an image is for train, validation or test."""
    order_by: str | None = None
    """Of a table: column of dates or numbers; the latest images are the test."""
    group: str | None = None
    """Of a table: column whose images of one value stay together, in the same split."""
    dates: Mapping[str, str | None] = field(default_factory=dict)
    """Of a table: `order_by` -> format of its dates, where it is in doubt."""
    validation: float = 0.2
    """Share of the images for validation, from 0.05 to 0.45."""
    test: float = 0.2
    """Share of the images for the test, from 0.05 to 0.45."""
    split_seed: int = 0
    """Governs which images each split holds."""
    size: tuple[int, int] | None = None
    """Height and width in pixels that all are brought to; None to tell by the files."""
    resize: Resize = "stretch"
    """How an image of another shape is brought to that size."""
    channels: int | None = None
    """1 or 3; None to tell by the files."""
    frames: int | None = None
    """Frames of a clip; each example is then a folder of numbered images."""
    scaling: Scaling = "unit"
    """Of what models see: from 0 to 1, or standardised by the training split."""
    unreadable: Policy = "refuse"
    """What happens with images that cannot be read, or are not there."""
    memory_gb: float = 0.0
    """Images that take more in a process are left on the disk and mapped into memory."""
    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    """Of a table, as of data `table`."""
    fingerprint: str | None = None
    """Of the files, which are refused if they have another; None to take them as they are."""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> ImagesArguments:
        """Return checked arguments.

        Raises:
            ConfigurationError: With every fault; each text begins with the argument's name.
        """
        check_form(
            given,
            kind="images",
            domains=ARGUMENTS,
            forms=OTHERS,
            required=REQUIRED,
            searched=PARAMETERS,
        )
        return cls(**{name: _canonical(name, value) for name, value in given.items()})

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `read` takes, every argument among them."""
        plain = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        size = None if self.size is None else list(self.size)
        return {**plain, "size": size, "dates": dict(self.dates)}

    @property
    def is_folder(self) -> bool:
        """Whether folders say the classes, and not a table."""
        return Path(self.path).is_dir()

    def check_source(self) -> None:
        """Refuse what does not go with a folder, or lacks for a table.

        Raises:
            ConfigurationError: With every fault.
        """
        for name in ("path", "test_path"):
            given = getattr(self, name)
            if given is not None and not Path(given).exists():
                raise ConfigurationError(
                    f"{name} is {given}, which is not there. Give a folder that has a folder of "
                    "images for each class, or a table; a relative path starts at the working "
                    "directory."
                )
        of_tables = ("image", "target", "task", "split", "order_by", "group")
        faults = []
        if self.is_folder:
            faults = [
                f"{name} is {getattr(self, name)}, but path is a folder, whose folders say the "
                "classes. Leave it out, or give a table of paths as path."
                for name in of_tables
                if getattr(self, name) is not None
            ]
        else:
            meanings = {"image": "the paths of the images", "target": "what is to be predicted"}
            faults = [
                f"{name} is missing. path is no folder but a file, so name its column with {what}."
                for name, what in meanings.items()
                if getattr(self, name) is None
            ]
        if self.test_path is not None and Path(self.test_path).is_dir() != self.is_folder:
            faults.append(
                f"test_path is {self.test_path}. It must be a folder if path is one, and a table "
                "if path is a table."
            )
        if faults:
            raise ConfigurationError(faults)

    def as_table(self) -> TableArguments:
        """Return what the arguments say about a table, and about splits."""
        same = {
            entry.name: getattr(self, entry.name)
            for entry in fields(TableArguments)
            if entry.name in _SHARED
        }
        target = CLASS if self.is_folder else self.target or ""
        return TableArguments(**{**same, "target": target})


_SHARED = frozenset({*FORMS, *FRACTIONS, "split_seed"}) - {"target", "fingerprint"}


def _canonical(name: str, value: Any) -> Any:
    if name == "dates":
        return formats_by_column(value)
    if value is None:
        return None
    if name in ("path", "test_path"):
        return absolute(value)
    if name == "size":
        return (value, value) if isinstance(value, int) else tuple(value)
    return ARGUMENTS[name].canonical(value) if name in ARGUMENTS else value
