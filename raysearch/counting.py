"""How is a number of things said?"""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless it is one.

    Example:
        >>> counted(1, "trial"), counted(0, "epoch")
        ('1 trial', '0 epochs')
    """
    return agreeing(number, noun, f"{noun}s")


def agreeing(number: int, one: str, many: str) -> str:
    """Return a number with the words that agree with it.

    Args:
        number: Of things.
        one: What goes on behind 1, such as "file is left out".
        many: What goes on behind any other number.

    Example:
        >>> [agreeing(n, "entry is left out", "entries are left out") for n in (1, 2)]
        ['1 entry is left out', '2 entries are left out']
    """
    return f"{number} {one if number == 1 else many}"
