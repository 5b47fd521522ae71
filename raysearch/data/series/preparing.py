"""How do the arguments of an experiment become examples?

In this order: read the files, clean the series, split them, measure the training split, and put
all on its scales.
"""

from __future__ import annotations

from raysearch.data.files import Fingerprint, Source
from raysearch.data.preparation import About, Preparation, Prepared
from raysearch.data.series.arguments import SeriesArguments
from raysearch.data.series.building import Built, forecasts, whole_series
from raysearch.data.series.cleaning import clean
from raysearch.data.series.raw import RawSeries
from raysearch.data.series.reading import read_series

_FORMAT = 5
"""Raised when the same file would now be prepared in another way."""


def _build(arguments: SeriesArguments) -> Prepared:
    """Return the arrays of the splits, and what is known about them."""
    raws = [_read(source, arguments=arguments) for source in arguments.sources.values()]
    if len(raws) > 1:
        _check_alike(*raws)
    built: Built = (forecasts if arguments.is_forecast else whole_series)(raws, arguments=arguments)
    notes = [note for raw in raws for note in raw.notes]
    about = About(
        spec=built.spec,
        notes=tuple(dict.fromkeys([*notes, *built.notes])),
        preprocessing=built.preprocessing.to_json(),
    )
    return Prepared(arrays=built.arrays, about=about)


def _fingerprints(arguments: SeriesArguments) -> list[Fingerprint]:
    arguments_of = {"path": "fingerprint", "test_path": "test_fingerprint"}
    return [
        Fingerprint(value=source.digest()[:16], path=source.path, argument=arguments_of[name])
        for name, source in arguments.sources.items()
    ]


def _read(source: Source, *, arguments: SeriesArguments) -> RawSeries:
    return clean(read_series(source, arguments=arguments), arguments=arguments)


def _check_alike(first: RawSeries, second: RawSeries) -> None:
    if first.channels != second.channels:
        raise second.source.fault(
            f"with the channels {', '.join(second.channels)}, and {first.source.path} has "
            f"{', '.join(first.channels)}. Both files must have the same ones."
        )


PREPARATION = Preparation(
    "series",
    version=_FORMAT,
    read=SeriesArguments.read,
    fingerprints=_fingerprints,
    build=_build,
)
"""From arguments to arrays: inputs (N, C, T) float32, 0 behind the end of a series, lengths (N,)
int64 where they differ, and targets (N,) int64 classes, or (N, K) float32."""
