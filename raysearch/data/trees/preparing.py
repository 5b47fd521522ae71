"""How do the arguments of an experiment become trees of numbers?

In this order: read the files, split the trees, learn vocabulary and target from the training split,
and apply them to all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from raysearch.data.file_splits import split_files
from raysearch.data.files import fingerprint_of
from raysearch.data.preparation import About, Preparation, Prepared
from raysearch.data.room import Allocate, room_for
from raysearch.data.trees.advice import Parts, class_notes, leak_notes, unknown_notes
from raysearch.data.trees.arguments import TreesArguments
from raysearch.data.trees.labels import Target, classes_of, fitted, task_of
from raysearch.data.trees.reading import LabelledTree, read_files
from raysearch.data_spec import UNKNOWN, DataSpec
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FORMAT = 2
"""Raised when the same file would now be prepared in another way."""


def numbered(symbols: Sequence[str]) -> dict[str, int]:
    """Return the number of each symbol of a vocabulary."""
    return {symbol: UNKNOWN + 1 + place for place, symbol in enumerate(symbols)}


def encoded(
    trees: Sequence[tuple[Sequence[str], Sequence[int]]],
    *,
    numbers: Mapping[str, int],
    n_nodes: int,
    allocate: Allocate | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return symbols and parents (N, 2, `n_nodes`), and the numbers of nodes (N,).

    Args:
        trees: Symbols and parents of each.
        numbers: Of the symbols; what is not there is `UNKNOWN`.
        n_nodes: At least those of the largest tree.
        allocate: Makes the array; None for one in memory.
    """
    import numpy as np

    inputs = (allocate or np.zeros)((len(trees), 2, n_nodes), np.int64)
    inputs[:, 1] = -1
    lengths = np.array([len(symbols) for symbols, _ in trees], dtype=np.int64)
    for row, (symbols, parents) in enumerate(trees):
        inputs[row, 0, : lengths[row]] = [numbers.get(symbol, UNKNOWN) for symbol in symbols]
        inputs[row, 1, : lengths[row]] = parents
    return inputs, lengths


def _build(arguments: TreesArguments) -> Prepared:
    """Return the arrays of the splits, and what is known about them."""
    import numpy as np

    files = read_files(arguments)
    task, notes = task_of(files, arguments=arguments)
    classes = classes_of(files, arguments=arguments) if task == "classification" else ()
    place = {label: number for number, label in enumerate(classes)}
    parts = split_files(
        files,
        what="trees",
        path=arguments.path,
        shares={"validation": arguments.validation, "test": arguments.test},
        seed=arguments.split_seed,
        classes=np.array([place[tree.label] for tree in files["path"]]) if classes else None,
    )
    target = fitted(task, classes, parts["train"], path=arguments.path)
    symbols = _vocabulary(parts["train"], arguments=arguments)
    spec = _spec(parts, symbols, target)
    notes += class_notes(parts, target)
    notes += unknown_notes(parts, symbols)
    notes += leak_notes(parts)
    allocate = _room(sum(map(len, parts.values())), spec, path=arguments.path)
    prepared = {}
    for part, trees in parts.items():
        prepared[f"{part}_inputs"], prepared[f"{part}_lengths"] = encoded(
            [(tree.symbols, tree.parents) for tree in trees],
            numbers=numbered(symbols),
            n_nodes=spec.input_shape[1],
            allocate=allocate,
        )
        prepared[f"{part}_targets"] = target.numbers(trees)
    preprocessing = {"symbols": symbols, "target": target.to_json()}
    about = About(spec=spec, notes=tuple(notes), preprocessing=preprocessing)
    return Prepared(arrays=prepared, about=about)


def _room(n: int, spec: DataSpec, *, path: str) -> Allocate:
    largest = spec.input_shape[1]
    return room_for(
        8 * n * (2 * largest + 2),
        what=f"path is {path}, whose {n} trees, filled up to the largest of {largest} nodes,",
        remedy="Take the largest out; max_nodes names those above it",
    )


def _vocabulary(train: Sequence[LabelledTree], *, arguments: TreesArguments) -> list[str]:
    """Return the symbols of the training split, the most frequent first."""
    counts = Counter(symbol for tree in train for symbol in tree.symbols)
    ordered = sorted(counts, key=lambda symbol: (-counts[symbol], symbol))
    often = [symbol for symbol in ordered if counts[symbol] >= arguments.min_count]
    if not often:
        raise ConfigurationError(
            f"min_count is {arguments.min_count}, and no symbol occurs as often in training. Lower "
            "it."
        )
    return often[: arguments.max_symbols - UNKNOWN - 1]


def _spec(parts: Parts, symbols: Sequence[str], target: Target) -> DataSpec:
    counts = Counter(tree.label for tree in parts["train"])
    return DataSpec(
        task=target.task,
        input_shape=(2, max(len(tree.symbols) for trees in parts.values() for tree in trees)),
        n_outputs=target.n_outputs,
        n_train=len(parts["train"]),
        class_counts=tuple(counts[label] for label in target.classes),
        form="tree",
        has_lengths=True,
        vocabulary=UNKNOWN + 1 + len(symbols),
        target_scale=target.std,
    )


PREPARATION = Preparation(
    "trees",
    version=_FORMAT,
    read=TreesArguments.read,
    fingerprints=lambda arguments: [fingerprint_of(arguments.sources.values())],
    build=_build,
    # the ending of a file's name may tell its form
    names=lambda arguments: {
        "endings": [Path(source.path).suffix for source in arguments.sources.values()]
    },
)
"""From arguments to arrays: inputs (N, 2, nodes) int64, lengths (N,) int64, and targets (N,) int64
classes, or (N, 1) float32 standardised."""
