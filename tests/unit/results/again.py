"""A search with leaders, and an executor that says what they come to with further seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from raysearch.results import Results
from raysearch.training.repeating import Part
from raysearch.trial import Measurement
from tests.recorded import Bytes, Recorded


class Again(Bytes):
    """Trains leaders again.

    Args:
        values: Trial -> what its repeats reach, in their order; an error where one fails.
        stops: Trainings after which the process is killed.
    """

    def __init__(
        self, values: Mapping[str, Sequence[float | Exception | None]], *, stops: int | None = None
    ) -> None:
        super().__init__()
        self.reached = values
        self.stops = stops
        self.trained: list[tuple[str, int, int]] = []
        """Trial, repeat and epochs of each training."""

    def repeat(self, line: Sequence[Part]) -> Measurement:
        if self.stops is not None and len(self.trained) == self.stops:
            raise KeyboardInterrupt
        part = line[-1]
        job = part.job
        self.trained.append((job.trial, job.repeat, part.epochs))
        value = self.reached[job.trial][job.repeat - 1]
        if isinstance(value, Exception):
            raise value
        return Measurement(
            epoch=part.epochs,
            step=7,
            values={"val/accuracy": value},
            seconds=0.5,
            cause=None if value is not None else "not finite: val/accuracy (nan)",
        )


def led(path, *, top=3, seeds=2, **settings) -> Recorded:
    """Return a search of four trials whose leaders are 0001, 0003 and 0002."""
    search = Recorded(path, select={"top": top, "seeds": seeds}, **settings)
    search.trial(0.5, 0.6)
    search.trial(0.7, 0.9, 0.8)
    search.trial(0.8)
    search.trial(0.85, 0.86)
    return search


def opened(search) -> Results:
    return Results.open(search.run_dir.path)


LUCKY = {"0001": (0.8, 0.82), "0003": (0.84, 0.86), "0002": (0.7, 0.7)}
"""The best of the search owes its place to luck; 0003 is better on average."""
