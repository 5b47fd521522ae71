"""Which whole series are for training, which for validation, which for the test?

A file of its own may have the test series, a column may say it, whole groups may be drawn, the
latest series may be the test; or series are drawn, each split with the same mix of classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from raysearch.data.arguments import listed
from raysearch.data.leaks import group_note
from raysearch.data.series.arguments import SeriesArguments
from raysearch.data.series.frames import times_of
from raysearch.data.series.raw import RawSeries
from raysearch.data.splits import SplitSizes, draw_split, split_sizes
from raysearch.data.table.arguments import TableArguments
from raysearch.data.table.splitting import split_rows
from raysearch.errors import ConfigurationError
from raysearch.randomness import generator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from raysearch.data.archive import Arrays

Parts = dict[str, "NDArray[np.intp]"]
"""Split -> the numbers of its series, ascending, those of the test file behind those of `path`."""


def split_series(
    raws: Sequence[RawSeries], *, classes: NDArray[Any] | None, arguments: SeriesArguments
) -> tuple[Parts, list[str]]:
    """Return which series each split has, and what a person should know.

    Args:
        raws: The series of `path`, and those of `test_path` if there is one.
        classes: Class of each series of all files, (N,); None where there are none.
        arguments: Say how to split.

    Raises:
        ConfigurationError: A split would have no series, or only one for training.
    """
    import numpy as np

    first = raws[0]
    n = len(first)
    test = np.arange(n, n + len(raws[1])) if len(raws) > 1 else None
    sizes = _sizes(n, arguments=arguments)
    own = None if classes is None else classes[:n]
    notes: list[str] = []
    if arguments.split is not None:
        parts, notes = _told(first, classes=own, arguments=arguments)
    elif arguments.group is not None:
        parts = _by_group(first, sizes=sizes, arguments=arguments)
    elif arguments.order_by is not None:
        parts = _by_time(first, sizes=sizes, arguments=arguments)
    else:
        parts = _drawn(n, classes=own, sizes=sizes, arguments=arguments)
    if test is not None:
        parts = {**parts, "test": test}
        if arguments.group is not None:
            groups = [
                "" if name is None else str(name) for raw in raws for name in raw.columns["group"]
            ]
            notes += group_note(groups, parts, name=arguments.group)
    for part, members in parts.items():
        if len(members) < (2 if part == "train" else 1):
            raise first.source.fault(
                f"whose {n} series leave {len(members)} for {part}. There must be two or more for "
                "training, and one for validation and test; give more series, or other shares."
            )
    return parts, notes


def fold_arrays(raw: RawSeries, parts: Parts, *, arguments: SeriesArguments) -> Arrays:
    """Return what folds of the series for training and validation must heed: groups, or time.

    Args:
        raw: The series of `path`.
        parts: As `split_series` returned them.
        arguments: Name what says the groups or the order, if anything does.

    Shapes:
        returns: "train_groups" and "validation_groups", (N,) int64 each; or "train_moments" and
            "validation_moments", (N, 2) int64 each; nothing where series are drawn
    """
    import numpy as np

    if arguments.group is not None:
        names = [str(name) for name in raw.columns["group"]]
        role, found = "groups", np.unique(names, return_inverse=True)[1].astype(np.int64)
    elif arguments.order_by is not None:
        ranks = np.unique(_times(raw, arguments=arguments), return_inverse=True)[1]
        role, found = "moments", np.stack([ranks, ranks], axis=1).astype(np.int64)
    else:
        return {}
    return {f"{part}_{role}": found[parts[part]] for part in ("train", "validation")}


def check_classes(
    parts: Parts, *, labels: NDArray[Any], classes: Sequence[str], raws: Sequence[RawSeries]
) -> list[str]:
    """Return what a person should know about classes that a split lacks.

    Raises:
        ConfigurationError: Training lacks a class, so that it cannot be learnt; with the place of
            a series of it.
    """
    import numpy as np

    places = [raw.place(number) for raw in raws for number in range(len(raw))]
    known = set(labels[parts["train"]].tolist())
    for label, name in enumerate(classes):
        if label not in known:
            found = np.flatnonzero(labels == label)
            where = f" The first one is {places[found[0]]}." if len(found) else ""
            raise raws[0].source.fault(
                f"where class {name!r} is missing from the training split, so it cannot be "
                f"learnt.{where} Take its series out, or split in another way."
            )
    notes = []
    for part in ("validation", "test"):
        there = set(labels[parts[part]].tolist())
        lacking = [name for label, name in enumerate(classes) if label not in there]
        if lacking:
            notes.append(f"The {part} split has no series of class {listed(lacking)}.")
    return notes


def _sizes(n: int, *, arguments: SeriesArguments) -> SplitSizes:
    """Return how many series each split has where shares say it."""
    if arguments.test_path is None and arguments.split is None:
        return split_sizes(n, validation=arguments.validation, test=arguments.test)
    n_validation = round(n * arguments.validation)
    return SplitSizes(train=n - n_validation, validation=n_validation, test=0)


def _told(
    raw: RawSeries, *, classes: NDArray[Any] | None, arguments: SeriesArguments
) -> tuple[Parts, list[str]]:
    """Return the split that a column or array says, and what a person should know."""
    import numpy as np
    import pandas as pd

    words = ["" if word is None else str(word) for word in raw.columns["split"]]
    table = TableArguments(
        path=arguments.path,
        target="",
        split=arguments.split,
        validation=arguments.validation,
        split_seed=arguments.split_seed,
    )
    return split_rows(
        pd.DataFrame({arguments.split: words}),
        classes=classes,
        arguments=table,
        told=np.array(words, dtype=object),
        place=raw.place,
    )


def _by_group(raw: RawSeries, *, sizes: SplitSizes, arguments: SeriesArguments) -> Parts:
    """Return whole groups in an order that is drawn: the first are the test, then validation."""
    import numpy as np

    names = [str(name) for name in raw.columns["group"]]
    groups, places = np.unique(names, return_inverse=True)
    n_splits = 3 if sizes.test else 2
    if len(groups) < n_splits:
        raise raw.source.fault(
            f"whose column {arguments.group} has {len(groups)} groups, {listed(groups)}, and "
            f"{n_splits} splits are to be made of whole ones. Split in another way."
        )
    random = generator(arguments.split_seed, role="data groups", number=0)
    order = random.permutation(len(groups))
    counts = np.bincount(places)[order]
    test = _how_many(counts, size=sizes.test, most=len(groups) - 2)
    rest = counts[test:]
    validation = _how_many(rest, size=sizes.validation, most=len(rest) - 1)
    cuts = np.split(order, [test, test + validation])
    found = {
        part: np.flatnonzero(np.isin(places, chosen))
        for part, chosen in zip(("test", "validation", "train"), cuts, strict=True)
    }
    return {part: found[part] for part in ("train", "validation", "test")}


def _how_many(counts: NDArray[np.intp], *, size: int, most: int) -> int:
    """Return how many of the first groups come nearest to a size, at least one if it is not 0."""
    import numpy as np

    if size == 0:
        return 0
    nearest = int(np.abs(np.cumsum(counts) - size).argmin()) + 1
    return max(1, min(nearest, most))


def _by_time(raw: RawSeries, *, sizes: SplitSizes, arguments: SeriesArguments) -> Parts:
    """Return the earliest series for training, the latest for the test."""
    import numpy as np

    order = np.argsort(_times(raw, arguments=arguments), kind="stable")
    cuts = [sizes.train, sizes.train + sizes.validation]
    parts = zip(("train", "validation", "test"), np.split(order, cuts), strict=True)
    return {part: np.sort(members) for part, members in parts}


def _times(raw: RawSeries, *, arguments: SeriesArguments) -> NDArray[Any]:
    """Return what the series are ordered by, (N,)."""
    import pandas as pd

    column = pd.Series(raw.columns["order_by"])
    return times_of(column, name=arguments.order_by or "", source=raw.source)


def _drawn(
    n: int, *, classes: NDArray[Any] | None, sizes: SplitSizes, arguments: SeriesArguments
) -> Parts:
    try:
        return draw_split(n, classes=classes, sizes=sizes, seed=arguments.split_seed)
    except ConfigurationError as error:
        raise ConfigurationError([text.removeprefix("data.") for text in error.faults]) from error
