"""How do the arguments of an experiment become examples?

In this order: read the files, split the pairs, learn the vocabularies from the training split, and
apply them to all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from raysearch.data.file_splits import split_files
from raysearch.data.files import fingerprint_of
from raysearch.data.pairs.advice import leak_notes, left_out_notes, same_notes, unknown_notes
from raysearch.data.pairs.arguments import PairsArguments
from raysearch.data.pairs.reading import Pair, read_pairs
from raysearch.data.pairs.vocabulary import Vocabulary
from raysearch.data.preparation import About, Preparation, Prepared
from raysearch.data.room import Allocate, room_for
from raysearch.data_spec import END, DataSpec
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FORMAT = 2
"""Raised when the same file would now be prepared in another way."""


def _build(arguments: PairsArguments) -> Prepared:
    """Return the arrays of the splits, and what is known about them."""
    sources = arguments.sources
    files = {name: read_pairs(file, arguments=arguments) for name, file in sources.items()}
    parts = split_files(
        {name: file.pairs for name, file in files.items()},
        what="pairs",
        path=arguments.path,
        shares={"validation": arguments.validation, "test": arguments.test},
        seed=arguments.split_seed,
    )
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
    allocate = _room(len(everything), spec, path=arguments.path)
    notes = [
        *left_out_notes(files),
        *same_notes(parts["train"]),
        *unknown_notes(parts, source=source, target=target),
        *leak_notes(parts),
    ]
    preprocessing = {
        "level": arguments.level,
        "source": list(source.symbols),
        "target": list(target.symbols),
    }
    prepared = {
        f"{part}_{role}": values
        for part, pairs in parts.items()
        for role, values in _examples(
            pairs, source=source, target=target, spec=spec, allocate=allocate
        ).items()
    }
    about = About(spec=spec, notes=tuple(notes), preprocessing=preprocessing)
    return Prepared(arrays=prepared, about=about)


def _room(n: int, spec: DataSpec, *, path: str) -> Allocate:
    longest, answer = spec.input_shape[0], spec.target_length
    return room_for(
        8 * n * (longest + 1 + answer),
        what=f"path is {path}, whose {n} pairs, filled up to {longest} and {answer} symbols,",
        remedy="Leave the longest out with max_length and `too_long: drop`",
    )


def _examples(
    pairs: Sequence[Pair],
    *,
    source: Vocabulary,
    target: Vocabulary,
    spec: DataSpec,
    allocate: Allocate,
) -> dict[str, NDArray[np.int64]]:
    """Return inputs (N, T), lengths (N,) and targets (N, L) of pairs."""
    import numpy as np

    inputs = allocate((len(pairs), spec.input_shape[0]), np.int64)
    targets = allocate((len(pairs), spec.target_length), np.int64)
    for row, pair in enumerate(pairs):
        inputs[row, : len(pair.source)] = source.numbers(pair.source)
        targets[row, : len(pair.target) + 1] = [*target.numbers(pair.target), END]
    lengths = np.array([len(pair.source) for pair in pairs], dtype=np.int64)
    return {"inputs": inputs, "lengths": lengths, "targets": targets}


PREPARATION = Preparation(
    "pairs",
    version=_FORMAT,
    read=PairsArguments.read,
    fingerprints=lambda arguments: [fingerprint_of(arguments.sources.values())],
    build=_build,
)
"""From arguments to arrays: inputs (N, T), lengths (N,) and targets (N, L), all int64."""
