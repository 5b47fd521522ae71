"""What should a person know before a search, and about which configuration?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from raysearch.preflight.corners import HIGHEST, LOWEST, Corner
from raysearch.preflight.record import Probe
from raysearch.space.values import show

Path = tuple[str | int, ...]
"""Keys and list positions in the experiment file, such as ("objective", "metric")."""

MOST_NAMED = 4
"""Parameters of a configuration, and configurations in one text, that are named at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A configuration and what it did."""

    corner: Corner
    probe: Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that a person should know before the search."""

    kind: Literal["fault", "warning"]
    path: Path
    """The place in the experiment file that it is about."""
    text: str
    """What is wrong, with what, what would be right, and what to do."""


def named(tried: Tried) -> str:
    """Return what tells a configuration from others: its name, and numbers at their ends."""
    corner = tried.corner
    if corner.name not in (HIGHEST, LOWEST):
        return corner.label
    numbers = [
        f"{key.rpartition('.')[2]} {show(value)}"
        for key, value in corner.configuration.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    more = ", ..." if len(numbers) > MOST_NAMED else ""
    return f"{corner.label}: {', '.join(numbers[:MOST_NAMED])}{more}"


def sentence(text: str) -> str:
    """Return a text with the full stop that ends it."""
    return text if text.endswith((".", "?")) else f"{text}."
