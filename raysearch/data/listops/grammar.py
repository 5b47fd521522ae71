"""Which expressions are there in ListOps, and what is the value of each?

An expression is a digit, or an operator with two to five expressions, as in "[MAX 2 9 [MIN 4 7 ] 0
]". MAX and MIN are the largest and the smallest value, MED the median, rounded down, and SM the sum
modulo 10: so every value is a digit.

Each expression below the outermost one is an operator with probability 0.25, unless the depth limit
is reached, else a digit; operators, digits and numbers of arguments are equally likely. Repeated
expressions are left out. So it is in the published generator, with three differences: its depth
limit is 20, its outermost expression may be a digit, and none is refused for its length.

Torch-free.

References:
    Nangia and Bowman, "ListOps: A Diagnostic Dataset for Latent Tree Learning", NAACL 2018, Student
    Research Workshop; `make_data.py` at github.com/nyu-mll/spinn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from raysearch.data_spec import UNKNOWN
from raysearch.errors import ConfigurationError
from raysearch.randomness import generator

if TYPE_CHECKING:
    import numpy as np

OPERATORS = ("[MAX", "[MIN", "[MED", "[SM")
SYMBOLS = (*"0123456789", *OPERATORS, "]")
"""The symbol numbered s is that at place s - `UNKNOWN` - 1; trees do without the last one."""

FEWEST_ARGUMENTS, MOST_ARGUMENTS = 2, 5
NESTED = 0.25
"""Probability that an argument is an operator."""

_DIGIT = UNKNOWN + 1
_OPERATOR = _DIGIT + 10
_END = _OPERATOR + len(OPERATORS)

_DRAWN_AT_ONCE = 1 << 16
_REFUSED_IN_A_ROW = 100_000


@dataclass(slots=True)
class Expression:
    """An expression, as a tree and as tokens."""

    tokens: list[int] = field(default_factory=list)
    """As it is written."""
    symbols: list[int] = field(default_factory=list)
    """Of the nodes, arguments before their operator."""
    parents: list[int] = field(default_factory=list)
    """Of the nodes: the place of their operator, -1 for the outermost."""
    value: int = 0
    """0 to 9."""

    @property
    def text(self) -> str:
        """As the paper writes it."""
        return " ".join(SYMBOLS[token - _DIGIT] for token in self.tokens)


def expressions(n_examples: int, *, max_depth: int, max_length: int, seed: int) -> list[Expression]:
    """Return expressions that are all different, in the order in which they were drawn.

    Args:
        n_examples: How many.
        max_depth: The most operators around a digit, at least 1.
        max_length: The most tokens, brackets included, at least 4.
        seed: At least 0; the same seed gives the same expressions, and more of them begin with
            the same ones.

    Raises:
        ConfigurationError: There are too few expressions within these limits.

    Example:
        >>> found = expressions(100, max_depth=2, max_length=20, seed=0)
        >>> max(len(expression.tokens) for expression in found) <= 20
        True
    """
    draws = _Draws(generator(seed, role="listops", number=0))
    seen: dict[tuple[int, ...], Expression] = {}
    n_refused = 0
    while len(seen) < n_examples and n_refused < _REFUSED_IN_A_ROW:
        drawn = _drawn(draws, max_depth=max_depth, max_length=max_length)
        key = None if drawn is None else tuple(drawn.tokens)
        if drawn is None or key is None or key in seen:
            n_refused += 1
        else:
            seen[key], n_refused = drawn, 0
    if len(seen) < n_examples:
        raise ConfigurationError(
            f"data.n_examples is {n_examples}, but after {len(seen)} different expressions with "
            f"max_depth {max_depth} and max_length {max_length} there came no further one in "
            f"{_REFUSED_IN_A_ROW} draws. Raise the limits, or ask for fewer."
        )
    return list(seen.values())


def value_of(operator: int, values: Sequence[int]) -> int:
    """Return what the operator at this place of `OPERATORS` makes of digits.

    Example:
        >>> [value_of(operator, [2, 9, 4, 7]) for operator in range(4)]
        [9, 2, 5, 2]
    """
    if operator == 0:
        return max(values)
    if operator == 1:
        return min(values)
    if operator == 2:
        ordered, half = sorted(values), len(values) // 2
        return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) // 2
    return sum(values) % 10


class _Draws:
    """Random numbers, drawn many at once: one by one they would take most of the time."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._uniform: Iterator[float] = iter(())

    def uniform(self) -> float:
        """Return a number in [0, 1)."""
        for number in self._uniform:
            return number
        self._uniform = iter(self._rng.random(_DRAWN_AT_ONCE).tolist())
        return next(self._uniform)

    def below(self, n: int) -> int:
        """Return one of the first n integers, from 0."""
        return int(self.uniform() * n)


def _drawn(draws: _Draws, *, max_depth: int, max_length: int) -> Expression | None:
    """Return an expression, or None if it would be too long."""
    expression = Expression()

    def draw(depth: int) -> tuple[int, int]:
        """Add an expression inside so many operators, and return its value and its node."""
        is_nested = depth == 0 or (depth < max_depth and draws.uniform() < NESTED)
        if len(expression.tokens) > max_length:  # a long one need not be drawn to its end
            is_nested = False
        if not is_nested:
            digit = draws.below(10)
            expression.tokens.append(_DIGIT + digit)
            return digit, _node(expression, _DIGIT + digit)
        operator = draws.below(len(OPERATORS))
        expression.tokens.append(_OPERATOR + operator)
        n_arguments = FEWEST_ARGUMENTS + draws.below(MOST_ARGUMENTS - FEWEST_ARGUMENTS + 1)
        arguments = [draw(depth + 1) for _ in range(n_arguments)]
        expression.tokens.append(_END)
        place = _node(expression, _OPERATOR + operator)
        for _, node in arguments:
            expression.parents[node] = place
        return value_of(operator, [value for value, _ in arguments]), place

    expression.value, _ = draw(0)
    return expression if len(expression.tokens) <= max_length else None


def _node(expression: Expression, symbol: int) -> int:
    """Add a node without parent, and return its place."""
    expression.symbols.append(symbol)
    expression.parents.append(-1)
    return len(expression.symbols) - 1
