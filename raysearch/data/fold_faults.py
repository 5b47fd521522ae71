"""Of which built-in data can no folds be made, and why?

Folds part examples that are alike but for chance, or come one after the other (`forward_folds`).
Where those for training are of another kind than those for validation, a fold would answer another
question than the split does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ELSE = (
    "Leave repeats out; `select: {top: 5, seeds: 3}` tells the leaders apart by further seeds on "
    "the split as it is."
)


def fold_fault(data: str, arguments: Mapping[str, Any]) -> str:
    """Return why a built-in data set cannot be parted into folds; empty if it can.

    Args:
        data: Its name.
        arguments: Those that the experiment fixes, and the defaults of others.

    Example:
        >>> fold_fault("digits", {"test": 0.2})
        ''
        >>> fold_fault("scan", {"split": "add_jump"}).partition(",")[0]
        'data.split is add_jump'
    """
    why = _why(data, arguments)
    return f"{why} {_ELSE}" if why else ""


def _why(data: str, arguments: Mapping[str, Any]) -> str:
    if data == "cbf" and arguments.get("validation_from") == "formula":
        return (
            "data.validation_from is formula: its validation series are drawn beside the 30 for "
            "training, and no model may train on them. Write `validation_from: training` for folds "
            "of the 30."
        )
    if data == "scenes":
        return (
            "data.name is scenes: its scenes for validation are composed of scans that none for "
            "training has, and folds would mix them."
        )
    if data == "scan" and arguments.get("split") == "add_jump":
        return (
            "data.split is add_jump, whose training part repeats one command, which would be in "
            "all folds at once."
        )
    return ""
