"""How do the arguments of an experiment become examples, once per node?

In this order: read the files, clean the series, split them, measure the training split, and put
all on its scales. What comes out is kept in the node's cache under the content of the files, so
that neither the processes that train, nor a second `check`, read them again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from raysearch.data.cache import cached_arrays
from raysearch.data.series.arguments import SeriesArguments
from raysearch.data.series.building import Built, forecasts, whole_series
from raysearch.data.series.cleaning import clean
from raysearch.data.series.raw import RawSeries, Source
from raysearch.data.series.reading import read_series
from raysearch.data.table.reading import fingerprint
from raysearch.data_spec import DataSpec
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    from raysearch.data.cache import Arrays

_FORMAT = 2
"""Raised when the same file would now be prepared in another way."""

_ABOUT = "about"
"""Name of the entry beside the arrays of the splits: the rest as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is known about prepared series, without their values."""

    spec: DataSpec
    notes: tuple[str, ...]
    """What a person should know: what was guessed, and what is left out."""
    preprocessing: Mapping[str, Any]
    """What turns raw series into inputs, and outputs into answers, as JSON."""


def settled(given: Mapping[str, Any]) -> SeriesArguments:
    """Return checked arguments that stand for the files as they are now.

    Raises:
        ConfigurationError: An argument is wrong, or a file has changed since its fingerprint was
            taken.
    """
    arguments = SeriesArguments.read(given)
    now: dict[str, Any] = {}
    for path, key in (("path", "fingerprint"), ("test_path", "test_fingerprint")):
        file, told = getattr(arguments, path), getattr(arguments, key)
        if file is None:
            continue
        now[key] = _fingerprint(file, argument=path)
        if told not in (None, now[key]):
            raise ConfigurationError(
                f"{key} is {told}, but that of {file} is {now[key]}: the file has changed since. A "
                "search goes on with the data it began with; put them back, or begin a new search "
                f"without {key}."
            )
    return replace(arguments, **now)


def about(arguments: SeriesArguments) -> About:
    """Return what is known about series; read once in a process.

    Raises:
        ConfigurationError: With what is wrong; each text begins with the name of an argument.
    """
    return _about(json.dumps(arguments.to_json(), sort_keys=True))


def arrays(arguments: SeriesArguments) -> Arrays:
    """Return the prepared series, from the node's cache or made now.

    Returns:
        "train_inputs", "train_targets", where series differ in length "train_lengths", and so on
        for "validation" and "test", beside the entry that `about` reads.

    Shapes:
        inputs: (N, C, T) float32, 0 behind the end of a series
        lengths: (N,) int64
        targets: (N,) int64 classes, or (N, K) float32
        N examples, C channels, T steps of the longest, K numbers to be told

    Raises:
        ConfigurationError: As `about`.
    """
    paths = ("path", "test_path")
    plain = {key: value for key, value in arguments.to_json().items() if key not in paths}
    build = partial(_build, arguments)
    return cached_arrays("series", arguments={**plain, "series_format": _FORMAT}, build=build)


@lru_cache(maxsize=16)
def _about(arguments: str) -> About:
    stored = json.loads(str(arrays(SeriesArguments.read(json.loads(arguments)))[_ABOUT]))
    return About(
        spec=DataSpec.from_json(stored["spec"]),
        notes=tuple(stored["notes"]),
        preprocessing=stored["preprocessing"],
    )


def _build(arguments: SeriesArguments) -> Arrays:
    """Return the arrays of the splits, and what is known about them."""
    import numpy as np

    raws = [_read(Source(path=arguments.path), arguments=arguments)]
    if arguments.test_path is not None:
        source = Source(path=arguments.test_path, argument="test_path")
        raws.append(_read(source, arguments=arguments))
        _check_alike(*raws)
    built: Built = (forecasts if arguments.is_forecast else whole_series)(raws, arguments=arguments)
    notes = [note for raw in raws for note in raw.notes]
    about = {
        "spec": built.spec.to_json(),
        "notes": list(dict.fromkeys([*notes, *built.notes])),
        "preprocessing": built.preprocessing.to_json(),
    }
    return {**built.arrays, _ABOUT: np.array(json.dumps(about))}


def _read(source: Source, *, arguments: SeriesArguments) -> RawSeries:
    return clean(read_series(source, arguments=arguments), arguments=arguments)


def _check_alike(first: RawSeries, second: RawSeries) -> None:
    if first.channels != second.channels:
        raise second.source.fault(
            f"with the channels {', '.join(second.channels)}, and {first.source.path} has "
            f"{', '.join(first.channels)}. Both files must have the same ones."
        )


def _fingerprint(path: str, *, argument: str) -> str:
    try:
        return fingerprint(path)
    except ConfigurationError as error:
        faults = [text.replace("path is", f"{argument} is", 1) for text in error.faults]
        raise ConfigurationError(
            [text.replace("CSV or Parquet", ".npz, .csv, .ts or Parquet") for text in faults]
        ) from error
