"""How do the arguments of an experiment become examples, once per node?

In this order: read the files, split the pairs, learn the vocabularies from the training split, and
apply them to all. What comes out is kept in the node's cache under the content of the files, so
that neither the processes that train, nor a second `check`, read them again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from raysearch.data.cache import cached_arrays
from raysearch.data.pairs.advice import leak_notes, left_out_notes, unknown_notes
from raysearch.data.pairs.arguments import PairsArguments
from raysearch.data.pairs.reading import Pair, fingerprint, read_pairs
from raysearch.data.pairs.vocabulary import Vocabulary
from raysearch.data.splits import draw_split, split_sizes
from raysearch.data_spec import END, DataSpec
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from raysearch.data.cache import Arrays

_FORMAT = 1
"""Raised when the same file would now be prepared in another way."""

_ABOUT = "about"
"""Name of the entry beside the arrays of the splits: the rest as JSON."""

_FEWEST_PAIRS = 10

Parts = Mapping[str, Sequence[Pair]]
"""Split -> its pairs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is known about prepared pairs, without their examples."""

    spec: DataSpec
    notes: tuple[str, ...]
    """What a person should know: what is left out, what leaks."""
    source: Vocabulary
    target: Vocabulary


def settled(given: Mapping[str, Any]) -> PairsArguments:
    """Return checked arguments that stand for the files as they are now.

    Raises:
        ConfigurationError: An argument is wrong, or a file has changed since the fingerprint was
            taken.
    """
    arguments = PairsArguments.read(given)
    now = fingerprint(arguments)
    if arguments.fingerprint not in (None, now):
        raise ConfigurationError(
            f"fingerprint is {arguments.fingerprint}, but that of {arguments.path} (and of what "
            f"belongs to it) is {now}: a file has changed since. A search goes on with the data it "
            "began with; put them back, or begin a new search without fingerprint."
        )
    return replace(arguments, fingerprint=now)


def about(arguments: PairsArguments) -> About:
    """Return what is known about pairs; read once in a process.

    Raises:
        ConfigurationError: With what is wrong; each text begins with the name of an argument.
    """
    return _about(json.dumps(arguments.to_json(), sort_keys=True))


def arrays(arguments: PairsArguments) -> Arrays:
    """Return the prepared pairs, from the node's cache or made now.

    Returns:
        "train_inputs", "train_lengths", "train_targets" and so on for "validation" and "test",
        beside the entry that `about` reads.

    Raises:
        ConfigurationError: As `about`.
    """
    # Which files are given matters, but not where they are.
    plain = {
        key: value if key not in arguments.paths else True
        for key, value in arguments.to_json().items()
    }
    build = partial(_build, arguments)
    return cached_arrays("pairs", arguments={**plain, "pairs_format": _FORMAT}, build=build)


@lru_cache(maxsize=16)
def _about(arguments: str) -> About:
    prepared = arrays(PairsArguments.read(json.loads(arguments)))
    stored = json.loads(str(prepared[_ABOUT]))
    return About(
        spec=DataSpec.from_json(stored["spec"]),
        notes=tuple(stored["notes"]),
        source=Vocabulary(tuple(stored["source"])),
        target=Vocabulary(tuple(stored["target"])),
    )


def _build(arguments: PairsArguments) -> Arrays:
    """Return the arrays of the splits, and what is known about them."""
    import numpy as np

    files = {name: read_pairs(name, arguments=arguments) for name in arguments.paths}
    parts = _split({name: file.pairs for name, file in files.items()}, arguments=arguments)
    limits = {"max_symbols": arguments.max_symbols, "min_count": arguments.min_count}
    source = Vocabulary.of((pair.source for pair in parts["train"]), **limits)
    target = Vocabulary.of((pair.target for pair in parts["train"]), **limits)
    if not source.symbols or not target.symbols:
        which = "source" if not source.symbols else "target"
        raise ConfigurationError(
            f"min_count is {arguments.min_count}, and no symbol of a {which} occurs as often in "
            "training. Lower it."
        )
    everything = [pair for pairs in parts.values() for pair in pairs]
    spec = DataSpec(
        task="seq2seq",
        input_shape=(max(len(pair.source) for pair in everything),),
        n_outputs=len(target),
        n_train=len(parts["train"]),
        form="tokens",
        has_lengths=True,
        vocabulary=len(source),
        target_length=max(len(pair.target) for pair in everything) + 1,
    )
    notes = [
        *left_out_notes(files),
        *unknown_notes(parts, source=source, target=target),
        *leak_notes(parts),
    ]
    known = {
        "spec": spec.to_json(),
        "notes": notes,
        "source": source.symbols,
        "target": target.symbols,
    }
    prepared = {
        f"{part}_{role}": values
        for part, pairs in parts.items()
        for role, values in _examples(pairs, source=source, target=target, spec=spec).items()
    }
    return {**prepared, _ABOUT: np.array(json.dumps(known))}


def _examples(
    pairs: Sequence[Pair], *, source: Vocabulary, target: Vocabulary, spec: DataSpec
) -> dict[str, NDArray[np.int64]]:
    """Return inputs (N, T), lengths (N,) and targets (N, L) of pairs."""
    import numpy as np

    inputs = np.zeros((len(pairs), spec.input_shape[0]), dtype=np.int64)
    targets = np.zeros((len(pairs), spec.target_length), dtype=np.int64)
    for row, pair in enumerate(pairs):
        inputs[row, : len(pair.source)] = source.numbers(pair.source)
        targets[row, : len(pair.target) + 1] = [*target.numbers(pair.target), END]
    lengths = np.array([len(pair.source) for pair in pairs], dtype=np.int64)
    return {"inputs": inputs, "lengths": lengths, "targets": targets}


def _split(files: Mapping[str, Sequence[Pair]], *, arguments: PairsArguments) -> Parts:
    """Return the pairs of each split: those of files of their own, the others drawn."""
    pairs = files["path"]
    told = {
        part: files[f"{part}_path"] for part in ("validation", "test") if f"{part}_path" in files
    }
    shares = {part: getattr(arguments, part) for part in ("validation", "test") if part not in told}
    if not shares:
        return {"train": pairs, **told}
    if len(pairs) < _FEWEST_PAIRS:
        raise ConfigurationError(
            f"path is {arguments.path}, with {len(pairs)} pairs. At least {_FEWEST_PAIRS} are "
            f"needed to draw those for {' and '.join(shares)} from them."
        )
    # The smallest legal share stands in for a split that is not drawn, and is given back.
    sizes = split_sizes(len(pairs), **{"validation": 0.05, "test": 0.05, **shares})
    sizes = replace(
        sizes,
        **dict.fromkeys(told, 0),
        train=sizes.train + sum(getattr(sizes, part) for part in told),
    )
    for part, share in shares.items():
        if getattr(sizes, part) == 0:
            raise ConfigurationError(
                f"{part} is {share}, which is not one of {len(pairs)} pairs. Raise it."
            )
    drawn = draw_split(len(pairs), classes=None, sizes=sizes, seed=arguments.split_seed)
    return {**{part: [pairs[row] for row in rows] for part, rows in drawn.items()}, **told}
