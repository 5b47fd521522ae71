"""Which tree does a bracketed expression write down?

Brackets are round or square, whichever an expression begins with; the other kind is then a
character like any other. Symbols stand between blanks and brackets. A node without a symbol of its
own, as "(a b)" is with `head` "none", has the symbol `NO_SYMBOL`; around a single node, such
brackets mean nothing, so "(2 word)" with `head` "label" is one node.

Torch-free, and without recursion: an expression may be as deep as it likes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from raysearch.counting import agreeing
from raysearch.data.trees.arguments import Head

NO_SYMBOL = ""

_TOKENS = {
    "(": (")", re.compile(r"[()]|[^\s()]+")),
    "[": ("]", re.compile(r"[\[\]]|[^\s\[\]]+")),
}
"""Opening bracket -> the closing one, and what a token is."""


@dataclass(frozen=True, slots=True)
class ParsedTree:
    """A tree: nodes in an order in which children come before their parents."""

    symbols: tuple[str, ...]
    parents: tuple[int, ...]
    """Of each node: the place of its parent, -1 for the root, which is the last one."""
    label: str | None = None
    """With `head` "label": what stands first within the outermost brackets."""


@dataclass(slots=True)
class _Open:
    """A pair of brackets that has not been closed yet."""

    head: str | None = None
    children: list[int] = field(default_factory=list)


def parse(text: str, *, head: Head) -> ParsedTree:
    """Return the tree of an expression.

    Args:
        text: The expression. A single symbol without brackets is a tree of one node.
        head: What stands first within brackets; see `TreesArguments`.

    Raises:
        ValueError: It is no expression; the text says what is wrong, as the end of a sentence.

    Example:
        >>> parse("(+ 1 (* 2 3))", head="symbol")
        ParsedTree(symbols=('1', '2', '3', '*', '+'), parents=(4, 3, 3, 4, -1), label=None)
        >>> parse("(3 (2 not) (4 bad))", head="label")
        ParsedTree(symbols=('not', 'bad', ''), parents=(2, 2, -1), label='3')
    """
    text = text.strip()
    if not text:
        raise ValueError("is empty")
    closing, pattern = _TOKENS.get(text[0], _TOKENS["("])
    tokens = pattern.findall(text)
    if text[0] not in _TOKENS:
        return _single(tokens, text=text)
    symbols: list[str] = []
    parents: list[int] = []
    label: str | None = None
    opened: list[_Open] = []
    for place, token in enumerate(tokens):
        if token == text[0]:
            opened.append(_Open())
        elif token != closing:
            _take(token, opened[-1], symbols, parents, head=head)
        else:
            label = opened[-1].head
            _close(opened, symbols, parents, head=head)
            if not opened and place < len(tokens) - 1:
                raise ValueError(f"goes on behind its end, with {tokens[place + 1]!r}")
    if opened:
        are = agreeing(len(opened), "bracket that is", "brackets that are")
        raise ValueError(f"has {are} not closed")
    return ParsedTree(tuple(symbols), tuple(parents), label if head == "label" else None)


def _single(tokens: list[str], *, text: str) -> ParsedTree:
    if len(tokens) > 1:
        raise ValueError(f"does not begin with a bracket, but with {text[:20]!r}")
    return ParsedTree((tokens[0],), (-1,))


def _take(token: str, within: _Open, symbols: list[str], parents: list[int], *, head: Head) -> None:
    """Take a symbol in: as the head of its brackets, or as a child."""
    if head != "none" and within.head is None and not within.children:
        within.head = token
        return
    within.children.append(_node(token, symbols, parents))


def _close(opened: list[_Open], symbols: list[str], parents: list[int], *, head: Head) -> None:
    """Make a node of the innermost brackets, and a child of it of those around them."""
    done = opened.pop()
    if done.head is None and head == "label":
        raise ValueError("has brackets that do not begin with a label")
    symbol = done.head if head == "symbol" else None
    if symbol is None and not done.children:
        raise ValueError("has brackets with nothing in them")
    if symbol is None and len(done.children) == 1:
        node = done.children[0]
    else:
        node = _node(NO_SYMBOL if symbol is None else symbol, symbols, parents)
        for child in done.children:
            parents[child] = node
    if opened:
        opened[-1].children.append(node)


def _node(symbol: str, symbols: list[str], parents: list[int]) -> int:
    """Add a node without parent, and return its place."""
    symbols.append(symbol)
    parents.append(-1)
    return len(symbols) - 1
