"""Which number stands for a symbol, and which symbols does a text have?

Torch-free. A vocabulary begins with `PADDING`, `BEGIN`, `END` and `UNKNOWN`; then come the symbols
of the training split, the most frequent first, and of equally frequent ones in sorted order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from raysearch.data.pairs.arguments import Level
from raysearch.data_spec import END, PADDING, UNKNOWN

_SHOWN_UNKNOWN = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Symbols with their numbers.

    Example:
        >>> vocabulary = Vocabulary.of([["a", "b"], ["b"]], max_symbols=6, min_count=1)
        >>> len(vocabulary), vocabulary.numbers(["b", "a", "c"])
        (6, [4, 5, 3])
    """

    symbols: tuple[str, ...]
    """Those behind the ones that every vocabulary begins with; the first has the number 4."""
    _places: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        places = {symbol: UNKNOWN + 1 + place for place, symbol in enumerate(self.symbols)}
        object.__setattr__(self, "_places", places)

    @classmethod
    def of(cls, texts: Iterable[Sequence[str]], *, max_symbols: int, min_count: int) -> Vocabulary:
        """Return the vocabulary of texts that are cut into symbols.

        Args:
            texts: Of the training split.
            max_symbols: The most symbols, those counted that every vocabulary begins with.
            min_count: Times that a symbol must occur.
        """
        counts = Counter(symbol for text in texts for symbol in text)
        ordered = sorted(counts, key=lambda symbol: (-counts[symbol], symbol))
        often = [symbol for symbol in ordered if counts[symbol] >= min_count]
        return cls(tuple(often[: max(0, max_symbols - UNKNOWN - 1)]))

    def __len__(self) -> int:
        """Return how many numbers there are."""
        return UNKNOWN + 1 + len(self.symbols)

    def numbers(self, text: Sequence[str]) -> list[int]:
        """Return the numbers of symbols, `UNKNOWN` for those that the vocabulary has not."""
        return [self._places.get(symbol, UNKNOWN) for symbol in text]

    def written(self, numbers: Sequence[int], *, level: Level) -> str:
        """Return the text of numbers up to their end; what is unknown as U+FFFD.

        Example:
            >>> Vocabulary(("x", "y")).written([5, 4, 3, 2, 0, 0], level="character")
            'yx\ufffd'
        """
        shown = []
        for number in numbers:
            if number in (END, PADDING):
                break
            is_known = UNKNOWN < number < len(self)
            shown.append(self.symbols[number - UNKNOWN - 1] if is_known else _SHOWN_UNKNOWN)
        return joined(shown, level=level)


def symbols_of(text: str, *, level: Level) -> list[str]:
    """Return the symbols of a text; blanks around it are none.

    What UTF-8 cannot encode, as JSON may have it, counts as "?" where a symbol is a byte.

    Example:
        >>> symbols_of(" so  good", level="word"), symbols_of("a b", level="character")
        (['so', 'good'], ['a', ' ', 'b'])
        >>> symbols_of("\u00e9", level="byte")
        ['c3', 'a9']
    """
    if level == "word":
        return text.split()
    text = text.strip()
    if level == "character":
        return list(text)
    return [f"{byte:02x}" for byte in text.encode(errors="replace")]


def joined(symbols: Sequence[str], *, level: Level) -> str:
    """Return the text whose symbols these are.

    Example:
        >>> joined(["c3", "a9"], level="byte") == "\u00e9", joined(["so", "good"], level="word")
        (True, 'so good')
    """
    if level != "byte":
        return (" " if level == "word" else "").join(symbols)
    unknown = _SHOWN_UNKNOWN.encode()
    parts = (unknown if s == _SHOWN_UNKNOWN else bytes.fromhex(s) for s in symbols)
    return b"".join(parts).decode(errors="replace")
