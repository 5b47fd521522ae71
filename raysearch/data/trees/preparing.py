"""How do the arguments of an experiment become trees of numbers, once per node?

In this order: read the files, split the trees, learn vocabulary and target from the training split,
and apply them to all. What comes out is kept in the node's cache under the content of the files, so
that neither the processes that train, nor a second `check`, read them again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from raysearch.data.cache import cached_arrays
from raysearch.data.splits import draw_split, split_sizes
from raysearch.data.trees.advice import class_notes, leak_notes, unknown_notes
from raysearch.data.trees.arguments import TreesArguments
from raysearch.data.trees.labels import Files, Target, classes_of, fitted, task_of
from raysearch.data.trees.reading import LabelledTree, fingerprint, read_trees
from raysearch.data_spec import UNKNOWN, DataSpec
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from raysearch.data.cache import Arrays

_FORMAT = 1
"""Raised when the same file would now be prepared in another way."""

_ABOUT = "about"
"""Name of the entry beside the arrays of the splits: the rest as JSON."""

_FEWEST_TREES = 10
_MOST_FAULTS = 5

Parts = Mapping[str, Sequence[LabelledTree]]
"""Split -> its trees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is known about prepared trees, without their examples."""

    spec: DataSpec
    notes: tuple[str, ...]
    """What a person should know: what was guessed, what is unknown, what leaks."""
    symbols: tuple[str, ...]
    """The vocabulary; the first one has the number `UNKNOWN` + 1."""
    target: Target


def settled(given: Mapping[str, Any]) -> TreesArguments:
    """Return checked arguments that stand for the files as they are now.

    Raises:
        ConfigurationError: An argument is wrong, or a file has changed since the fingerprint was
            taken.
    """
    arguments = TreesArguments.read(given)
    now = fingerprint(arguments)
    if arguments.fingerprint not in (None, now):
        raise ConfigurationError(
            f"fingerprint is {arguments.fingerprint}, but that of {arguments.path} (and of what "
            f"belongs to it) is {now}: a file has changed since. A search goes on with the data it "
            "began with; put them back, or begin a new search without fingerprint."
        )
    return replace(arguments, fingerprint=now)


def about(arguments: TreesArguments) -> About:
    """Return what is known about trees; read once in a process.

    Raises:
        ConfigurationError: With what is wrong; each text begins with the name of an argument.
    """
    return _about(json.dumps(arguments.to_json(), sort_keys=True))


def arrays(arguments: TreesArguments) -> Arrays:
    """Return the prepared trees, from the node's cache or made now.

    Returns:
        "train_inputs", "train_lengths", "train_targets" and so on for "validation" and "test",
        beside the entry that `about` reads.

    Raises:
        ConfigurationError: As `about`.
    """
    # Which files are given matters, but not where they are; a file's name may tell its form.
    plain = {
        key: value if key not in arguments.paths else value.rpartition(".")[2]
        for key, value in arguments.to_json().items()
    }
    build = partial(_build, arguments)
    return cached_arrays("trees", arguments={**plain, "trees_format": _FORMAT}, build=build)


def numbered(symbols: Sequence[str]) -> dict[str, int]:
    """Return the number of each symbol of a vocabulary."""
    return {symbol: UNKNOWN + 1 + place for place, symbol in enumerate(symbols)}


def encoded(
    trees: Sequence[tuple[Sequence[str], Sequence[int]]],
    *,
    numbers: Mapping[str, int],
    n_nodes: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return symbols and parents (N, 2, `n_nodes`), and the numbers of nodes (N,).

    Args:
        trees: Symbols and parents of each.
        numbers: Of the symbols; what is not there is `UNKNOWN`.
        n_nodes: At least those of the largest tree.
    """
    import numpy as np

    inputs = np.zeros((len(trees), 2, n_nodes), dtype=np.int64)
    inputs[:, 1] = -1
    lengths = np.array([len(symbols) for symbols, _ in trees], dtype=np.int64)
    for row, (symbols, parents) in enumerate(trees):
        inputs[row, 0, : lengths[row]] = [numbers.get(symbol, UNKNOWN) for symbol in symbols]
        inputs[row, 1, : lengths[row]] = parents
    return inputs, lengths


@lru_cache(maxsize=16)
def _about(arguments: str) -> About:
    prepared = arrays(TreesArguments.read(json.loads(arguments)))
    stored = json.loads(str(prepared[_ABOUT]))
    return About(
        spec=DataSpec.from_json(stored["spec"]),
        notes=tuple(stored["notes"]),
        symbols=tuple(stored["symbols"]),
        target=Target.from_json(stored["target"]),
    )


def _build(arguments: TreesArguments) -> Arrays:
    """Return the arrays of the splits, and what is known about them."""
    import numpy as np

    files = {name: read_trees(name, arguments=arguments) for name in arguments.paths}
    task, notes = task_of(files, arguments=arguments)
    classes = classes_of(files) if task == "classification" else ()
    parts = _split(files, classes, arguments=arguments)
    _check_training(parts, classes, arguments=arguments)
    target = fitted(task, classes, parts["train"], path=arguments.path)
    symbols = _vocabulary(parts["train"], arguments=arguments)
    spec = _spec(parts, symbols, target)
    notes += class_notes(parts, target)
    notes += unknown_notes(parts, symbols)
    notes += leak_notes(parts)
    prepared = {}
    for part, trees in parts.items():
        prepared[f"{part}_inputs"], prepared[f"{part}_lengths"] = encoded(
            [(tree.symbols, tree.parents) for tree in trees],
            numbers=numbered(symbols),
            n_nodes=spec.input_shape[1],
        )
        prepared[f"{part}_targets"] = target.numbers(trees)
    known = {
        "spec": spec.to_json(),
        "notes": notes,
        "symbols": symbols,
        "target": target.to_json(),
    }
    return {**prepared, _ABOUT: np.array(json.dumps(known))}


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


def _split(files: Files, classes: Sequence[str], *, arguments: TreesArguments) -> Parts:
    """Return the trees of each split: those of files of their own, the others drawn by class."""
    import numpy as np

    trees = files["path"]
    told = {p: files[f"{p}_path"] for p in ("validation", "test") if f"{p}_path" in files}
    shares = {part: getattr(arguments, part) for part in ("validation", "test") if part not in told}
    if len(trees) < _FEWEST_TREES and shares:
        raise ConfigurationError(
            f"path is {arguments.path}, with {len(trees)} trees. At least {_FEWEST_TREES} are "
            f"needed to draw those for {' and '.join(shares)} from them."
        )
    # The smallest legal share stands in for a split that is not drawn, and is given back.
    sizes = split_sizes(len(trees), **{"validation": 0.05, "test": 0.05, **shares})
    given_back = sum(getattr(sizes, part) for part in told)
    sizes = replace(sizes, **dict.fromkeys(told, 0), train=sizes.train + given_back)
    for part, share in shares.items():
        if getattr(sizes, part) == 0:
            raise ConfigurationError(
                f"{part} is {share}, which is not one of {len(trees)} trees. Raise it."
            )
    place = {label: number for number, label in enumerate(classes)}
    by_class = np.array([place[tree.label] for tree in trees]) if classes else None
    try:
        drawn = draw_split(len(trees), classes=by_class, sizes=sizes, seed=arguments.split_seed)
    except ConfigurationError as error:
        raise ConfigurationError([text.removeprefix("data.") for text in error.faults]) from error
    return {**{part: [trees[row] for row in rows] for part, rows in drawn.items()}, **told}


def _check_training(parts: Parts, classes: Sequence[str], *, arguments: TreesArguments) -> None:
    """Refuse a class that only another split has, which nothing could learn."""
    learnt = {tree.label for tree in parts["train"]}
    faults = []
    for label in classes:
        for part, trees in parts.items():
            line = next((tree.line for tree in trees if tree.label == label), None)
            if label not in learnt and line is not None:
                path = arguments.paths.get(f"{part}_path", arguments.path)
                faults.append(
                    f"label {label!r} in line {line} of {path} ({part}) is that of no training "
                    "tree, so it cannot be learnt. Add some, or take the line out."
                )
    if faults:
        raise ConfigurationError(faults[:_MOST_FAULTS])
