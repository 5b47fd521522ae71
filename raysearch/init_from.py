"""Which checkpoint does a model begin from, and how do the layers that come from it learn?

One that the experiment names (`InitFrom`), or that of a parent, where a searcher lets children
begin with their parents' weights (`Inheritance`). Plain values that travel to a worker, and the
keys under which a search space and the origin of a trial have them. Nothing here loads torch; what
is done with them is in `raysearch.training.init_from`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

INIT_FROM = "init_from"
"""Key of the checkpoint's path in an experiment and in a configuration."""

OPTIONS = ("part", "frozen_epochs", "rate")
"""What can be said beside the path; as parameters "init_from.part" and so on."""

KEYS = (INIT_FROM, *(f"{INIT_FROM}.{name}" for name in OPTIONS))
"""Every key that a configuration may have of it."""

INHERITS = "inherits"
"""Key of an `Inheritance` in the origin of a trial."""

ALL, BODY = "all", "body"
"""Parts that are not called by the names of layers: every layer, and all but the output layer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InitFrom:
    """A checkpoint to begin from, and how what is taken from it learns.

    Example:
        >>> start = InitFrom.read({"init_from": "/runs/a.ckpt", "init_from.part": "stem, stages"})
        >>> start.names, start.frozen_epochs, start.rate
        (('stem', 'stages'), 0, 1.0)
        >>> InitFrom.read({"init_from": None}) is None
        True
    """

    checkpoint: str
    """Absolute path of a checkpoint of Lightning's, or of a `state_dict`."""
    part: str = ALL
    """What is taken: "all", "body" (all but the output layer), or names of layers, with commas."""
    frozen_epochs: int = 0
    """First epochs, or rounds of steps, in which what was taken does not learn; the output layer
    always does. At least 0."""
    rate: float = 1.0
    """What was taken learns at this share of the learning rate, above 0 and at most 1."""
    sha256: str | None = None
    """Of the file with which the search began, and no other may be read; None for any."""
    parent: str | None = None
    """Id of the trial whose checkpoint it is. Then the weights are taken over into whatever the
    architecture is, as `raysearch.training.growing` does it; None to copy layers that fit."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names that `part` lists."""
        return tuple(name for text in self.part.split(",") if (name := text.strip()))

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> InitFrom | None:
        """Return what values under `KEYS` say, or None where there is no checkpoint."""
        if values.get(INIT_FROM) is None:
            return None
        given = {name: values[key] for name in OPTIONS if (key := f"{INIT_FROM}.{name}") in values}
        return cls(checkpoint=values[INIT_FROM], **given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inheritance:
    """Whose weights a trial begins with.

    Example:
        >>> Inheritance.read({"kind": "evolution", "inherits": {"trial": "0003"}}).trial
        '0003'
        >>> Inheritance.read({"kind": "random"}) is None
        True
    """

    trial: str
    """Id of the parent."""
    epoch: int = 0
    """Epochs of its own that the parent was trained for them."""
    checkpoint: str | None = None
    """Path relative to the run directory; None if there is none, and the trial begins anew."""
    reason: str = ""
    """Why there is none."""

    @classmethod
    def read(cls, origin: Mapping[str, Any]) -> Inheritance | None:
        """Return what the origin of a trial says, None if it inherits nothing."""
        said = origin.get(INHERITS)
        known = ("trial", "epoch", "checkpoint", "reason")
        return None if said is None else cls(**{key: said[key] for key in known if key in said})

    def to_json(self) -> dict[str, Any]:
        """Return what `read` reads."""
        return asdict(self)


def fingerprint(path: str) -> str | None:
    """Return the SHA-256 of a file, None if it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def change_of(path: str, *, sha256: str | None) -> str:
    """Return what has become of a checkpoint since a search began with it, as a phrase.

    Args:
        path: The file.
        sha256: That of the file with which the search began; None where nobody knows.

    Returns:
        Empty where it is the same file, or nobody knows.

    Example:
        >>> change_of("/gone.ckpt", sha256="4f0c1d5a9e")
        'init_from is /gone.ckpt, which is gone (SHA-256 4f0c1d5a9e)'
    """
    found = None if sha256 is None else fingerprint(path)
    if sha256 is None or found == sha256:
        return ""
    if found is None:
        return f"{INIT_FROM} is {path}, which is gone (SHA-256 {sha256[:12]})"
    return (
        f"{INIT_FROM} is {path}, which is not the file with which the search began (SHA-256 "
        f"{found[:12]} instead of {sha256[:12]})"
    )
