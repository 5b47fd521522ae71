"""How is SCAN split and cut into batches?

References:
    Lake and Baroni, "Generalization without Systematicity: On the Compositional Skills of
    Sequence-to-Sequence Recurrent Networks", ICML 2018; files at github.com/brendenlake/SCAN.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING

from raysearch.checks import integer_fault, raise_faults
from raysearch.data.cache import cached_arrays
from raysearch.data.scan.grammar import ACTIONS, WORDS, actions, commands
from raysearch.data.scan.space import (
    LONGEST_ANSWER,
    LONGEST_COMMAND,
    N_REPEATS,
    PUBLISHED,
    data_spec,
    scan_sizes,
)
from raysearch.data.splits import LARGEST_SEED
from raysearch.data.tensors import InMemoryData, Splits, splits_of
from raysearch.data_spec import END, UNKNOWN
from raysearch.randomness import generator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from raysearch.data.archive import Arrays

_FORMAT = 1
"""Raised when the same arguments would now give other arrays."""

_MOST_ACTIONS = 22
"""Of the length split: in the training part."""


class Data(InMemoryData):
    """All commands of SCAN and what they mean, in three of the splits of the paper.

    - "simple": a fifth of the commands, drawn at random, is the test. The sizes are those of the
      published files; the members follow from `seed`.
    - "length": commands of up to 22 actions are for training, those of 24 to 48 are the test, as
      published.
    - "add_jump": of the commands with "jump", "jump" alone is for training, and all others are the
      test. As in the published files, "jump" is repeated until it is a tenth of the training part,
      1,467 times. It never is for validation.

    The published splits have no validation part; it is drawn from the training part, so what is
    measured on it is of the same kind as the training commands, not as those of the test.

    Args:
        batch_size: Examples in a training batch, at least 1.
        seed: Governs which examples are for validation; of "simple", also which are the test.
        split: "simple", "length" or "add_jump".
        validation: Share of the training part for validation, from 0.05 to 0.45; of "add_jump", of
            the commands without "jump".

    Shapes:
        inputs: (B, 9) int64, words: `UNKNOWN` + 1 + the place in `grammar.WORDS`
        lengths: (B,) int64, words of each command
        targets: (B, 49) int64, `UNKNOWN` + 1 + the place in `grammar.ACTIONS`, and `END`
        B batch

    Raises:
        ConfigurationError: An argument is out of range.
    """

    def __init__(
        self, *, batch_size: int, seed: int = 0, split: str = "simple", validation: float = 0.1
    ) -> None:
        super().__init__()
        raise_faults(
            integer_fault("data.batch_size", batch_size, at_least=1),
            integer_fault("data.seed", seed, at_least=0, at_most=LARGEST_SEED),
        )
        self.spec = data_spec(split=split, validation=validation)
        self.batch_size = batch_size
        self._split = {"split": split, "seed": seed, "validation": validation}

    def _splits(self) -> Splits:
        return _load(**self._split)


@lru_cache(maxsize=4)
def _load(*, split: str, seed: int, validation: float) -> Splits:
    """Return the splits; a process that trains trial after trial reads them once."""
    arguments = {"split": split, "seed": seed, "validation": validation}
    build = partial(_build, split=split, seed=seed, validation=validation)
    key = {**arguments, "scan_format": _FORMAT}
    return splits_of(cached_arrays("scan", arguments=key, build=build), is_bucketed=True)


def _build(*, split: str, seed: int, validation: float) -> Arrays:
    """Return inputs, lengths and targets of each split."""
    import numpy as np

    pairs = [(command.split(), actions(command)) for command in commands()]
    inputs, lengths = _symbols([c for c, _ in pairs], words=WORDS, width=LONGEST_COMMAND)
    targets, n_actions = _symbols([a for _, a in pairs], words=ACTIONS, width=LONGEST_ANSWER + 1)
    targets[np.arange(len(targets)), n_actions] = END
    has_jump = np.array(["jump" in command for command, _ in pairs])
    n_validation = scan_sizes(split=split, validation=validation).validation
    parts = _parts(split, has_jump=has_jump, n_actions=n_actions, seed=seed, size=n_validation)
    arrays = {}
    for part, rows in parts.items():
        arrays[f"{part}_inputs"] = inputs[rows]
        arrays[f"{part}_lengths"] = lengths[rows]
        arrays[f"{part}_targets"] = targets[rows]
    return arrays


def _parts(
    split: str, *, has_jump: NDArray[np.bool_], n_actions: NDArray[np.int64], seed: int, size: int
) -> dict[str, NDArray[np.intp]]:
    """Return the examples of each split, ascending; `size` of them for validation."""
    import numpy as np

    everything, repeats = np.arange(len(has_jump)), np.arange(0)
    if split == "simple":
        drawn = generator(seed, role="scan test", number=0).permutation(everything)
        test = drawn[: PUBLISHED[split][1]]
    elif split == "length":
        test = np.flatnonzero(n_actions > _MOST_ACTIONS)
    else:
        # the shortest of all commands with "jump": that alone
        alone = np.flatnonzero(has_jump)[0]
        test, repeats = np.flatnonzero(has_jump), np.full(N_REPEATS, alone)
        test = test[test != alone]
    rest = np.setdiff1d(everything, np.concatenate([test, repeats]))
    validation = generator(seed, role="scan validation", number=0).permutation(rest)[:size]
    train = np.concatenate([np.setdiff1d(rest, validation), repeats])
    return {"train": np.sort(train), "validation": np.sort(validation), "test": np.sort(test)}


def _symbols(
    texts: list[list[str]], *, words: tuple[str, ...], width: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the words of each text as numbers (N, `width`), 0 behind the end, and the lengths."""
    import numpy as np

    number_of = {word: UNKNOWN + 1 + place for place, word in enumerate(words)}
    symbols = np.zeros((len(texts), width), dtype=np.int64)
    for row, text in enumerate(texts):
        symbols[row, : len(text)] = [number_of[word] for word in text]
    return symbols, np.array([len(text) for text in texts], dtype=np.int64)
