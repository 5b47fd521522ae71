"""What are series as they stand in a file, whatever its format?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from raysearch.data.arguments import listed
from raysearch.data.files import Source
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class RawSeries:
    """The series of a file.

    Shapes:
        values: for each series (C, T)
        times: for each series (T,)
        C channels, T steps of that series
    """

    source: Source
    values: Sequence[NDArray[np.float64]]
    """NaN where a value is missing."""
    channels: tuple[str, ...]
    """Names of the channels."""
    places: Sequence[str]
    """Where in the file each series is, such as "line 12"."""
    labels: Sequence[Any] | None = None
    """What stands in the file for the class or number of each series; None if nothing does."""
    classes: tuple[str, ...] | None = None
    """All classes, where the file lists them."""
    task: str | None = None
    """"classification" or "regression", where the file says so."""
    columns: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """What the arguments `split`, `group` and `order_by` name, by argument, for each series."""
    times: Sequence[NDArray[np.float64]] | None = None
    """When each step was; None if nobody says."""
    notes: tuple[str, ...] = ()
    """What a person should know about how it was read."""

    def __len__(self) -> int:
        """Return the number of series."""
        return len(self.values)

    def place(self, number: int) -> str:
        """Return file and place of a series for a message."""
        return f"{self.places[number]} of {self.source.path}"

    def fault(self, numbers: Sequence[int], text: str) -> ConfigurationError:
        """Return the error about some series: "path is F, where line 3, line 7 ..."."""
        where = listed([self.places[number] for number in numbers], most=3)
        return self.source.fault(f"where {where} {text}")

    def kept(self, numbers: Sequence[int], *, note: str) -> RawSeries:
        """Return some of the series, in this order, with a note why not all of them."""

        def chosen(values: Sequence[Any] | None) -> list[Any] | None:
            return None if values is None else [values[number] for number in numbers]

        return replace(
            self,
            values=chosen(self.values) or [],
            places=chosen(self.places) or [],
            labels=chosen(self.labels),
            columns={name: chosen(values) or [] for name, values in self.columns.items()},
            times=chosen(self.times),
            notes=(*self.notes, note),
        )
