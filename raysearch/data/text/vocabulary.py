"""Which symbols is a text made of, and which number does each have?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from raysearch.data.text.arguments import Level, Side
from raysearch.data_spec import UNKNOWN

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FIRST = UNKNOWN + 1
"""Number of a text's first symbol of its own; every vocabulary begins with those before."""

_N_BYTES = 256

_WORD = re.compile(r"\w+(?:['\u2019]\w+)*|[^\w\s]")
"""Words with their apostrophes, and punctuation marks one by one."""


def symbols_of(text: str, *, level: Level, lower: bool) -> Sequence[str] | Sequence[int]:
    """Return the symbols of a text: words and punctuation marks, characters, or bytes.

    Blanks around a text are no part of it, and between words they are none either.

    Example:
        >>> symbols_of("Don't panic!", level="word", lower=True)
        ["don't", 'panic', '!']
        >>> symbols_of(" Hi ", level="character", lower=False)
        ['H', 'i']
        >>> list(symbols_of("é", level="byte", lower=False))
        [195, 169]
    """
    text = text.strip()
    text = text.lower() if lower else text
    if level == "byte":
        return text.encode("utf-8", errors="replace")
    return _WORD.findall(text) if level == "word" else list(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The symbols that are told apart.

    Example:
        >>> vocabulary = fit_vocabulary(
        ...     ["so good", "so bad"], level="word", lower=True, max_vocabulary=9, min_count=1
        ... )
        >>> vocabulary.symbols, vocabulary.size
        (('so', 'bad', 'good'), 7)
        >>> vocabulary.numbers("so so new").tolist()
        [4, 4, 3]
    """

    level: Level
    lower: bool
    symbols: tuple[str, ...]
    """Words or characters, the most frequent first; empty for bytes, each of which has a number."""
    _places: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        places = {symbol: place for place, symbol in enumerate(self.symbols, start=_FIRST)}
        object.__setattr__(self, "_places", places)

    @property
    def size(self) -> int:
        """How many symbols there are, with those that every vocabulary begins with."""
        return _FIRST + (_N_BYTES if self.level == "byte" else len(self.symbols))

    def numbers(self, text: str) -> NDArray[np.int64]:
        """Return the numbers of a text's symbols, (T,), which may be none."""
        import numpy as np

        found = symbols_of(text, level=self.level, lower=self.lower)
        if isinstance(found, bytes):
            return np.frombuffer(found, dtype=np.uint8).astype(np.int64) + _FIRST
        return np.array([self._places.get(str(one), UNKNOWN) for one in found], dtype=np.int64)

    def padded(
        self, texts: Iterable[str], *, max_length: int, keep: Side
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the numbers of texts, with 0 behind the end, and their lengths.

        Args:
            texts: Each with one symbol at least.
            max_length: Symbols that are kept of each.
            keep: Which part of a longer text: its start or its end.

        Shapes:
            returns: (N, max_length) and (N,) int64
        """
        import numpy as np

        rows = [self.numbers(text) for text in texts]
        rows = [row[:max_length] if keep == "start" else row[-max_length:] for row in rows]
        numbers = np.zeros((len(rows), max_length), dtype=np.int64)
        for place, row in enumerate(rows):
            numbers[place, : len(row)] = row
        return numbers, np.array([len(row) for row in rows], dtype=np.int64)

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `from_json` reads back unchanged."""
        return {"level": self.level, "lower": self.lower, "symbols": list(self.symbols)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Vocabulary:
        """Return the vocabulary that `to_json` wrote."""
        return cls(**{**values, "symbols": tuple(values["symbols"])})


def fit_vocabulary(
    texts: Iterable[str], *, level: Level, lower: bool, max_vocabulary: int, min_count: int
) -> Vocabulary:
    """Return the symbols of the training texts, by falling frequency, then by name.

    Args:
        texts: The training texts.
        level: What a symbol is; for bytes nothing is learnt.
        lower: Whether capital letters are made small first.
        max_vocabulary: Symbols that are kept at most.
        min_count: Occurrences below which a symbol is not kept.
    """
    if level == "byte":
        return Vocabulary(level=level, lower=lower, symbols=())
    counts: Counter[Any] = Counter()
    for text in texts:
        counts.update(symbols_of(text, level=level, lower=lower))
    frequent = [symbol for symbol, count in counts.items() if count >= min_count]
    kept = sorted(frequent, key=lambda symbol: (-counts[symbol], symbol))[:max_vocabulary]
    return Vocabulary(level=level, lower=lower, symbols=tuple(kept))
