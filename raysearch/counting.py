"""How is a number of things said?"""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless it is one.

    Example:
        >>> counted(1, "trial"), counted(0, "epoch")
        ('1 trial', '0 epochs')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
